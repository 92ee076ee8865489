/** Of what fails again and again, what is news: that it began, that its cause changed, that it is over; flapping is told once a minute. */

export interface Trouble {
  /** It failed for this reason. Returns whether somebody should be told. */
  failed(code: string): boolean
  /** It went well. Returns how often it had failed since it last did, and for how long, if it was told that it failed. */
  over(): { readonly count: number; readonly tookMs: number } | null
}

/** What was told so recently is not told again, though it went well in between. */
const againMs = 60_000

/** `clock` gives ms, of any beginning. */
export function openTrouble(clock: () => number = () => performance.now()): Trouble {
  const toldAt = new Map<string, number>()
  let told: string | null = null
  let count = 0
  let since = 0

  return {
    failed(code) {
      const now = clock()
      if (count === 0) since = now
      count += 1
      if (code === told || now - (toldAt.get(code) ?? Number.NEGATIVE_INFINITY) < againMs) return false
      toldAt.set(code, now)
      told = code
      return true
    },
    over() {
      const ended = told === null ? null : { count, tookMs: Math.round(clock() - since) }
      told = null
      count = 0
      return ended
    },
  }
}
