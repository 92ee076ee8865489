/** Somebody at a reader, with a card, a finger, a face or a number: the reader decides alone and the event is logged. */
import type { Decision, Device, KnownUser } from './device.ts'
import { eventCode, type LoggedEvent, type NewEvent, nobody } from './event-log.ts'
import type { Door } from './model.ts'
import type { Simulation } from './simulation.ts'

export interface Swipe {
  /** The number on the card. Absent where somebody comes with a finger, a face or their user id and PIN. */
  card_id?: string
  /** Whose finger or face it is, or whose id is typed in. */
  user?: string
  /** What is presented: `card` if absent. */
  method?: SwipeMethod
  /** Name or id of the door. */
  door: string | number
  /** The key of time and attendance that was pressed; 0, none, if absent. */
  tnaKey?: number
  /** With a duress finger or signal: whoever gets in gets in, and the event says that it was under threat. */
  duress?: boolean
}

export type SwipeMethod = keyof typeof methods

export interface SwipeResult {
  granted: boolean
  /** Event code: that of the method when granted, 6401 no right, 6402 disabled, 6403 expired, 6404 blocked, or what is unknown. */
  code: number
  door: string
  device: number
  /** Who the reader took the holder of the card for. */
  userId: string | null
  /** The stored event; null while the reader is offline, it comes on return. */
  event: LoggedEvent | null
}

interface Method {
  granted: number
  /** The reader does not know whose that is. */
  unknown: number
  /** Which of the people it knows have such a thing; absent for cards. */
  has?: (known: KnownUser) => boolean
}

const methods = {
  card: { granted: eventCode.grantedCard, unknown: eventCode.unknownCard },
  'card-pin': { granted: eventCode.grantedCardPin, unknown: eventCode.unknownCard },
  mobile: { granted: eventCode.grantedMobile, unknown: eventCode.unknownMobile },
  qr: { granted: eventCode.grantedQr, unknown: eventCode.unknownQr },
  fingerprint: {
    granted: eventCode.grantedFinger,
    unknown: eventCode.unknownFinger,
    has: ({ fingerprints }) => fingerprints > 0,
  },
  face: {
    granted: eventCode.grantedFace,
    unknown: eventCode.unknownFace,
    has: ({ faces, visualFaces }) => faces + visualFaces > 0,
  },
  'id-pin': { granted: eventCode.grantedIdPin, unknown: eventCode.unknownId, has: () => true },
} as const satisfies Record<string, Method>

/** The codes of duress lie two families above those of a success, 0x10 to 0x12 and 0x13 to 0x15, method for method. */
const duressAbove = 0x200

/** Throws a TypeError when there is no such door or method, or when what the method needs is missing. */
export function swipe(simulation: Simulation, wanted: Swipe): SwipeResult {
  const { clock, sync, world } = simulation
  const door = doorOf(simulation, wanted.door)
  const device = sync.device(door.entryDeviceId)
  const atMs = device.timeAt(clock.now())
  const decision = decide(simulation, wanted, device, door, atMs)
  const known = decision.userId === null ? undefined : device.users.get(decision.userId)
  const locked = decision.granted && door.mode === 'locked'
  const granted = decision.granted && !locked
  const method: Method = methodOf(wanted)
  const success = method.granted + (wanted.duress ? duressAbove : 0)
  const code = granted ? success : locked ? eventCode.denied : decision.code
  const isUnknownCard = decision.userId === null && wanted.card_id !== undefined
  const event: NewEvent = {
    code,
    atMs,
    deviceId: device.id,
    index: device.nextIndex(),
    doorId: door.id,
    userId: decision.userId,
    userName: known?.name ?? '',
    userGroupId: known && world.userGroups.has(known.userGroupId) ? known.userGroupId : null,
    ...(wanted.tnaKey === undefined ? {} : { tnaKey: wanted.tnaKey }),
    ...(isUnknownCard ? { unknownCard: String(wanted.card_id) } : {}),
  }
  const stored = sync.report(event, device)
  if (granted) {
    const { deviceId, doorId } = event
    sync.report({ code: eventCode.unlocked, atMs, deviceId, doorId, index: device.nextIndex(), ...nobody }, device)
  }
  return { granted, code, door: door.name, device: device.id, userId: decision.userId, event: stored }
}

function decide({ quirks }: Simulation, wanted: Swipe, device: Device, door: Door, atMs: number): Decision {
  const method: Method = methodOf(wanted)
  if (method.has === undefined) {
    if (wanted.card_id === undefined) throw new TypeError('card_id is missing')
    const decision = device.decideCard(String(wanted.card_id), door.id, atMs, quirks)
    return decision.code === eventCode.unknownCard ? { ...decision, code: method.unknown } : decision
  }
  if (wanted.user === undefined) throw new TypeError('user is missing')
  const known = device.users.get(wanted.user)
  if (!known || !method.has(known)) return { granted: false, code: method.unknown, userId: null }
  return device.decide(wanted.user, known, door.id, atMs, quirks)
}

function methodOf({ method = 'card' }: Swipe): Method {
  if (!Object.hasOwn(methods, method)) throw new TypeError(`no such method: ${method}`)
  return methods[method]
}

/** The door of this name or id. Throws a TypeError when there is none. */
export function doorOf({ world }: Simulation, wanted: string | number): Door {
  for (const door of world.doors.values()) {
    if (door.name === wanted || String(door.id) === String(wanted)) return door
  }
  throw new TypeError(`no such door: ${wanted}`)
}

/** The reader of this id, or that of the door of this name. Throws a TypeError when there is none. */
export function readerOf({ sync, world }: Simulation, wanted: string | number): Device {
  const door = [...world.doors.values()].find(({ name }) => name === wanted)
  const device = sync.devices.get(door?.entryDeviceId ?? Number(wanted))
  if (!device) throw new TypeError(`no such reader: ${wanted}`)
  return device
}
