/** Hears every byte that is sent to Redis, so that nothing is missed for having been short-lived. */
import { Redis } from 'ioredis'
import type { TestRedis } from '../support/servers.ts'

export interface Ear extends AsyncDisposable {
  /** Every command that any client has sent, one a line. */
  heard(): Buffer
}

/** Comes back whenever Redis does. */
export async function listenIn({ url }: TestRedis): Promise<Ear> {
  const lines: string[] = []
  let closed = false
  let monitor: Redis | undefined
  async function listen(): Promise<void> {
    const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null })
    redis.on('error', () => undefined)
    try {
      monitor = await redis.monitor()
      monitor.on('error', () => undefined)
      monitor.on('monitor', (_time: string, args: readonly string[]) => lines.push(args.join(' ')))
      monitor.once('end', again)
    } catch {
      again()
    } finally {
      redis.disconnect()
    }
  }
  const again = (): void => {
    if (!closed) setTimeout(() => void listen(), 50).unref()
  }
  await listen()
  return {
    heard: () => Buffer.from(lines.join('\n')),
    async [Symbol.asyncDispose]() {
      closed = true
      monitor?.disconnect()
    },
  }
}
