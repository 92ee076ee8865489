/** Remembers since when each person could get in, so that what somebody claims of a moment can be held against the truth of that moment. */
import type { SimulatorClock } from '../../simulator-parts/clock.ts'
import type { World, WorldWatcher } from './world.ts'

/** `open`: not disabled, or with a card that is not blocked. `absent`: there is no such person. */
export type StandingOfUser = 'open' | 'shut' | 'absent'

interface Turn {
  readonly at: number
  readonly is: StandingOfUser
}

export class Chronicle implements WorldWatcher {
  readonly #world: World
  readonly #clock: SimulatorClock
  readonly #next: WorldWatcher | null
  /** Oldest first. */
  readonly #turns = new Map<string, Turn[]>()

  /** Stands before whoever watches already. */
  constructor(world: World, clock: SimulatorClock) {
    this.#world = world
    this.#clock = clock
    this.#next = world.watcher
    world.watcher = this
  }

  user(id: string): void {
    this.#note(id)
    this.#next?.user(id)
  }

  blocked(cardNumber: string): void {
    const owner = this.#world.cardByNumber(cardNumber)?.owner
    if (owner !== undefined && owner !== null) this.#note(owner)
    this.#next?.blocked(cardNumber)
  }

  rights(): void {
    this.#next?.rights()
  }

  /** After changes that nobody was told of. */
  lookAgain(): void {
    for (const id of new Set([...this.#turns.keys(), ...this.#world.users.keys()])) this.#note(id)
  }

  /** How it was then. */
  at(id: string, ms: number): StandingOfUser {
    return this.#turns.get(id)?.findLast(({ at }) => at <= ms)?.is ?? 'absent'
  }

  #note(id: string): void {
    const turns = this.#turns.get(id) ?? []
    const is = this.#now(id)
    if (turns.at(-1)?.is === is) return
    turns.push({ at: this.#clock.now(), is })
    this.#turns.set(id, turns)
  }

  #now(id: string): StandingOfUser {
    const user = this.#world.users.get(id)
    if (user === undefined) return 'absent'
    return user.disabled && user.cards.every((row) => this.#world.cards.get(row)?.blocked !== false) ? 'shut' : 'open'
  }
}
