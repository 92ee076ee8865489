/** `POST /api/events/search`: conditions joined by AND, an order and a limit; there is no total. */
import { type Fields, v1Moment } from './dialects.ts'
import { Refusal } from './envelope.ts'
import { eventKey, type LoggedEvent } from './event-log.ts'
import { flag, list, moment, type Row, record, text, whole, wholeOr } from './input.ts'
import type { Answer, Call } from './route.ts'
import type { Simulation } from './simulation.ts'

type Reading = (event: LoggedEvent) => string | number

const minuteMs = 60_000

/** Column names of the vendor's support article on retrieving event logs, and the few that clients use besides. */
function columns(offsetMinutes: number): Record<string, Reading> {
  return {
    id: (event) => event.id,
    datetime: (event) => event.atMs,
    server_datetime: (event) => event.storedMs + offsetMinutes * minuteMs,
    index: (event) => event.index,
    device_id: (event) => event.deviceId,
    'device_id.id': (event) => event.deviceId,
    'door_id.id': (event) => event.doorId ?? '',
    'event_type_id.code': (event) => event.code,
    'user_group_id.id': (event) => event.userGroupId ?? '',
    'user_id.user_id': (event) => event.userId ?? '',
  }
}

export function searchEvents({ simulation, body }: Call): Answer {
  const query = record(record(body).Query)
  const limit = whole(query.limit)
  const known = columns(simulation.options.serverOffsetMinutes)
  const conditions = list(query.conditions ?? []).map((condition) => compile(record(condition), known))
  const found = simulation.events.events.filter((event) => conditions.every((holds) => holds(event)))
  for (const wish of list(query.orders ?? []).reverse()) {
    const read = reading(record(wish).column, known)
    const sign = flag(record(wish).descending ?? false) ? -1 : 1
    found.sort((left, right) => sign * compare(read(left), read(right)))
  }
  const offset = simulation.quirks.ignoreEventOffset ? 0 : wholeOr(query.offset, 0)
  const rows = found.slice(offset, limit === 0 ? undefined : offset + limit)
  return { body: { EventCollection: { rows: rows.map((event) => eventRow(simulation, event)) } } }
}

function reading(column: unknown, known: Record<string, Reading>): Reading {
  const read = known[text(column)]
  if (!read) throw new Refusal('30')
  return read
}

function compile(condition: Row, known: Record<string, Reading>): (event: LoggedEvent) => boolean {
  const column = text(condition.column)
  const read = reading(column, known)
  const sent = condition.values
  if (!Array.isArray(sent)) throw new Refusal('30')
  const values = sent.map((value: unknown) => operand(column, value))
  const [first, second] = values
  if (first === undefined) throw new Refusal('30')
  switch (whole(condition.operator)) {
    case 0:
      return (event) => compare(read(event), first) === 0
    case 1:
      return (event) => compare(read(event), first) !== 0
    case 2:
      return (event) => values.some((value) => compare(read(event), value) === 0)
    case 3:
      if (second === undefined) throw new Refusal('30')
      return (event) => compare(read(event), first) >= 0 && compare(read(event), second) <= 0
    case 4:
      return (event) => String(read(event)).includes(String(first))
    case 5:
      return (event) => compare(read(event), first) > 0
    case 6:
      return (event) => compare(read(event), first) < 0
    default:
      throw new Refusal('30')
  }
}

function operand(column: string, value: unknown): string | number {
  return column === 'datetime' || column === 'server_datetime' ? moment(value) : text(value)
}

/** Numbers by value even when one of them was sent as text. */
function compare(left: string | number, right: string | number): number {
  const numeric = left !== '' && right !== '' && !Number.isNaN(Number(left)) && !Number.isNaN(Number(right))
  const difference = numeric ? Number(left) - Number(right) : 0
  return numeric ? difference : String(left) < String(right) ? -1 : String(left) > String(right) ? 1 : 0
}

/** One event as the search shows it; `server_datetime` is local time behind a false Z. */
function eventRow({ world, sync, options }: Simulation, event: LoggedEvent): Fields {
  const offset = options.serverOffsetMinutes
  const device = sync.devices.get(event.deviceId)
  const door = event.doorId === null ? undefined : world.doors.get(event.doorId)
  const group = event.userGroupId === null ? undefined : world.userGroups.get(event.userGroupId)
  return {
    id: event.id,
    server_datetime: v1Moment(event.storedMs + offset * minuteMs),
    datetime: v1Moment(event.atMs),
    index: event.index,
    user_id_name: event.userId === null ? undefined : `${event.userId}(${event.userName})`,
    user_id: event.userId === null ? undefined : { user_id: event.userId, name: event.userName, photo_exists: false },
    user_group_id: group ? { id: group.id, name: group.name } : undefined,
    device_id: { id: event.deviceId, name: device?.name },
    door_id: door ? [{ id: door.id, name: door.name }] : undefined,
    event_type_id: { code: event.code },
    tna_key: 0,
    parameter: -1,
    is_dst: 0,
    timezone: {
      half: offset % 60 === 0 ? 0 : 1,
      hour: Math.floor(Math.abs(offset) / 60),
      negative: offset < 0 ? 1 : 0,
    },
    user_update_by_device: event.byDevice ?? false,
    hint: eventKey(event),
  }
}
