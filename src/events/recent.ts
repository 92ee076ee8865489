/** What this process appended last, by source: whoever follows the log at its end need not have it read, verified and opened again. */
import { setTimeout } from 'node:timers/promises'
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

/** More than happens at the busiest site between two looks of the guard; 16 MB. */
const keptMax = 8_000

/** Whoever is further behind is waited for no more, nor whoever has not read for so long: a receiver that is slow. */
const reachMax = 50_000
const restMs = 300
/** What is caught up on is held up for no longer. */
const heldUpMs = 200

export class RecentEvents {
  readonly #stretches = new Map<string, Stretch>()
  /** Of each source, who reads it as it grows: how far, and when they read. */
  readonly #readers = new Map<string, Map<string, { readonly upTo: number; readonly at: number }>>()
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

  /** A reader, by any name of its own, was given everything up to a position. `isMore`: and goes on at once; else it rests now. */
  noteRead(source: string, reader: string, upTo: number, isMore: boolean): void {
    const readers = this.#readers.get(source) ?? new Map()
    if (isMore) readers.set(reader, { upTo, at: performance.now() })
    else readers.delete(reader)
    this.#readers.set(source, readers)
  }

  /**
   * For whoever appends as fast as they can: resolves once the foremost reader is not so far behind that what it reads next is soon not
   * remembered any more, which would take all longer than this does. Nobody waits for those behind it.
   */
  async letRead(source: string): Promise<void> {
    const until = performance.now() + heldUpMs
    while (this.#isOutrun(source) && performance.now() < until) await setTimeout(5)
  }

  #isOutrun(source: string): boolean {
    const head = this.#stretches.get(source)?.events.at(-1)?.logged.position
    const since = performance.now() - restMs
    const reading = [...(this.#readers.get(source)?.values() ?? [])].filter(({ at }) => at > since)
    if (head === undefined || reading.length === 0) return false
    const behind = head - Math.max(...reading.map(({ upTo }) => upTo))
    return behind > this.#max / 2 && behind < reachMax
  }
}
