/** Reads the event log of the server row by row, from where it stopped: the one way in which nothing is passed over. */
import type { Context } from '../../../src/connector/contract.ts'
import type { Client, EventCondition } from '../client.ts'
import { ownFailure } from '../errors.ts'
import { cursorOf, type Place, type Reached, type Standing } from './cursor.ts'
import type { Pace } from './pace.ts'
import { type EventRecord, eventRecord } from './record.ts'

/** A batch takes no more. */
const pageRows = 1000
/** Rows so far behind the newest one are stored for good. */
const settledRows = 10_000
/** No server makes its pages so short. */
const shortPage = 10
/** How often what was reached is noted while it settles. */
const reachedMax = 8
/** Where the log is another one, what was written since so long before the last event that we know is read. */
const overlapMs = 2 * 3_600_000
/** How often it is asked whether the server numbers its rows anew. */
const askNumbersMs = 900_000

export interface Page {
  /** In the order of the log, without the one that the page begins at; those that were not settled yet come again. */
  readonly records: readonly EventRecord[]
  /** Rows that can't be told from one another. */
  readonly unreadable: number
  /** Rows were taken out of the log after this one and before the first of the page. */
  readonly lostAfter: number | null
}

/**
 * Rows are told apart by their numbers, which grow: events that a reader held back for days have new ones. The clock of the server may jump,
 * and the socket says what it likes; neither matters here.
 */
export class LogWalk {
  readonly #client: Client
  readonly #context: Context
  readonly #settleMs: number
  /** Where the next walk begins, and the cursor stands. */
  #settled: Place
  #reached: readonly Reached[]
  #askedNumbers = Number.NEGATIVE_INFINITY
  /** The server has numbered its rows anew, and the old ones may still be there. */
  #isBeside = false

  constructor(client: Client, context: Context, { settleMs }: Pick<Pace, 'settleMs'>, from: Standing) {
    this.#client = client
    this.#context = context
    this.#settleMs = settleMs
    this.#settled = from.settled
    this.#reached = from.reached
  }

  /** The end of the log, as it is now. */
  static async end(client: Client, signal: AbortSignal): Promise<Standing> {
    const newest = await newestOf(client, signal)
    return { settled: newest === null ? beginning : placeAt(newest, null), reached: [] }
  }

