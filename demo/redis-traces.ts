/** Removes what one demo's queues leave in a Redis, and nothing of anybody else's. */
import { Redis } from 'ioredis'
import { lanes, queueName } from '../queues/names.ts'
import { keyPrefix } from '../queues/redis-backend.ts'

export async function removeQueues(url: string, target: string): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: 1 })
  // What fails is told by the command that needed it.
  client.on('error', () => undefined)
  try {
    for (const lane of lanes) {
      for await (const keys of client.scanStream({ match: `${keyPrefix}:${queueName(target, lane)}:*` }))
        if ((keys as string[]).length > 0) await client.del(keys as string[])
    }
  } finally {
    client.disconnect()
  }
}
