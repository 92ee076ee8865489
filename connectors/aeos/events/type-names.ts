/** The names of event types: asked for at the start, and again when an event bears a type that was not there. */
import type { Client } from '../soap/client.ts'
import { unlessRefused } from '../soap/errors.ts'
import type { EventRecord } from '../soap/records.ts'

const againMs = 60_000

export class TypeNames {
  readonly #client: Client
  readonly #now: () => Date
  #names: ReadonlyMap<string, string | undefined> = new Map()
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(client: Client, now: () => Date) {
    this.#client = client
    this.#now = now
  }

  /** What the type of each event is called: by the list, else as the event says itself. */
  async of(events: readonly EventRecord[], signal: AbortSignal): Promise<(event: EventRecord) => string | null> {
    if (events.some(({ EventTypeId }) => !this.#names.has(EventTypeId))) await this.load(signal)
    return ({ EventTypeId, EventTypeName }) => this.#names.get(EventTypeId) ?? EventTypeName ?? null
  }

  /** Where our user may not see the list, events are told all the same. */
  async load(signal: AbortSignal): Promise<void> {
    const now = this.#now().getTime()
    if (now - this.#askedAt < againMs) return
    const types = await unlessRefused(() => this.#client.eventTypes(signal))
    this.#askedAt = now
    if (types !== null) this.#names = new Map(types.map(({ Id, Name }) => [Id, Name]))
  }
}
