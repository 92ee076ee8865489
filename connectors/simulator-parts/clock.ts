/** The simulator's idea of now: the real time until somebody sets, moves or freezes it, and what is to happen at a moment of it. */

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
  /**
   * Runs `act` once this clock has come `delayMs` further, however it came there: by itself or moved. While it is
   * frozen nothing comes due. Returns what calls it off.
   */
  after(delayMs: number, act: () => void): () => void
}

interface Waiting {
  dueMs: number
  act: () => void
  timer: NodeJS.Timeout | null
}

/** A clock that starts at the real time, or frozen at `startMs`. Readers and latencies do not use it: they take real time. */
export function simulatorClock(startMs: number | null, realNow: () => number = Date.now): SimulatorClock {
  let offsetMs = 0
  let frozenMs = startMs
  const waiting = new Set<Waiting>()
  const now = () => frozenMs ?? realNow() + offsetMs

  function callOff(one: Waiting): void {
    waiting.delete(one)
    if (one.timer) clearTimeout(one.timer)
    one.timer = null
  }

  function look(): void {
    const moment = now()
    for (const one of [...waiting].sort((left, right) => left.dueMs - right.dueMs)) {
      if (one.timer) clearTimeout(one.timer)
      one.timer = null
      if (one.dueMs <= moment) {
        waiting.delete(one)
        one.act()
      } else if (frozenMs === null) {
        one.timer = setTimeout(look, one.dueMs - moment)
      }
    }
  }

  return {
    now,
    set(ms) {
      if (frozenMs === null) offsetMs = ms - realNow()
      else frozenMs = ms
      look()
    },
    advance(ms) {
      if (frozenMs === null) offsetMs += ms
      else frozenMs += ms
      look()
    },
    freeze(ms) {
      frozenMs = ms
      look()
    },
    thaw() {
      if (frozenMs === null) return
      offsetMs = frozenMs - realNow()
      frozenMs = null
      look()
    },
    after(delayMs, act) {
      const one: Waiting = { dueMs: now() + delayMs, act, timer: null }
      waiting.add(one)
      look()
      return () => callOff(one)
    },
  }
}
