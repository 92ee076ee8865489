/** The simulator's idea of now: the real time until somebody sets, moves or freezes it. */

export interface SimulatorClock {
  /** Milliseconds since 1970 UTC, as the simulated server sees them. */
  now(): number
  /** Jumps to this moment and goes on from there. */
  set(ms: number): void
  /** Moves by this many milliseconds; negative goes back. */
  advance(ms: number): void
  /** Stops at this moment until `set`, `advance` (which keeps it frozen) or `thaw`. */
  freeze(ms: number): void
  /** Goes on from where it stands. */
  thaw(): void
}

/** A clock that starts at the real time, or frozen at `startMs`. Only decisions use it; delays always take real time. */
export function simulatorClock(startMs: number | null, realNow: () => number = Date.now): SimulatorClock {
  let offsetMs = 0
  let frozenMs = startMs
  return {
    now: () => frozenMs ?? realNow() + offsetMs,
    set(ms) {
      if (frozenMs === null) offsetMs = ms - realNow()
      else frozenMs = ms
    },
    advance(ms) {
      if (frozenMs === null) offsetMs += ms
      else frozenMs += ms
    },
    freeze(ms) {
      frozenMs = ms
    },
    thaw() {
      if (frozenMs === null) return
      offsetMs = frozenMs - realNow()
      frozenMs = null
    },
  }
}
