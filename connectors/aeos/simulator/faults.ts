/** Everything that can go wrong with AEOS on demand. */
import { type ArmedFault, FaultBoard, type FaultTerms } from '../../simulator-parts/faults.ts'
import type { Random } from '../../simulator-parts/random.ts'

const faultKinds = [
  'fault',
  'http',
  'unauthenticated',
  'drop',
  'drop-after',
  'late-write',
  'garbled',
  'maintenance',
  'throttle',
  'hang',
  'slow',
  'down',
  'half-open',
] as const

export type FaultKind = (typeof faultKinds)[number]

export interface FaultSpec extends FaultTerms {
  /**
   * fault: a SOAP fault with `code` and `message`. http: a status of the web server without SOAP. unauthenticated: 401. drop: the
   * connection is cut before anything happened. drop-after: it is done, the answer never comes. late-write: cut, and done `delayMs`
   * later. garbled: it is done, and only half of the answer comes. maintenance: 503 of a web tier. throttle: 429 with Retry-After of a
   * proxy. hang: no answer, connection open. slow: `delayMs` more. down: connections are refused. half-open: connections are taken and
   * nothing ever comes back.
   */
  kind: FaultKind
  /** Regular expression on the name of the operation (`?wsdl` for the description); every one if absent. Ignored by down and half-open. */
  operation?: string
  /** http: 500 if absent. */
  status?: number
  /** ErrorCode of fault: 990, a system error, if absent. */
  code?: number
  /** Message of fault. */
  message?: string
  /**
   * slow (1000 if absent), in real milliseconds, and late-write (1000 if absent), on the simulator's clock: as long as nobody moves that
   * clock it is real time, and `clock.advance` brings a write of 45 s hence about at once.
   */
  delayMs?: number
  /** throttle (1 if absent) and maintenance (no header if absent). */
  retryAfterSeconds?: number
}

export type Fault = ArmedFault<FaultSpec>

export class Faults extends FaultBoard<FaultSpec, string> {
  constructor(random: Random) {
    super(random, faultKinds, ({ operation }) => {
      const pattern = operation === undefined ? null : new RegExp(operation)
      return (name) => pattern?.test(name) ?? true
    })
  }
}
