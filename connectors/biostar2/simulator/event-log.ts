/** The append-only event log: what happened at doors, readers and the server, with the keys BioStar gives an event. */

export interface LoggedEvent {
  id: number
  code: number
  atMs: number
  /** When the server stored it; later than `atMs` when the reader was offline. */
  storedMs: number
  deviceId: number
  /** Grows per device. */
  index: number
  doorId: number | null
  userId: string | null
  userName: string
  userGroupId: number | null
  /** Somebody was changed at a reader, not at the server. */
  byDevice?: boolean
}

/** Event codes of the console's own list that this simulator raises. */
export const eventCode = {
  loginLocked: 4001,
  deviceLost: 4095,
  grantedCard: 4102,
  unknownCard: 4354,
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

export class EventLog {
  readonly events: LoggedEvent[] = []
  #lastId = 0

  store(event: NewEvent, storedMs: number): LoggedEvent {
    const stored = { ...event, id: ++this.#lastId, storedMs }
    this.events.push(stored)
    return stored
  }
}

/** 30 digits: epoch seconds, device id and device log index, ten digits each. */
export function eventKey(event: LoggedEvent): string {
  const seconds = Math.floor(event.atMs / 1000)
  return [seconds, event.deviceId, event.index].map((part) => String(part).padStart(10, '0')).join('')
}
