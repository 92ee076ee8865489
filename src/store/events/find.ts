/** Rows of the log by what they are filed under, the newest first, from one span of days at a time: no query looks into more months than that span needs. */
import type pg from 'pg'
import type { EventClass, EventType } from '../../model/events/types.ts'
import type { EventRow } from '../guards.ts'

/** Where a row stands in the list. */
export interface EventPlace {
  readonly at: Date
  readonly source: string
  readonly position: number
}

export interface EventSpan {
  /** Filed then or later, and before. */
  readonly from: Date
  readonly to: Date
  /** No row of that span was received earlier, or so late. */
  readonly receivedFrom: Date
  readonly receivedTo: Date
}

export interface EventFilter {
  readonly source: string | null
  readonly class: EventClass | null
  readonly type: EventType | null
  readonly strangeCards: boolean
  /** Any of these. */
  readonly people: readonly Buffer[] | null
  readonly cards: readonly Buffer[] | null
  readonly doors: readonly Buffer[] | null
}

/** A door that is asked for over more days at once had few events in those after: it is no busy one. */
const busyDaysMax = 16

/** What is not asked for is not in the text of the query: its plan is for this very question. */
export async function findRows(
  pool: pg.Pool,
  filter: EventFilter,
  { from, to, receivedFrom, receivedTo }: EventSpan,
  before: EventPlace | null,
  limit: number,
): Promise<readonly EventRow[]> {
  const { people, cards, doors } = filter
  const values: unknown[] = []
  const value = (given: unknown): string => `$${values.push(given)}`
  const conditions = [
    `at >= ${value(from)} and at < ${value(to)}`,
    `received_at >= ${value(receivedFrom)} and received_at < ${value(receivedTo)}`,
  ]
  if (before !== null)
    conditions.push(
      `(at, source, position) < (${value(before.at)}, ${value(before.source)}, ${value(before.position)}::bigint)`,
    )
  if (filter.source !== null) conditions.push(`source = ${value(filter.source)}`)
  if (filter.class !== null) conditions.push(`class = ${value(filter.class)}`)
  if (filter.type !== null) conditions.push(`type = ${value(filter.type)}`)
  if (filter.strangeCards) conditions.push('strange_card')
  if (people !== null) conditions.push(`person_digest = any(${value(people)}::bytea[])`)
  if (cards !== null) conditions.push(`card_digest = any(${value(cards)}::bytea[])`)
  const isOfBusyDoor = doors !== null && doors.length <= busyDaysMax && people === null && cards === null
  if (doors !== null) conditions.push(`door_digest = ${isOfBusyDoor ? 'day.door' : `any(${value(doors)}::bytea[])`}`)
  const chosen = `select * from event where ${conditions.join(' and ')}`
  const newest = `order by at desc, source desc, position desc limit ${value(limit)}`
  const { rows } = await pool.query<EventRow>(`select found.* from ${rowsFrom()} found ${newest}`, values)
  return rows

  function rowsFrom(): string {
    // Of a busy door, a day has many rows: no more are read than the page has. Written like this, only the index of doors has this order:
    // else PostgreSQL would rather go through the day by time, and hope to find the door often.
    if (isOfBusyDoor)
      return `unnest(${value(doors)}::bytea[]) as day (door)
                cross join lateral (${chosen} ${newest.replace('at desc', `at at time zone 'UTC' desc`)})`
    // Of anybody else, it has few: without `offset 0` PostgreSQL would rather go through all of the span by time, and hope to find enough.
    const isFew = people !== null || cards !== null || doors !== null
    return `(${chosen} ${isFew ? 'offset 0' : ''})`
  }
}

/** The first day of the oldest month that is kept; null when there is no event. */
export async function oldestMonth(pool: pg.Pool): Promise<string | null> {
  const { rows } = await pool.query<{ month: string | null }>(
    'select min(month) as month from event_month where forgotten_at is null',
  )
  return rows[0]?.month ?? null
}
