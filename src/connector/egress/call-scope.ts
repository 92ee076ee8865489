/** Tells the egress client which lane a call belongs to, and tells the caller what its calls cost, without passing either by hand. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Lane } from '../../model/lane.ts'

export interface CallMeter {
  /** Requests that were given a slot. */
  readonly requests: number
  /** Wall time in ms during which at least one request of the scope was in flight or waiting for a slot: the union, not the sum. */
  readonly waitingMs: number
}

/** What the egress client reports to while a request of this scope exists. */
export interface CallScope {
  readonly lane: Lane
  /** A request was made and waits. Call the returned function once when it has ended. */
  begin(): () => void
  /** A request was given its slot. */
  sent(): void
}

const storage = new AsyncLocalStorage<CallScope>()

/**
 * Runs `fn` so that every request made inside it, however deep, uses the given lane and is counted. An inner scope has its own
 * lane, and its requests count in the outer scope as well. A failure of `fn` is passed on as it is, without a meter.
 */
export async function withCallScope<T>(
  options: { readonly lane: Lane },
  fn: () => Promise<T>,
): Promise<{ readonly result: T; readonly meter: CallMeter }> {
  const scope = new MeteredScope(options.lane, storage.getStore())
  const result = await storage.run(scope, fn)
  return { result, meter: scope.read() }
}

/** The scope that the caller runs in; undefined outside any, which means `bulk` and uncounted. */
export function currentCallScope(): CallScope | undefined {
  return storage.getStore()
}

class MeteredScope implements CallScope {
  readonly lane: Lane
  readonly #outer: CallScope | undefined
  #requests = 0
  #open = 0
  #openSince = 0
  #waitedMs = 0

  constructor(lane: Lane, outer: CallScope | undefined) {
    this.lane = lane
    this.#outer = outer
  }

  begin(): () => void {
    const endOuter = this.#outer?.begin()
    if (this.#open === 0) this.#openSince = performance.now()
    this.#open += 1
    return () => {
      this.#open -= 1
      if (this.#open === 0) this.#waitedMs += performance.now() - this.#openSince
      endOuter?.()
    }
  }

  sent(): void {
    this.#requests += 1
    this.#outer?.sent()
  }

  read(): CallMeter {
    const stillOpenMs = this.#open === 0 ? 0 : performance.now() - this.#openSince
    return { requests: this.#requests, waitingMs: this.#waitedMs + stillOpenMs }
  }
}
