/** Limits how often something happens: `size` at once, then `perSecond`. */

export interface Bucket {
  /** Takes one, or says no and takes none. */
  take(): boolean
  /** Seconds until the next one is there, rounded up; at least 1. */
  waitSeconds(): number
}

/** `now` is in milliseconds and must not go back, as `performance.now` does not. */
export function createBucket(size: number, perSecond: number, now: () => number = () => performance.now()): Bucket {
  let level = size
  let filledAt = now()
  function fill(): void {
    const at = now()
    level = Math.min(size, level + ((at - filledAt) / 1_000) * perSecond)
    filledAt = at
  }
  return {
    take() {
      fill()
      if (level < 1) return false
      level -= 1
      return true
    },
    waitSeconds() {
      fill()
      return Math.max(1, Math.ceil((1 - level) / perSecond))
    },
  }
}
