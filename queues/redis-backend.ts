/** Wake-ups over Redis: producers fail fast when it is away, consumers wait for it, and both find back by themselves. */
import { once } from 'node:events'
import { createRedisBackend, withBackend } from 'bullmq'
import { Redis } from 'ioredis'
import { type Backend, jobOptions, workerTimes } from './backend.ts'

/**
 * All keys of one gateway begin so, so that several may share a Redis and never take each other's wake-ups. An access rule of Redis
 * can name it (`~gatehouse:*`).
 */
export function keyPrefix(gatewayId: string): string {
  return `gatehouse:${gatewayId}`
}

/** A stream keeps about so many entries even if nobody trims it; each holds the number of a message and what became of it. */
const eventsMax = 100

const common = {
  keepAlive: 10_000,
  connectTimeout: 5_000,
  retryStrategy: (attempts: number) => Math.min(attempts * 50, 500),
}

/**
 * Redis wakes one waiting worker per message, in the order in which they began to wait: also one whose process hangs, or whose machine
 * is gone and nobody has noticed. The others look by themselves after this, in seconds, as often as they look for stalled messages.
 */
const drainDelay = 1

const { Queue, Worker } = withBackend(createRedisBackend)

export interface RedisBackendOptions {
  readonly url: string
  /** The gateway's random id. */
  readonly gatewayId: string
}

/** Gives Redis a moment to answer, but does not need it: a gateway starts, and works on, while it is away. */
export async function openRedisBackend(
  { url, gatewayId }: RedisBackendOptions,
  onError: (error: unknown) => void,
): Promise<Backend> {
  const prefix = keyPrefix(gatewayId)
  // A command that can't be sent now is refused, and one without an answer after 2 s gives up: the outbox row stays.
  const producer = new Redis(url, {
    ...common,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 2_000,
  })
  // BullMQ makes one more connection per worker from this one, for its blocking read; both must wait for Redis without limit.
  const consumer = new Redis(url, { ...common, maxRetriesPerRequest: null })
  producer.on('error', onError)
  consumer.on('error', onError)
  let wasReady = false
  const restored: (() => void)[] = []
  consumer.on('ready', () => {
    if (wasReady) for (const listener of restored) listener()
    wasReady = true
  })
  await firstAnswer(producer)

  return {
    kind: 'redis',
    openQueue(name) {
      const queue = new Queue(name, {
        connection: producer,
        prefix,
        defaultJobOptions: jobOptions,
        streams: { events: { maxLen: eventsMax } },
      })
      queue.on('error', onError)
      return queue
    },
    openWorker(name, process, concurrency) {
      const worker = new Worker(name, process, {
        ...workerTimes,
        drainDelay,
        connection: consumer,
        prefix,
        concurrency,
      })
      worker.on('error', onError)
      return worker
    },
    onRestored: (listener) => void restored.push(listener),
    ping: async () => void (await producer.ping()),
    reset() {
      // Elsewise a cut cable is noticed after the system's own time-out, a quarter of an hour.
      if (producer.status === 'ready') producer.disconnect(true)
    },
    trim: (ageMs) => trimStreams(producer, prefix, Date.now() - ageMs),
    async close() {
      producer.disconnect()
      consumer.disconnect()
    },
  }
}

/** Until Redis is ready or has failed to answer once, 2 s at most. */
async function firstAnswer(redis: Redis): Promise<void> {
  const limit = AbortSignal.timeout(2_000)
  // An error of the connection has been reported by its own handler.
  await once(redis, 'ready', { signal: limit }).catch(() => undefined)
}

/** Entry ids begin with their time in ms (https://redis.io/docs/latest/commands/xadd/), so age is a comparison of ids. */
async function trimStreams(redis: Redis, prefix: string, olderThanMs: number): Promise<void> {
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}:gh-*:events`, 'COUNT', 1_000)
    for (const key of keys) await redis.xtrim(key, 'MINID', olderThanMs)
    cursor = next
  } while (cursor !== '0')
}
