/** A card held to a reader: the reader decides alone and the event is logged. */
import { eventCode, type LoggedEvent, type NewEvent } from './event-log.ts'
import type { Door } from './model.ts'
import type { Simulation } from './simulation.ts'

export interface Swipe {
  /** The number on the card. */
  card_id: string
  /** Name or id of the door. */
  door: string | number
}

export interface SwipeResult {
  granted: boolean
  /** Event code: 4102 granted, 4354 unknown card, 6401 no right, 6402 disabled, 6403 expired, 6404 blocked. */
  code: number
  door: string
  device: number
  /** Who the reader took the holder of the card for. */
  userId: string | null
  /** The stored event; null while the reader is offline, it comes on return. */
  event: LoggedEvent | null
}

/** Throws a TypeError when there is no such door. */
export function swipe(simulation: Simulation, { card_id, door: wanted }: Swipe): SwipeResult {
  const { clock, quirks, sync, world } = simulation
  const door = doorOf(simulation, wanted)
  const device = sync.device(door.entryDeviceId)
  const atMs = clock.now()
  const decision = device.decide(String(card_id), door.id, atMs, quirks)
  const known = decision.userId === null ? undefined : device.users.get(decision.userId)
  const locked = decision.granted && door.mode === 'locked'
  const code = locked ? eventCode.denied : decision.code
  const event: NewEvent = {
    code,
    atMs,
    deviceId: device.id,
    index: device.nextIndex(),
    doorId: door.id,
    userId: decision.userId,
    userName: known?.name ?? '',
    userGroupId: known && world.userGroups.has(known.userGroupId) ? known.userGroupId : null,
  }
  const stored = sync.report(event, device)
  const granted = decision.granted && !locked
  if (granted) {
    const opened = { ...event, userId: null, userName: '', userGroupId: null, index: device.nextIndex() }
    sync.report({ ...opened, code: eventCode.unlocked }, device)
  }
  return { granted, code, door: door.name, device: device.id, userId: decision.userId, event: stored }
}

/** The door of this name or id. Throws a TypeError when there is none. */
export function doorOf({ world }: Simulation, wanted: string | number): Door {
  for (const door of world.doors.values()) {
    if (door.name === wanted || String(door.id) === String(wanted)) return door
  }
  throw new TypeError(`no such door: ${wanted}`)
}
