/** Any event on demand, whatever its code and whether or not anything led to it. */
import { eventCode, type LoggedEvent, type NewEvent } from './event-log.ts'
import type { Simulation } from './simulation.ts'
import { doorOf, readerOf } from './swipe.ts'

export interface Emission {
  /** One of the vendor's list or any other number: a server may be older than its readers. */
  code: number
  /** Name or id of the door that the event names; its reader logs it. */
  door?: string | number
  /** The reader that logs it, by its id or by the name of its door. Without door and reader the server itself does. */
  device?: string | number
  /** Whom the event names; somebody who is gone, or never was, has no name. */
  user?: string
  /** Number of a card that nobody has. */
  unknownCard?: string
  tnaKey?: number
  parameter?: number
  temperature?: number
  byDevice?: boolean
  /** ISO moment at which it happened, by the clock of the reader; now if absent. */
  at?: string
}

/** Stores the event, and null while its reader is offline: it comes on return. Throws a TypeError on unknown doors and readers, and on a code that is no number. */
export function emit(simulation: Simulation, wanted: Emission): LoggedEvent | null {
  const { clock, events, sync, world } = simulation
  if (!Number.isInteger(wanted.code)) throw new TypeError('code is a whole number')
  const door = wanted.door === undefined ? null : doorOf(simulation, wanted.door)
  const user = wanted.user === undefined ? undefined : world.users.get(wanted.user)
  const { unknownCard, tnaKey, parameter, temperature, byDevice } = wanted
  const told: Omit<NewEvent, 'atMs' | 'deviceId' | 'index' | 'doorId'> = {
    code: wanted.code,
    userId: wanted.user ?? null,
    userName: user?.name ?? '',
    userGroupId: user?.groupId ?? null,
    ...(unknownCard === undefined ? {} : { unknownCard }),
    ...(tnaKey === undefined ? {} : { tnaKey }),
    ...(parameter === undefined ? {} : { parameter }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(byDevice === undefined ? {} : { byDevice }),
  }
  const reader = wanted.device ?? door?.entryDeviceId
  if (reader === undefined) return events.storeOfServer({ ...told, atMs: momentOf(wanted.at) ?? clock.now() })
  const device = readerOf(simulation, reader)
  const atMs = momentOf(wanted.at) ?? device.timeAt(clock.now())
  // That a reader is lost is noticed by the server, which is not offline.
  const noticed = wanted.code === eventCode.deviceLost
  const event = { ...told, atMs, deviceId: device.id, index: device.nextIndex(), doorId: door?.id ?? null }
  return noticed ? events.store(event, clock.now()) : sync.report(event, device)
}

function momentOf(at: string | undefined): number | null {
  if (at === undefined) return null
  const ms = Date.parse(at)
  if (Number.isNaN(ms)) throw new TypeError('at is no ISO moment')
  return ms
}
