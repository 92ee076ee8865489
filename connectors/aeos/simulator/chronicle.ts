/** Remembers since when each carrier could get in, so that what somebody claims of a moment can be held against the truth of that moment. */
import type { SimulatorClock } from '../../simulator-parts/clock.ts'
import type { World } from './world.ts'

/** `open`: not blocked, or with a badge that is in use. `absent`: there is no such carrier. Dates and rights are not looked at. */
export type Standing = 'open' | 'shut' | 'absent'

interface Turn {
  readonly at: number
  readonly is: Standing
}

export class Chronicle {
  readonly #world: World
  readonly #clock: SimulatorClock
  /** Oldest first. */
  readonly #turns = new Map<number, Turn[]>()

  constructor(world: World, clock: SimulatorClock) {
    this.#world = world
    this.#clock = clock
    world.watcher = (carrier) => this.#note(carrier)
  }

  /** After changes that nobody was told of. */
  lookAgain(): void {
    for (const id of new Set([...this.#turns.keys(), ...this.#world.carriers.keys()])) this.#note(id)
  }

  /** How it was then. */
  at(carrier: number, ms: number): Standing {
    return this.#turns.get(carrier)?.findLast(({ at }) => at <= ms)?.is ?? 'absent'
  }

  #note(id: number): void {
    const turns = this.#turns.get(id) ?? []
    const is = this.#now(id)
    if (turns.at(-1)?.is === is) return
    turns.push({ at: this.#clock.now(), is })
    this.#turns.set(id, turns)
  }

  #now(id: number): Standing {
    const carrier = this.#world.carriers.get(id)
    if (carrier === undefined) return 'absent'
    const statuses = carrier.tokens.map((token) => this.#world.tokens.get(token)?.status)
    return carrier.states.blocked && !statuses.some((status) => status === 1 || status === 4) ? 'shut' : 'open'
  }
}
