/** What this process appended last, by source: whoever follows the log at its end need not have it read, verified and opened again. */
import type { KeyId } from '../model/id.ts'
import type { LoggedEvent } from './logged-event.ts'

export interface RecentEvent {
  readonly logged: LoggedEvent
  /** What it is sealed with in the log; null: the gateway's own. */
  readonly key: KeyId | null
  /** What signs its row. */
  readonly guard: Buffer
}

interface Stretch {
  /** Of whoever followed the source then: once another does, the log may go on otherwise. */
  readonly turn: number
  /** One position after the other. */
  readonly events: RecentEvent[]
}

/** Some seconds of a busy site; about 10 MB. */
const keptMax = 5_000

export class RecentEvents {
  readonly #stretches = new Map<string, Stretch>()
  readonly #max: number

  /** `max` of each source, and for moments twice as many; with 0, nothing is kept. */
  constructor(max = keptMax) {
    this.#max = max
  }

  /** Appended and committed, in the order of their positions. */
  keep(source: string, turn: number, events: readonly RecentEvent[]): void {
    const [first] = events
    if (first === undefined || this.#max === 0) return
    const known = this.#stretches.get(source)
    const last = known?.events.at(-1)?.logged.position
    if (known === undefined || known.turn !== turn || last !== first.logged.position - 1)
      this.#stretches.set(source, { turn, events: events.slice(-this.#max) })
    else {
      for (const each of events) known.events.push(each)
      if (known.events.length > this.#max * 2) known.events.splice(0, known.events.length - this.#max)
    }
  }

  forget(source: string): void {
    this.#stretches.delete(source)
  }

  /** At most `limit` that come right after a position, none beyond `upTo`; null when the log must be asked. */
  after(
    source: string,
    turn: number,
    { after, upTo, limit }: { readonly after: number; readonly upTo: number; readonly limit: number },
  ): readonly RecentEvent[] | null {
    const known = this.#stretches.get(source)
    const first = known?.events[0]?.logged.position
    if (known === undefined || first === undefined || known.turn !== turn || first > after + 1) return null
    const begin = after + 1 - first
    const found = known.events.slice(begin, begin + Math.min(limit, upTo - after))
    return found.length === 0 ? null : found
  }
}
