/** Lets so many requests be served at once, each for its latency; the others wait in the order they came. */
import type { Random } from './random.ts'

/** How long serving one request takes: always the same, or log-normal with this median and 99th percentile. */
export type Latency = { fixedMs: number } | { medianMs: number; p99Ms: number }

export class Gate {
  readonly #random: Random
  /** When each of the places is free again, on the scale of performance.now(). */
  readonly #freeAtMs: number[]
  latency: Latency

  constructor(concurrency: number, latency: Latency, random: Random) {
    this.#freeAtMs = Array<number>(concurrency).fill(0)
    this.latency = latency
    this.#random = random
  }

  /**
   * Waits for a place and for the time it takes there, plus `extraMs`. The moment is planned on arrival: a timer that
   * fires late does not push the next request back, so eight places at 5 ms really pass 1,600 requests a second.
   */
  async pass(extraMs: number): Promise<void> {
    const now = performance.now()
    const place = this.#firstFree()
    const dueMs = Math.max(now, this.#freeAtMs[place] ?? now) + this.#serviceMs() + extraMs
    this.#freeAtMs[place] = dueMs
    const waitMs = Math.round(dueMs - now)
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
  }

  #firstFree(): number {
    let first = 0
    for (let place = 1; place < this.#freeAtMs.length; place++) {
      if ((this.#freeAtMs[place] ?? 0) < (this.#freeAtMs[first] ?? 0)) first = place
    }
    return first
  }

  #serviceMs(): number {
    const { latency } = this
    return 'fixedMs' in latency ? latency.fixedMs : this.#random.logNormal(latency.medianMs, latency.p99Ms)
  }
}
