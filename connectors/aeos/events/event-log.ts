/** Reads the event log of a server: by id, by time, and whether an event is still there. */
import type { Client, EventCriteria } from '../soap/client.ts'
import { fromLocal, toLocalEnd } from '../soap/local-time.ts'
import { walk } from '../soap/pages.ts'
import type { EventRecord } from '../soap/records.ts'
import type { Mark } from './position.ts'

/** Before every event, also those of a controller whose clock was lost. */
const epoch = '1970-01-01T00:00:00'

export class EventLog {
  readonly #client: Pick<Client, 'findEvents'>
  readonly #zone: string

  constructor(client: Pick<Client, 'findEvents'>, zone: string) {
    this.#client = client
    this.#zone = zone
  }

  /**
   * From an id on, and of what happened from then on (ms since 1970; null: whenever). Page by page, each event once, each page in the order
   * of ids; in which order pages come is for the server to say.
   */
  async *from(id: bigint, at: number | null, signal: AbortSignal): AsyncGenerator<readonly EventRecord[]> {
    const from = at === null ? epoch : toLocalEnd(at, this.#zone)
    yield* this.#pages({ greaterThan: String(id > 1n ? id - 1n : 0n), from }, signal)
  }

  /** What happened from then on (ms since 1970), whatever its id. */
  async *since(at: number, signal: AbortSignal): AsyncGenerator<readonly EventRecord[]> {
    yield* this.#pages({ from: toLocalEnd(at, this.#zone) }, signal)
  }

  /** Whether this very event is there: its id alone may be that of another one, in a log that was put back from a backup. */
  async has({ id, at }: Mark, signal: AbortSignal): Promise<boolean> {
    const instant = fromLocal(at, this.#zone)
    // By the clock of the server, on whose text a second more or less can be counted.
    const wall = /(?:Z|[+-]\d\d:\d\d)$/.test(at) && instant !== null ? toLocalEnd(instant, this.#zone) : at.slice(0, 19)
    const moved = (ms: number) => new Date(Date.parse(`${wall}Z`) + ms).toISOString().slice(0, 19)
    const times = instant === null ? { from: epoch } : { from: moved(-1000), until: moved(2000) }
    for await (const rows of this.#pages({ greaterThan: String(BigInt(id) - 1n), ...times }, signal))
      if (rows.some(({ Id, DateTime }) => Id === id && DateTime === at)) return true
    return false
  }

  async *#pages(criteria: EventCriteria, signal: AbortSignal): AsyncGenerator<readonly EventRecord[]> {
    const load = (start: number) => this.#client.findEvents(criteria, start, signal)
    for await (const rows of walk(load, ({ Id }) => Id)) yield rows.toSorted(byId)
  }
}

/** For sorting, ascending. */
export function byId({ Id: a }: EventRecord, { Id: b }: EventRecord): number {
  // Digits alone, without zeros before them.
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}
