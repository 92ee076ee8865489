/** What the wake-ups need of a queue store, so that Redis and PostgreSQL differ in one file each and nowhere else. */
import type { DefaultJobOptions, Processor, Queue, Worker } from 'bullmq'
import type { WakeUpData } from './names.ts'

export type WakeUpQueue = Pick<Queue<WakeUpData, void>, 'add' | 'close' | 'waitUntilReady'>
export type WakeUpWorker = Pick<Worker<WakeUpData, void>, 'close'>

export interface Backend {
  readonly kind: 'redis' | 'postgresql'
  /** A producer's end of a queue. Cheap: shares the connection of all producers. */
  openQueue(name: string): WakeUpQueue
  /** Starts taking messages, `concurrency` at once. */
  openWorker(name: string, process: Processor<WakeUpData, void>, concurrency: number): WakeUpWorker
  /** `listener` is called when consumers had lost their connection: messages may be gone with the store's memory. */
  onRestored(listener: () => void): void
  /** One round trip. */
  ping(): Promise<void>
  /** An answer did not come in time: connects the producers anew if they still seem connected. */
  reset(): void
  /** Deletes entries of the event streams that are older than `ageMs`. */
  trim(ageMs: number): Promise<void>
  close(): Promise<void>
}

/** A message that ended leaves nothing behind. There is no second attempt: a retry is a new, delayed wake-up. */
export const jobOptions: DefaultJobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true }

/**
 * How soon a message of a worker that died runs again (lock, then two looks at it), that it never counts as failed for that, and for
 * how many seconds a worker waits to be woken before it looks by itself.
 */
export const workerTimes = {
  lockDuration: 5_000,
  stalledInterval: 1_000,
  maxStalledCount: 1_000_000_000,
  runRetryDelay: 1_000,
  drainDelay: 5,
} as const
