/** `POST /api/events/search`: conditions joined by AND, an order and a limit; there is no total. */
import { Refusal } from './envelope.ts'
import type { LoggedEvent } from './event-log.ts'
import { eventRow, shownUserId } from './event-rows.ts'
import { cappedLimit, type Row, record, whole, wholeOr } from './input.ts'
import { select } from './query.ts'
import type { Columns } from './query-conditions.ts'
import type { Answer, Call } from './route.ts'
import type { Simulation } from './simulation.ts'

const minuteMs = 60_000

export function searchEvents(call: Call): Answer {
  const { simulation } = call
  const { quirks, events } = simulation
  const query = queryOf(call)
  const found = select(events.events, {
    query,
    columns: columnsOf(simulation),
    limit: cappedLimit(whole(query.limit), quirks.eventPageMax),
    offset: quirks.ignoreEventOffset ? 0 : wholeOr(query.offset, 0),
    quirks,
  })
  return { body: { EventCollection: { rows: found.map((event) => eventRow(simulation, event)) } } }
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

/** Column names of the vendor's support article on retrieving event logs, and the three that clients use besides. `tna_key` is none. */
function columnsOf(simulation: Simulation): Columns<LoggedEvent> {
  const aheadMs = simulation.options.serverOffsetMinutes * minuteMs
  return {
    id: { read: ({ id }) => id },
    datetime: { read: ({ atMs }) => atMs, isMoment: true },
    server_datetime: { read: ({ storedMs }) => storedMs + aheadMs, isMoment: true },
    index: { read: ({ index }) => index },
    device_id: { read: ({ deviceId }) => deviceId },
    'device_id.id': { read: ({ deviceId }) => deviceId },
    'door_id.id': { read: ({ doorId }) => doorId },
    'event_type_id.code': { read: ({ code }) => code },
    'user_group_id.id': { read: ({ userGroupId }) => userGroupId },
    'user_id.user_id': { read: (event) => shownUserId(simulation, event), isPersonal: true },
  }
}
