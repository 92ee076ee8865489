/** Everything that can go wrong with BioStar 2 on demand. */
import { type ArmedFault, FaultBoard, type FaultTerms } from '../../simulator-parts/faults.ts'
import type { Random } from '../../simulator-parts/random.ts'

const faultKinds = [
  'http',
  'drop',
  'drop-after',
  'late-write',
  'full',
  'licence',
  'maintenance',
  'throttle',
  'hang',
  'slow',
  'session-expiry',
  'down',
  'half-open',
] as const

export type FaultKind = (typeof faultKinds)[number]

export interface FaultSpec extends FaultTerms {
  /**
   * http: an error status. drop: the connection is cut before anything happened. drop-after: it is done, the answer
   * never comes. late-write: cut, and done `delayMs` later. full: capacity code. licence: 403 with a bare body.
   * maintenance: 503 of a web tier. throttle: 429 with Retry-After of a proxy. hang: no answer, connection open.
   * slow: `delayMs` more. session-expiry: all sessions are gone. down: connections are refused. half-open:
   * connections are taken and nothing ever comes back.
   */
  kind: FaultKind
  /** Regular expression on the method; every method if absent. Ignored by down and half-open. */
  method?: string
  /** Regular expression on the path without query; every path if absent. Ignored by down and half-open. */
  path?: string
  /** http: 500 if absent. */
  status?: number
  /** Response code of http ("4" if absent) and full ("210" if absent). */
  code?: string
  /** Message of http and full, in place of the usual one: some servers quote what they were sent. */
  message?: string
  /**
   * slow (1000 if absent), in real milliseconds, and late-write (1000 if absent), on the simulator's clock: as long as
   * nobody moves that clock it is real time, and `clock.advance` brings a write of 45 s hence about at once. An
   * appliance gives up on a request after `web_request_timeout`, 60 s in the vendor's sample (BioStar 2 API, Setting >
   * Update BioStar Settings), so a write may come that much later than its client hung up.
   */
  delayMs?: number
  /** throttle (1 if absent) and maintenance (no header if absent). */
  retryAfterSeconds?: number
}

export type Fault = ArmedFault<FaultSpec>

export class Faults extends FaultBoard<FaultSpec, { method: string; path: string }> {
  constructor(random: Random) {
    super(random, faultKinds, (spec) => {
      const method = spec.method === undefined ? null : new RegExp(spec.method)
      const path = spec.path === undefined ? null : new RegExp(spec.path)
      return (request) => (method?.test(request.method) ?? true) && (path?.test(request.path) ?? true)
    })
  }
}
