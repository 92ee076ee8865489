/** Finds events by person, door, card, time, type or class, the newest first: day after day back, in growing steps, until the page is full. */
import type { Card } from '../model/card.ts'
import { classOf, type EventClass, type EventType } from '../model/events/types.ts'
import type { PersonId } from '../model/id.ts'
import { type EventFilter, type EventPlace, findRows, oldestMonth } from '../store/events/find.ts'
import { boundsOf } from '../store/events/months.ts'
import { newsOfSources } from '../store/events/source-row.ts'
import type { EventRow } from '../store/guards.ts'
import type { EventsContext } from './context.ts'
import { dayOf, earlyMs, lateMs } from './filing.ts'
import type { LoggedEvent } from './logged-event.ts'
import { type FormerRange, openRows } from './open-rows.ts'
import { tell } from './tell.ts'

export interface EventQuestion {
  readonly source?: string
  readonly person?: PersonId
  /** Whoever showed it, or nobody whom we know. */
  readonly card?: Card
  /** By the system's own id. */
  readonly door?: { readonly source: string; readonly id: string }
  readonly type?: EventType
  readonly class?: EventClass
  /** Only cards that are nobody's. */
  readonly strangeCards?: boolean
  /** Happened then or later, and before: by what they are filed under. */
  readonly from?: Date
  readonly to?: Date
}

export interface FoundEvents {
  readonly events: readonly LoggedEvent[]
  /** Where the next page begins; null: there is nothing more. */
  readonly next: EventPlace | null
  /** Of people who were erased: they would be on this page, and open no more. */
  readonly erased: number
}

const dayMs = 86_400_000
/** PostgreSQL takes longer to plan a query over the months of a step than to run it: a few large steps are faster than many small ones. */
const stepDaysMax = 128

/** `after`: the `next` of the page before; null: from the newest on. At most `limit` events. @throws what `pg` throws. */
export async function findEvents(
  context: EventsContext,
  question: EventQuestion,
  after: EventPlace | null,
  limit: number,
): Promise<FoundEvents> {
  const { database } = context
  const { pool } = database
  const [oldest, former] = await Promise.all([oldestMonth(pool), formerRanges(context)])
  if (oldest === null) return { events: [], next: null, erased: 0 }
  const begin = Math.max(boundsOf(oldest)[0].getTime() - lateMs, question.from?.getTime() ?? 0)
  let end = Math.min(context.now().getTime() + 2 * earlyMs, question.to?.getTime() ?? Number.POSITIVE_INFINITY)
  if (after !== null) end = Math.min(end, after.at.getTime() + 1)
  let before = after
  let last = after
  const found: LoggedEvent[] = []
  let erased = 0
  for (let days = 1; end > begin; ) {
    const from = Math.max(begin, (dayOf(new Date(end - 1)) - days + 1) * dayMs)
    const span = {
      ...{ from: new Date(from), to: new Date(end) },
      ...{ receivedFrom: new Date(from - earlyMs), receivedTo: new Date(end + lateMs) },
    }
    const filter = filterOf(context, question, dayOf(span.from), dayOf(new Date(end - 1)))
    const wanted = limit + 1 - found.length
    const rows = await findRows(pool, filter, span, before, wanted)
    const opened = await openRows(context, rows, former)
    for (const source of new Set(opened.forged)) await tell(pool, context, 'events.forged', source)
    found.push(...opened.events)
    erased += opened.erased.length
    // The last row of all is one too many: the next page begins with it, and not with what was counted here and opens no more.
    if (found.length > limit) return { events: found.slice(0, limit), next: placeOf(rows.at(-2)) ?? last, erased }
    last = placeOf(rows.at(-1)) ?? last
    // This span has more: it goes on behind what was looked at.
    if (rows.length === wanted) before = last
    else {
      end = from
      before = null
      days = Math.min(days * 2, stepDaysMax)
    }
  }
  return { events: found, next: null, erased }
}

function placeOf(row: EventRow | undefined): EventPlace | null {
  return row === undefined ? null : { at: row.at, source: row.source, position: Number(row.position) }
}

function filterOf({ filing }: EventsContext, question: EventQuestion, firstDay: number, lastDay: number): EventFilter {
  const { source, person, card, door, type, class: of, strangeCards } = question
  const days = Array.from({ length: lastDay - firstDay + 1 }, (_, i) => firstDay + i)
  const daily = <T>(value: T | undefined, digests: (day: number, value: T) => readonly Buffer[]) =>
    value === undefined ? null : days.flatMap((day) => digests(day, value))
  return {
    source: source ?? null,
    class: type === undefined ? (of ?? null) : classOf(type),
    type: type ?? null,
    strangeCards: strangeCards === true,
    people: daily(person, filing.everyPerson),
    cards: daily(card, filing.everyCard),
    doors: daily(door, (day, of) => filing.everyDoor(day, of.source, of.id)),
  }
}

async function formerRanges({ database }: EventsContext): Promise<(source: string) => FormerRange> {
  const ranges = new Map(
    (await newsOfSources(database.pool)).map(({ source, renewedTo, formerTo }) => [
      source,
      { after: renewedTo, upTo: formerTo },
    ]),
  )
  return (source) => ranges.get(source) ?? { after: 0, upTo: 0 }
}
