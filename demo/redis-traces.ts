/** Removes what one demo's gateway leaves in a Redis, and nothing of anybody else's. */
import { Redis } from 'ioredis'
import { keyPrefix } from '../queues/redis-backend.ts'

export async function removeQueues(url: string, gatewayId: string): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: 1 })
  // What fails is told by the command that needed it.
  client.on('error', () => undefined)
  try {
    for await (const keys of client.scanStream({ match: `${keyPrefix(gatewayId)}:*` }))
      if ((keys as string[]).length > 0) await client.del(keys as string[])
  } finally {
    client.disconnect()
  }
}