  get cursor(): string {
    return cursorOf({ settled: this.#settled, reached: this.#reached })
  }

  /**
   * One walk from the cursor to the end of the log, at least one page, which may be empty. Rows that are not settled yet come again in
   * the next walk. `cursor` has moved with each page by the time that it is given.
   */
  async *pages(signal: AbortSignal): AsyncGenerator<Page> {
    if (await this.#isNumberedAnew(signal)) {
      this.#isBeside = true
      yield* this.#otherLog(signal)
      return
    }
    const from = this.#settled
    let settledRow = this.#settledRow()
    const since = this.#isBeside ? timeBefore(from.time) : null
    let { row: at, key } = from
    let top = at
    for (let page = 0; page === 0 || at < top; page += 1) {
      const rows = await this.#rowsFrom(at, since, signal)
      if (page === 0 && isOtherLog(from, rows)) {
        yield* this.#otherLog(signal)
        return
      }
      const last = rows.records.at(-1)
      if (page === 0 && numberOf(last, at) > at) {
        // What comes while we walk is for the next walk: else a busy server would be asked without end.
        top = (await newestOf(this.#client, signal))?.row ?? at
        // A long way to go: what lies far behind the end need not be read twice.
        settledRow = Math.max(settledRow, top - settledRows)
      }
      for (const record of rows.records)
        if (record.row !== null && record.row <= settledRow) this.#settled = placeAt(record, this.#settled.time)
      const end = numberOf(last, at)
      this.#note(end, end <= at || end >= top)
      yield {
        records: rows.records.filter((record) => record.row !== at || record.key !== key),
        unreadable: rows.unreadable,
        lostAfter: page === 0 && wasCut(from, rows) ? from.row : null,
      }
      if (end <= at) break
      at = end
      key = last?.key ?? null
    }
  }

  /** Whatever lies up to here was there long enough ago that all of it shows by now. */
  #settledRow(): number {
    const long = this.#context.now().getTime() - this.#settleMs
    return this.#reached.findLast(({ at }) => at <= long)?.row ?? this.#settled.row
  }

  /** Notes what was reached, a few times while it settles, so that even walks that are cut short again and again get on. */
  #note(row: number, isEnd: boolean): void {
    const now = this.#context.now().getTime()
    // A clock of ours that was ahead must not keep anything from settling.
    const open = this.#reached
      .filter((each) => each.row > this.#settled.row)
      .map((each) => ({ row: each.row, at: Math.min(each.at, now) }))
    const last = open.at(-1)
    const isNews = row > (last?.row ?? this.#settled.row)
    const isDue = last === undefined || now - last.at >= this.#settleMs / reachedMax
    if (!isNews || !(isDue || isEnd)) this.#reached = open
    // Where there are many, the newest gives way: the oldest settles first.
    else this.#reached = [...open.slice(0, 2 * reachedMax - 1), { row, at: now }]
  }

  /**
   * The server was restored, emptied or set up anew, or begins its numbers anew at times: what it wrote down since shortly before the last
   * event that we know is read, whatever its numbers are, and the walk goes on from the latest of that.
   */
  async *#otherLog(signal: AbortSignal): AsyncGenerator<Page> {
    this.#context.log('warn', 'events.other-log')
    const since = timeBefore(this.#settled.time)
    let latest: EventRecord | null = null
    for (let at = -1, longest = 0; ; ) {
      const rows = await this.#rowsFrom(at, since, signal)
      yield { ...rows, lostAfter: null }
      for (const record of rows.records)
        if (latest === null || (record.serverTime ?? '') >= (latest.serverTime ?? '')) latest = record
      const end = numberOf(rows.records.at(-1), at)
      // A page that is short is the last one: what comes now is for the next walk.
      if (end <= at || rows.records.length < longest || rows.records.length <= shortPage) break
      longest = Math.max(longest, rows.records.length)
      at = end
    }
    // Nothing since then: all of what is there may be new to us.
    this.#settled = latest === null ? beginning : placeAt(latest, null)
    this.#reached = []
  }

  /**
   * Whether there is a row with a lower number than we stand at that was written later than any that we know. Only asked now and then: it
   * may cost the server more than a page.
   */
  async #isNumberedAnew(signal: AbortSignal): Promise<boolean> {
    const { row, time } = this.#settled
    const isKnown = !this.#isBeside && performance.now() - this.#askedNumbers < askNumbersMs
    if (time === null || isKnown) return false
    const conditions = [above('server_datetime', time), { column: 'id', operator: 6, values: [String(row)] }] as const
    const rows = await this.#client.searchEvents({ limit: 1, conditions }, signal)
    this.#askedNumbers = performance.now()
    return rows.some((each) => isLater(eventRecord(each), this.#settled))
  }

  /** A page with this row and what follows it: so each page shows that it joins the one before. */
  async #rowsFrom(row: number, since: string | null, signal: AbortSignal): Promise<Omit<Page, 'lostAfter'>> {
    const conditions = [
      above('id', String(Math.max(row - 1, 0))),
      ...(since === null ? [] : [above('server_datetime', since)]),
    ]
    const rows = await this.#client.searchEvents({ limit: pageRows, conditions }, signal)
    const all = rows.flatMap((each) => eventRecord(each) ?? [])
    // The one before us, where 'greater' should take in the value itself.
    const records = all.filter((record) => numberOf(record, row) !== row - 1)
    if (records.some((record, n) => numberOf(record, 0) < numberOf(records[n - 1], -1))) {
      // Part of the log in an order of its own: what is on other pages, nobody knows.
      throw ownFailure(
        'rejected',
        'biostar2.events-unsorted',
        'The server does not sort its event log by row: that takes version 2.7.14 or newer.',
      )
    }
    if (records.some((record) => numberOf(record, row) < row)) {
      throw ownFailure(
        'rejected',
        'biostar2.events-unfiltered',
        'The server does not search its event log by row: its events can not be followed without losing some.',
      )
    }
    return { records, unreadable: rows.length - all.length }
  }
}

const beginning: Place = { row: 0, key: null, time: null }

async function newestOf(client: Client, signal: AbortSignal): Promise<EventRecord | null> {
  const query = { limit: 1, conditions: [above('id', '0')], newestFirst: true }
  const [newest] = await client.searchEvents(query, signal)
  return newest === undefined ? null : eventRecord(newest)
}

function above(column: EventCondition['column'], value: string): EventCondition {
  return { column, operator: 5, values: [value] }
}

/** Rows without a number would come out of every search, and move no cursor. `none` is the answer for no record. */
function numberOf(record: EventRecord | undefined, none: number): number {
  if (record === undefined) return none
  if (record.row !== null) return record.row
  throw ownFailure('transient', 'biostar2.unexpected-answer', 'An event of the log has no row.')
}

function placeAt({ row, key, serverTime }: EventRecord, time: string | null): Place {
  return { row: row ?? 0, key, time: (serverTime ?? '') > (time ?? '') ? serverTime : time }
}

/** Another event in our row, or an end before it: no log that only grows shows that. */
function isOtherLog({ row, key }: Place, { records }: Pick<Page, 'records'>): boolean {
  if (key === null) return false
  const same = records.filter((record) => record.row === row)
  return same.length === 0 ? records.length === 0 : same.every((record) => record.key !== key)
}

/** Our row is gone, later ones are there, and there was room for others between. */
function wasCut({ row, key }: Place, { records }: Pick<Page, 'records'>): boolean {
  const first = records[0]?.row
  return key !== null && typeof first === 'number' && first > row + 1
}

function isLater(record: EventRecord | null, { row, time }: Place): boolean {
  return record !== null && record.row !== null && record.row < row && (record.serverTime ?? '') > (time ?? '')
}

function timeBefore(time: string | null): string | null {
  const moment = Date.parse(time ?? '')
  return Number.isNaN(moment) ? null : new Date(moment - overlapMs).toISOString()
}
