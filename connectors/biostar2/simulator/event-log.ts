/** The append-only event log: what happened at doors, readers and the server, with the keys BioStar gives an event. */

export interface LoggedEvent {
  /** Grows with each event that is stored. */
  id: number
  code: number
  /** By the clock of the reader, in UTC. */
  atMs: number
  /** When the server stored it, by its own clock in UTC; later than `atMs` when the reader was offline. */
  storedMs: number
  deviceId: number
  /** Grows per device, and starts again when its log is wiped. */
  index: number
  doorId: number | null
  userId: string | null
  userName: string
  userGroupId: number | null
  /** Number of the card that belongs to nobody the reader knows. */
  unknownCard?: string
  /** Somebody was changed at a reader, not at the server. */
  byDevice?: boolean
  /** Key of time and attendance that was pressed: 0 none, 1 in, 2 out, 3 and 4 break, 5 and 6 meal. */
  tnaKey?: number
  parameter?: number
  /** Degrees, of a reader that measures. */
  temperature?: number
}

/** Event codes of the console's own list that this simulator raises by itself. */
export const eventCode = {
  loginLocked: 4001,
  deviceLost: 4095,
  grantedIdPin: 4097,
  grantedCard: 4102,
  grantedCardPin: 4103,
  grantedMobile: 4118,
  grantedQr: 4133,
  unknownId: 4353,
  unknownCard: 4354,
  unknownMobile: 4360,
  unknownQr: 4364,
  grantedFinger: 4865,
  grantedFace: 4867,
  unknownFinger: 5124,
  unknownFace: 5125,
  denied: 6400,
  noRight: 6401,
  disabled: 6402,
  expired: 6403,
  blacklisted: 6404,
  enrolled: 8192,
  enrolFailed: 8448,
  enrolFailedFull: 8451,
  updated: 8704,
  updateFailed: 8960,
  deleted: 9216,
  deleteFailed: 9472,
  updatedPartly: 10496,
  deviceConnected: 15104,
  logCleared: 16896,
  unlocked: 20480,
  locked: 20736,
  operatorLock: 23812,
  released: 23556,
  operatorUnlock: 24068,
  openRequest: 24320,
  unlockRequest: 24321,
  lockRequest: 24322,
  releaseRequest: 24323,
} as const

export type NewEvent = Omit<LoggedEvent, 'id' | 'storedMs'>

/** What an event of nobody in particular has. */
export const nobody = { userId: null, userName: '', userGroupId: null } as const

export class EventLog {
  readonly events: LoggedEvent[] = []
  /** Told of each event right after it was stored; `late` when a reader kept it while it was offline. */
  onStored: (event: LoggedEvent, late: boolean) => void = () => {}
  #lastId = 0
  #serverIndex = 0

  /** Stores an event; both moments become whole seconds, as in the key and in every sample of the vendor. */
  store(event: NewEvent, storedMs: number, late = false): LoggedEvent {
    const stored = { ...event, atMs: wholeSecond(event.atMs), id: ++this.#lastId, storedMs: wholeSecond(storedMs) }
    this.events.push(stored)
    this.onStored(stored, late)
    return stored
  }

  /** An event of the server itself, which stands in the log as device 0. */
  storeOfServer(event: Omit<NewEvent, 'deviceId' | 'index' | 'doorId'>): LoggedEvent {
    return this.store({ ...event, deviceId: 0, index: ++this.#serverIndex, doorId: null }, event.atMs)
  }
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

/** 30 digits: epoch seconds, device id and device log index, ten digits each. */
export function eventKey(event: Pick<LoggedEvent, 'atMs' | 'deviceId' | 'index'>): string {
  const seconds = Math.floor(event.atMs / 1000)
  return [seconds, event.deviceId, event.index].map((part) => String(part).padStart(10, '0')).join('')
}
