/** How far the event log of one server was read: what was seen of it, and, as text that only this connector understands, what is kept of that. */
import { z } from 'zod'
import { parseJson } from '../../../src/model/parse-json.ts'
import { ownFailure } from '../soap/errors.ts'
import { fromLocal } from '../soap/local-time.ts'
import type { EventRecord } from '../soap/records.ts'
import { Window, windowSpan } from './window.ts'

/** An event by which a log is known again: there with the same time, it is still the same log. */
export interface Mark {
  readonly id: string
  readonly at: string
}

const digits = z.string().regex(/^\d{1,19}$/)
const mark = z.strictObject({ id: digits, at: z.string().max(40) })
const count = z.int().min(1).max(Number(windowSpan))

const form = z.strictObject({
  v: z.literal(1),
  /** The highest id that was seen. Null: the log was empty, or became another one. */
  newest: mark.nullable(),
  /** Ids below it that were not seen. */
  missing: z.array(z.tuple([count, count])),
  /** Before this time, in ms since 1970, nothing is told of ids that nobody has an account of. */
  began: z.int(),
  /** From this time on, in ms, is looked for what happened, whatever its id. */
  looked: z.int(),
  /** Earlier events, from the newest to the first, ever further apart. */
  marks: z.array(mark).max(140),
  /** The highest id of a log that is gone, in which no id was ever left out. */
  gone: digits.nullable(),
})
type Form = z.output<typeof form>

export class Position {
  readonly #zone: string
  readonly #began: number
  #gone: string | null
  #newest: Mark | null
  #window: Window | null
  #marks: readonly Mark[]
  #looked: number

  private constructor(zone: string, { newest, missing, began, looked, marks, gone }: Form) {
    this.#zone = zone
    this.#newest = newest
    this.#window = newest === null ? null : Window.parse(BigInt(newest.id), missing)
    this.#began = began
    this.#looked = looked
    this.#marks = marks
    this.#gone = gone
  }

  /**
   * Null: it begins from now on.
   * @throws ConnectorError `rejected` for what is none of ours: to begin anywhere else would pass over events without a word.
   */
  static parse(text: string | null, zone: string): Position | null {
    if (text === null) return null
    const parsed = form.safeParse(parseJson(text)).data
    if (parsed === undefined)
      throw ownFailure('rejected', 'aeos.cursor-unknown', 'The place in the event log was written by another version.')
    return new Position(zone, parsed)
  }

  /** In a log of which nothing is known: what happened from then on is looked for by its time. */
  static unknown(zone: string, from: number, gone: string | null = null): Position {
    return new Position(zone, { v: 1, newest: null, missing: [], began: from, looked: from, marks: [], gone })
  }

  text(): string {
    this.#keepMark()
    const looked = this.#looked
    const missing = this.#window?.ranges() ?? []
    const kept: Form = {
      ...{ v: 1, newest: this.#newest, missing, began: this.#began, looked, marks: [...this.#marks], gone: this.#gone },
    }
    return JSON.stringify(kept)
  }

  /** Null while no event of the log is known. */
  get newest(): Mark | null {
    return this.#newest
  }

  /** Earlier events, from the newest to the first, ever further apart. */
  get marks(): readonly Mark[] {
    return this.#marks
  }

  /** From this time on, in ms since 1970, is looked for what happened, whatever its id. */
  get looked(): number {
    return this.#looked
  }

  /** What happened before is told of no id that nobody has an account of. */
  get began(): number {
    return this.#began
  }

  /** The highest id of a log that is gone, where no id was ever left out. */
  get gone(): bigint | null {
    return this.#gone === null ? null : BigInt(this.#gone)
  }

  /** Whether ids come one after the other, without any that nobody has. */
  get isDense(): boolean {
    return this.#window?.isDense ?? false
  }

  /** The id from which a look begins. */
  beginning(reach: 'newest' | 'near' | 'far'): bigint {
    return this.#known.beginning(reach)
  }

  /** Begins to follow by id, with all that is known to be there. */
  enter(there: readonly EventRecord[]): void {
    this.#window = Window.of(there.map(({ Id }) => BigInt(Id)))
    this.#gone = null
    const newest = there.find(({ Id }) => BigInt(Id) === this.#window?.newest)
    if (newest !== undefined) this.#newest = markOf(newest)
  }

  /** Back to an earlier mark, of a log that goes on differently from there. */
  backTo(mark: Mark): void {
    this.#newest = mark
    this.#window = this.#known.upTo(BigInt(mark.id))
    this.#marks = this.#marks.filter(({ id }) => BigInt(id) < BigInt(mark.id))
  }

  /** Notes an event that the server gave; false where it was surely given before. Of an id far below the newest nobody here can know. */
  see(event: EventRecord): boolean {
    const seen = this.#known.see(BigInt(event.Id))
    if (seen === 'new') this.#newest = markOf(event)
    return seen === 'below' ? (fromLocal(event.DateTime, this.#zone) ?? 0) >= this.#began : seen !== 'seen'
  }

  /** A far look has ended; what happened before is looked for by its time no more. */
  lookedFar(at: number): void {
    this.#known.lookedFar()
    this.#looked = at
  }

  get #known(): Window {
    if (this.#window === null) throw new TypeError('nothing is known of this log yet')
    return this.#window
  }

  /** The newest one as well; of those of about the same distance from it, the nearest and the farthest. */
  #keepMark(): void {
    const newest = this.#newest
    if (newest === null || this.#marks[0]?.id === newest.id) return
    const all = [newest, ...this.#marks]
    const distances = all.map(({ id }) => (BigInt(newest.id) - BigInt(id)).toString(2).length)
    this.#marks = all.filter((_, at) => distances[at - 1] !== distances[at] || distances[at + 1] !== distances[at])
  }
}

function markOf({ Id: id, DateTime }: EventRecord): Mark {
  return { id, at: DateTime.slice(0, 40) }
}
