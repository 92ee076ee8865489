/** The controls of a running simulator, the same for tests in this process and for the side door. */
import type { SimulatorClock } from '../../simulator-parts/clock.ts'
import type { Latency } from '../../simulator-parts/gate.ts'
import type { Burst, BurstPlan } from './burst.ts'
import type { DeviceClock, DeviceCondition } from './device.ts'
import type { Emission } from './emit.ts'
import type { LoggedEvent } from './event-log.ts'
import type { Faults } from './faults.ts'
import type { HandChange } from './hand.ts'
import type { SocketEnd } from './live-feed.ts'
import type { Quirks } from './quirks.ts'
import type { RequestLog } from './request-log.ts'
import type { Seed } from './seed.ts'
import type { Swipe, SwipeResult } from './swipe.ts'
import type { Witness } from './witness.ts'

/** What one can do to the simulator from outside its API; the side door offers the same over HTTP. */
export interface SimulatorControl {
  state: Witness
  faults: Faults
  requests: RequestLog
  clock: SimulatorClock
  /** May be changed at any time. */
  quirks: Quirks
  /** Holds a card to the reader of a door. */
  swipe(swipe: Swipe): SwipeResult
  /** Brings about any event, whatever its code; null while its reader is offline, it comes on return. */
  emit(wanted: Emission): LoggedEvent | null
  /** Begins to make many events with troubles among them; a TypeError while another burst is under way. */
  burst(plan: BurstPlan): Burst
  /** The burst that was begun last. */
  lastBurst(): Burst | null
  /** Makes a change by hand in the console. */
  hand(change: HandChange): void
  /** Adds people and groups that were always there; readers know them at once. */
  seed(seed: Seed): { users: number }
  /** Changes server settings, by their names in `PUT /api/setting/biostar`. */
  changeSettings(changes: Record<string, unknown>): void
  /** Puts a reader (by id, or by the name of its door) online, offline, failing or full. */
  setDevice(device: string | number, condition: DeviceCondition): void
  /** Sets the clock of a reader wrong or right, and the zone that its events tell. */
  setDeviceClock(device: string | number, change: DeviceClock): void
  /** Wipes the log of a reader, at its menu if need be: its index starts again. */
  wipeDeviceLog(device: string | number): void
  /** Ends every live socket, by cutting it if nothing else is said, and says how many there were. */
  endSockets(how?: SocketEnd): number
  setLatency(latency: Latency): void
  /** Real milliseconds until a change reaches a reader. */
  setDeviceDelay(ms: number): void
  /** Copies the database of the server, as an administrator does; the copy before is forgotten. */
  backup(): void
  /** Puts that copy back: people and cards are what they were, all sessions are gone, and readers keep what they know. */
  putBack(): void
  /** Drops all sessions and cuts the live sockets, as a restart of the server does. */
  restart(): void
  /** Resolves when every reader that is online has heard everything. */
  settled(): Promise<void>
  /** Resolves when nothing is still to be carried out: no request is being served, and no late write is on its way, which none leaves while the clock is frozen. */
  landed(): Promise<void>
}
