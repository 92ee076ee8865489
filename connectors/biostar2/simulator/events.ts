/** `POST /api/events/search`: conditions joined by AND, an order and a limit; there is no total. */

import { Refusal } from './envelope.ts'
import { type Condition, columnsOf, compareBy, conditionOf } from './event-conditions.ts'
import type { LoggedEvent } from './event-log.ts'
import { eventRow } from './event-rows.ts'
import { cappedLimit, flag, list, type Row, record, text, whole, wholeOr } from './input.ts'
import type { Answer, Call } from './route.ts'

export function searchEvents(call: Call): Answer {
  const { simulation } = call
  const { quirks, events } = simulation
  const query = queryOf(call)
  const columns = columnsOf(simulation)
  const conditions = list(query.conditions ?? []).map((sent) => conditionOf(record(sent), columns, quirks))
  const wishes = list(query.orders ?? []).map((sent) => record(sent))
  const order = wishes.map((wish) => compareBy(wish.column, flag(wish.descending ?? false), columns))
  const limit = cappedLimit(whole(query.limit), quirks.eventPageMax)
  const from = quirks.ignoreEventOffset ? 0 : wholeOr(query.offset, 0)
  const until = limit === 0 ? Number.POSITIVE_INFINITY : from + limit
  const found = quirks.ignoreEventOrder
    ? firstOf(events.events.toReversed(), conditions, until)
    : isStored(wishes)
      ? firstOf(events.events, conditions, until)
      : sorted(firstOf(events.events, conditions, Number.POSITIVE_INFINITY), order)
  const rows = found.slice(from, until).map((event) => eventRow(simulation, event))
  return { body: { EventCollection: { rows } } }
}

/** `Query` with its `limit`; where one of them is missing, builds before 2.9.4 log the caller out (`searchEndsSession`). */
function queryOf({ simulation, body, sessionId }: Call): Row {
  const query = record(body).Query
  const isWhole = query !== undefined && record(query).limit !== undefined
  if (!isWhole && simulation.quirks.searchEndsSession) {
    simulation.sessions.logout(sessionId)
    throw new Refusal('10', { status: 401 })
  }
  return record(query)
}

/** Whether what is asked for is the order of the log itself: then a page needs no look at what lies behind it. */
function isStored(wishes: readonly Row[]): boolean {
  const [first, ...others] = wishes
  // Without `orders` the order is not published; here it is that of the log.
  if (first === undefined) return true
  return others.length === 0 && text(first.column) === 'id' && !flag(first.descending ?? false)
}

function firstOf(events: readonly LoggedEvent[], conditions: readonly Condition[], wanted: number): LoggedEvent[] {
  const found: LoggedEvent[] = []
  for (const event of events) {
    if (found.length >= wanted) break
    if (conditions.every((holds) => holds(event))) found.push(event)
  }
  return found
}

function sorted(events: LoggedEvent[], order: readonly ((left: LoggedEvent, right: LoggedEvent) => number)[]) {
  return events.sort((left, right) => {
    for (const compare of order) {
      const difference = compare(left, right)
      if (difference !== 0) return difference
    }
    return 0
  })
}
