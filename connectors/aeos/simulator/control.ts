/** The controls of a running simulator, the same for tests in this process and for the side door. */
import type { SimulatorClock } from '../../simulator-parts/clock.ts'
import type { Latency } from '../../simulator-parts/gate.ts'
import type { Faults } from './faults.ts'
import type { HandChange } from './hand.ts'
import type { SystemUser } from './model.ts'
import type { Quirks } from './quirks.ts'
import type { RequestLog } from './request-log.ts'
import type { Seed } from './seed.ts'
import type { Swipe, SwipeResult } from './swipe.ts'
import type { Witness } from './witness.ts'

/** What one can do to the simulator from outside its service; the side door offers the same over HTTP. */
export interface SimulatorControl {
  state: Witness
  faults: Faults
  requests: RequestLog
  clock: SimulatorClock
  /** May be changed at any time. */
  quirks: Quirks
  /** Holds a badge to the reader of an entrance. */
  swipe(swipe: Swipe): SwipeResult
  /** Makes a change by hand, and gives the id of the carrier. */
  hand(change: HandChange): number
  /** Adds carriers, templates, departments and units that were always there; gives the ids of the carriers. */
  seed(seed: Seed): { carriers: number[] }
  /** Adds a system user, or takes the place of the one of this name. */
  setUser(username: string, password: string, limits?: Partial<SystemUser>): void
  /** Refuses this login from now on. */
  removeUser(username: string): void
  setLatency(latency: Latency): void
  /** Makes a new certificate, as an administrator does; gives what clients need to trust it. */
  renewCertificate(): { ca: string; fingerprint256: string }
  /** Copies the database of the server; the copy before is forgotten. */
  backup(): void
  /** Puts that copy back: everything is what it was. */
  putBack(): void
  /** Resolves when nothing is still to be carried out: no request is being served, and no late write is on its way, which none leaves while the clock is frozen. */
  landed(): Promise<void>
}
