/** Doors: reading them, their state, and the commands of the control room. */
import type { Fields } from './dialects.ts'
import { eventCode, nobody } from './event-log.ts'
import { idIn, list, order, type Row, record, text, whole, wholeOr } from './input.ts'
import type { Door, DoorMode } from './model.ts'
import type { Answer, Call } from './route.ts'
import type { Simulation } from './simulation.ts'

const rootDoorGroup = { id: 1, name: 'All Doors' }

/** `GET /api/doors` */
export function listDoors({ simulation, query }: Call): Answer {
  return page(simulation, {
    limit: query.get('limit'),
    offset: query.get('offset'),
    order_by: query.get('order_by'),
    search_text: query.get('search_text') ?? '',
  })
}

/** `POST /api/v2/doors/search` */
export function searchDoors({ simulation, body }: Call): Answer {
  return page(simulation, record(body))
}

export function readDoor({ simulation, id }: Call): Answer {
  return { body: { Door: doorRow(simulation, simulation.world.door(whole(id))) } }
}

/** `GET /api/door_groups` and `POST /api/v2/door_groups/search`: only the root exists here. */
export function listDoorGroups(): Answer {
  return { body: { DoorGroupCollection: { total: 1, rows: [rootDoorGroup] } } }
}

function page(simulation: Simulation, sent: Row): Answer {
  const { field, descending } = order(sent.order_by, ['id', 'name'], 'id')
  const wanted = text(sent.search_text ?? '').toLowerCase()
  const doors = [...simulation.world.doors.values()].filter((door) => door.name.toLowerCase().includes(wanted))
  if (field === 'name') doors.sort((left, right) => (left.name < right.name ? -1 : 1))
  if (descending) doors.reverse()
  const offset = wholeOr(sent.offset, 0)
  const limit = wholeOr(sent.limit, 0)
  const shown = doors.slice(offset, limit === 0 ? undefined : offset + limit)
  return { body: { DoorCollection: { total: doors.length, rows: shown.map((door) => doorRow(simulation, door)) } } }
}

function doorRow({ sync }: Simulation, door: Door): Fields {
  const device = sync.device(door.entryDeviceId)
  return {
    id: door.id,
    name: door.name,
    description: door.description,
    door_group_id: rootDoorGroup,
    open_timeout: 10,
    open_duration: 3,
    open_once: false,
    unconditional_lock: true,
    entry_device_id: { id: device.id, name: device.name },
    relay_output_id: { device_id: { id: device.id }, relay_index: 0 },
  }
}

/** `POST /api/doors/status`; "1"/"0" for `unlocked`, as seen on a live BioStar X. */
export function readDoorStatus({ simulation: { world }, body }: Call): Answer {
  const sent = record(body).DoorCollection
  const doors = sent === undefined ? [...world.doors.values()] : doorsIn(world, record(sent))
  const rows = doors.map((door) => ({
    door_id: { id: door.id, name: door.name },
    unlocked: door.mode === 'unlocked' ? 1 : 0,
    opened: 0,
  }))
  return { body: { DoorStatusCollection: { total: rows.length, rows } } }
}

interface Command {
  request: number
  effects: readonly number[]
  mode: DoorMode | null
}

const commands = {
  open: { request: eventCode.openRequest, effects: [eventCode.unlocked, eventCode.locked], mode: null },
  unlock: { request: eventCode.unlockRequest, effects: [eventCode.operatorUnlock], mode: 'unlocked' },
  lock: { request: eventCode.lockRequest, effects: [eventCode.operatorLock], mode: 'locked' },
  release: { request: eventCode.releaseRequest, effects: [eventCode.released], mode: 'normal' },
} satisfies Record<string, Command>

/** `POST /api/doors/{open,unlock,lock,release}`: overall success says nothing about a door, its row does. */
export function commandDoors(name: keyof typeof commands) {
  return ({ simulation, body }: Call): Answer => {
    const doors = doorsIn(simulation.world, record(record(body).DoorCollection))
    const rows = doors.map((door) => ({ id: door.id, code: obey(simulation, door, commands[name]) }))
    return { body: { DoorResponse: { rows } } }
  }
}

function obey({ sync, clock }: Simulation, door: Door, command: Command): string {
  const device = sync.device(door.entryDeviceId)
  const event = { atMs: device.timeAt(clock.now()), deviceId: device.id, doorId: door.id, ...nobody }
  if (device.condition === 'offline') return '1001'
  for (const code of [command.request, ...command.effects]) {
    sync.report({ ...event, code, index: device.nextIndex() }, device)
  }
  if (command.mode !== null) door.mode = command.mode
  return '0'
}

function doorsIn(world: Simulation['world'], sent: Row): Door[] {
  return list(sent.rows).map((row) => world.door(idIn(row)))
}
