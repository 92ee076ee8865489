/** Decides when a request may start: never more at once than the target bears, never faster than its rate, urgent ones first. */
import type { Lane } from '../../model/lane.ts'

/** A fifth of what may be sent in one burst is kept back from bulk, so that a lock-out rarely waits for the rate at all. */
const urgentShare = 0.2

interface Waiter {
  readonly since: number
  readonly start: () => void
}

export interface SlotLimits {
  /** Requests in flight at once, at least 1. */
  readonly concurrency: number
  /** Sustained rate, above 0; one second's worth (at least 2) may be sent in a burst. */
  readonly requestsPerSecond: number
}

/**
 * A semaphore and a token bucket behind two queues, each first in, first out. While an urgent request waits, no bulk request
 * starts. Bulk leaves the reserve in the bucket; urgent takes it, and when the bucket is empty waits at most one token interval
 * and then borrows, which bulk pays back. What is owed never exceeds one bucket, so that bulk goes on in the end.
 */
export class Slots {
  readonly #limits: SlotLimits
  readonly #intervalMs: number
  readonly #burst: number
  readonly #reserve: number
  readonly #waiting: Record<Lane, Set<Waiter>> = { urgent: new Set(), bulk: new Set() }
  #inFlight = 0
  #tokens: number
  #filledAt = performance.now()
  #timer: NodeJS.Timeout | undefined

  constructor(limits: SlotLimits) {
    if (!(Number.isInteger(limits.concurrency) && limits.concurrency >= 1))
      throw new RangeError('concurrency must be 1 or more')
    if (!(limits.requestsPerSecond > 0)) throw new RangeError('requestsPerSecond must be above 0')
    this.#limits = limits
    this.#intervalMs = 1000 / limits.requestsPerSecond
    this.#burst = Math.max(2, limits.requestsPerSecond)
    this.#reserve = Math.max(1, Math.ceil(this.#burst * urgentShare))
    this.#tokens = this.#burst
  }

  /** Resolves when the caller may send, with the function that gives the slot back; rejects with the signal's reason. */
  acquire(lane: Lane, signal: AbortSignal): Promise<() => void> {
    const { promise, resolve, reject } = Promise.withResolvers<() => void>()
    if (signal.aborted) {
      reject(signal.reason)
      return promise
    }
    const queue = this.#waiting[lane]
    const onAbort = () => {
      queue.delete(waiter)
      reject(signal.reason)
      // An urgent request that gave up no longer holds the bulk ones back.
      this.#pump()
    }
    const waiter: Waiter = {
      since: performance.now(),
      start: () => {
        signal.removeEventListener('abort', onAbort)
        resolve(this.#occupy())
      },
    }
    signal.addEventListener('abort', onAbort, { once: true })
    queue.add(waiter)
    this.#pump()
    return promise
  }

  #occupy(): () => void {
    this.#inFlight += 1
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#inFlight -= 1
      this.#pump()
    }
  }

  #pump(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (this.#inFlight < this.#limits.concurrency) {
      const lane: Lane = this.#waiting.urgent.size > 0 ? 'urgent' : 'bulk'
      const [waiter] = this.#waiting[lane]
      if (waiter === undefined) return
      const delayMs = this.#delayMs(lane, waiter)
      if (delayMs > 0) {
        // Rounded up: a timer that fires a fraction early would only come round once more.
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(delayMs))
        return
      }
      this.#waiting[lane].delete(waiter)
      this.#tokens = Math.max(-this.#burst, this.#tokens - 1)
      waiter.start()
    }
  }

  #delayMs(lane: Lane, waiter: Waiter): number {
    const now = performance.now()
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) / this.#intervalMs)
    this.#filledAt = now
    // Just under, because filling in fractions may end a hair below the whole token.
    const needed = (lane === 'urgent' ? 1 : 1 + this.#reserve) - 1e-6
    const untilFilledMs = (needed - this.#tokens) * this.#intervalMs
    if (lane === 'bulk') return untilFilledMs
    return Math.min(untilFilledMs, waiter.since + this.#intervalMs - now)
  }
}
