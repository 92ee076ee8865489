/** Runs one lane's pump: never more at once than it has slots, never so that a wake-up sent meanwhile goes unheard. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lane } from '../src/model/lane.ts'
import { QueueFailure } from './failure.ts'

export type Pump = (lane: Lane, signal: AbortSignal) => Promise<void>

/** How long a pump waits for the store to take a message's deduplication id back, before it starts without. */
const releaseWaitMs = 300
const retryMs = 1_000

export interface LaneRunnerOptions {
  readonly lane: Lane
  readonly slots: number
  readonly pump: Pump
  readonly onError: (error: unknown) => void
}

export class LaneRunner {
  readonly #options: LaneRunnerOptions
  readonly #stop = new AbortController()
  readonly #ending = Promise.withResolvers<void>()
  readonly #running = new Set<Promise<void>>()
  readonly #waiting: (() => void)[] = []
  #free: number
  #kicked = false
  #closing = false
  #retry: NodeJS.Timeout | undefined

  constructor(options: LaneRunnerOptions) {
    if (!(Number.isInteger(options.slots) && options.slots >= 1)) throw new RangeError('a lane needs 1 slot or more')
    this.#options = options
    this.#free = options.slots
  }

  /**
   * Serves one message, once a slot is free. `release` takes the message's deduplication id back, so that whoever sends from now
   * on makes a new message. What was merged into this one before is in the database already, so the pump, which reads after
   * that, sees it. When the store doesn't answer, the pump starts all the same, and once more as soon as the id is released.
   * @throws QueueFailure `queue.pump-failed`, whatever the pump threw; it has then been scheduled again.
   */
  async serve(release: () => Promise<unknown>): Promise<void> {
    await this.#withSlot(async () => {
      let released = false
      const releasing = this.#untilDone(release).then(() => {
        released = true
      })
      await Promise.race([releasing, sleep(releaseWaitMs, undefined, { ref: false })])
      const heard = released
      await this.#pump()
      if (heard) return
      // An end of this process needs no second run: whoever takes the lane over starts with one.
      await Promise.race([releasing, this.#ending.promise])
      if (!this.#closing) await this.#pump()
    })
  }

  /** Asks for a run of which no message tells: at the start, after an interruption, after a failure. Several become one. */
  kick(): void {
    if (this.#kicked || this.#closing) return
    this.#kicked = true
    const run = this.#withSlot(async () => {
      this.#kicked = false
      if (!this.#closing) await this.#pump()
    })
    // #pump has reported and scheduled it again.
    run.catch(() => undefined)
  }

  /** Lets what runs go on for `limitMs`, then aborts the signal of all pumps and gives them `graceMs` more. */
  async close(limitMs: number, graceMs = 1_000): Promise<void> {
    this.#closing = true
    this.#ending.resolve()
    clearTimeout(this.#retry)
    if (await this.#idleWithin(limitMs)) return
    this.#options.onError(new QueueFailure('queue.close-timed-out'))
    this.#stop.abort(new QueueFailure('queue.close-timed-out'))
    await this.#idleWithin(graceMs)
  }

  async #withSlot(work: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const run = work().finally(() => {
      this.#running.delete(run)
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    })
    this.#running.add(run)
    await run
  }

  async #pump(): Promise<void> {
    try {
      await this.#options.pump(this.#options.lane, this.#stop.signal)
    } catch {
      // What a pump throws may carry anything, so it is dropped here; the pump itself reports what an operator should know.
      const failure = new QueueFailure('queue.pump-failed')
      this.#options.onError(failure)
      this.#retryLater()
      throw failure
    }
  }

  #retryLater(): void {
    if (this.#closing) return
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.kick(), retryMs)
  }

  async #untilDone(action: () => Promise<unknown>): Promise<void> {
    while (!this.#closing) {
      try {
        await action()
        return
      } catch (error) {
        this.#options.onError(error)
        await sleep(retryMs / 4)
      }
    }
  }

  async #idleWithin(limitMs: number): Promise<boolean> {
    const until = performance.now() + limitMs
    while (this.#running.size > 0) {
      const leftMs = until - performance.now()
      if (leftMs <= 0) return false
      const timeout = new AbortController()
      const limit = sleep(leftMs, undefined, { signal: timeout.signal }).catch(() => undefined)
      await Promise.race([Promise.allSettled([...this.#running]), limit])
      timeout.abort()
    }
    return true
  }
}
