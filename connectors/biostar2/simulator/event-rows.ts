/** One event as the two ways of getting it show it: the row of a search, and the frame of the live socket. */
import { type Fields, serialise, v1Moment } from './dialects.ts'
import { eventKey, type LoggedEvent } from './event-log.ts'
import { describedType } from './event-types.ts'
import type { Simulation } from './simulation.ts'

const minuteMs = 60_000

/** A row of the search. `server_datetime` is local time behind a false Z; of the event type there is the code alone. */
export function eventRow(simulation: Simulation, event: LoggedEvent): Fields {
  const group = event.userGroupId === null ? undefined : simulation.world.userGroups.get(event.userGroupId)
  const { userId, userName } = event
  return {
    id: event.id,
    ...told(simulation, event),
    user_id_name: userId === null ? undefined : `${userId}(${userName})`,
    user_group_id: group ? { id: group.id, name: group.name } : undefined,
    door_id: doorOf(simulation, event, 'array'),
    event_type_id: { code: event.code },
    user_update_by_device: event.byDevice ?? false,
    hint: eventKey(event),
  }
}

/** The text of a frame: its `Event.id` is the 30 digits that a search calls `hint`. All scalars are strings. */
export function eventFrame(simulation: Simulation, event: LoggedEvent): string {
  const id = eventKey(event)
  const shown: Fields = {
    id,
    ...told(simulation, event),
    door_id: doorOf(simulation, event, simulation.quirks.socketDoor),
    event_type_id: describedType(event.code),
    // Its meaning is not published, nor its values.
    event_priority: 0,
  }
  return serialise({ Event: shown, id }, 'v1', simulation.quirks.emptyLists)
}

/** What both have in common. */
function told(simulation: Simulation, event: LoggedEvent): Fields {
  const { sync, options } = simulation
  const device = sync.devices.get(event.deviceId)
  const zoneMinutes = device?.zoneMinutes ?? options.serverOffsetMinutes
  return {
    server_datetime: v1Moment(event.storedMs + options.serverOffsetMinutes * minuteMs),
    datetime: v1Moment(event.atMs),
    index: event.index,
    user_id: userCell(simulation, event),
    device_id: { id: event.deviceId, name: device?.name },
    tna_key: event.tnaKey ?? 0,
    parameter: event.parameter ?? -1,
    is_dst: device?.isDst ? 1 : 0,
    timezone: {
      half: zoneMinutes % 60 === 0 ? 0 : 1,
      hour: Math.floor(Math.abs(zoneMinutes) / 60),
      negative: zoneMinutes < 0 ? 1 : 0,
    },
    temperature: event.temperature ?? 0,
  }
}

/** Whom the event names: somebody, or the number of a card that nobody has, or nobody. */
function userCell({ world, quirks }: Simulation, event: LoggedEvent): Fields | '' | undefined {
  const { userId, userName, unknownCard } = event
  if (userId !== null) {
    return { user_id: userId, name: userName, photo_exists: (world.users.get(userId)?.photo ?? '') !== '' }
  }
  if (unknownCard !== undefined && quirks.failedCard !== 'hidden') {
    const wrong = quirks.failedCard === 'number-named' ? world.users.get(unknownCard)?.name : undefined
    return { user_id: unknownCard, name: wrong }
  }
  return { absent: undefined, object: {}, text: '' as const }[quirks.eventWithoutUser]
}

/** The user id that a search finds the event by; '' where it shows none. */
export function shownUserId({ quirks }: Simulation, { userId, unknownCard }: LoggedEvent): string {
  return userId ?? (quirks.failedCard === 'hidden' ? '' : (unknownCard ?? ''))
}

function doorOf({ world }: Simulation, { doorId }: LoggedEvent, shape: 'array' | 'object' | 'absent') {
  const door = doorId === null || shape === 'absent' ? undefined : world.doors.get(doorId)
  if (!door) return undefined
  const cell = { id: door.id, name: door.name }
  return shape === 'array' ? [cell] : cell
}
