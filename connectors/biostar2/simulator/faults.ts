/** Everything that can go wrong with BioStar 2 on demand. */
import { type ArmedFault, FaultBoard, type FaultTerms } from '../../simulator-parts/faults.ts'
import type { Random } from '../../simulator-parts/random.ts'

/** What strikes requests, the one that opens the live socket (`GET /wsapi`) included, or the line as a whole. */
const requestKinds = [
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

/** What strikes the live socket once it is open, with the occasion of each. */
const socketKinds = {
  'socket-refused': 'GREETING',
  'socket-frozen': 'SOCKET',
  'socket-silent': 'EVENT',
  'socket-cut': 'EVENT',
  'event-lost': 'EVENT',
  'event-twice': 'EVENT',
  'event-late': 'EVENT',
} as const

export type FaultKind = (typeof requestKinds)[number] | keyof typeof socketKinds

export interface FaultSpec extends FaultTerms {
  /**
   * http: an error status. drop: the connection is cut before anything happened. drop-after: it is done, the answer
   * never comes. late-write: cut, and done `delayMs` later. full: capacity code. licence: 403 with a bare body.
   * maintenance: 503 of a web tier. throttle: 429 with Retry-After of a proxy. hang: no answer, connection open.
   * slow: `delayMs` more. session-expiry: all sessions are gone. down: connections are refused. half-open:
   * connections are taken and nothing ever comes back.
   *
   * On the live socket. socket-refused: the session id is answered with `code`. socket-frozen: a new socket answers
   * nothing, not even a ping. socket-silent and event-lost: events are not sent, and never will be. socket-cut: the
   * socket is cut in place of an event. event-twice: an event comes twice. event-late: it comes `delayMs` later, after
   * others.
   */
  kind: FaultKind
  /** Strikes each n-th only of what it could strike: with socket-cut, the socket is cut at every n-th event. */
  every?: number
  /** Regular expression on the method; every method if absent. Ignored by down, half-open and on the live socket. */
  method?: string
  /** Regular expression on the path without query; every path if absent. Ignored by down, half-open and on the live socket. */
  path?: string
  /** http: 500 if absent. */
  status?: number
  /** Response code of http ("4" if absent), full ("210" if absent) and socket-refused ("1100" if absent). */
  code?: string
  /** Message of http and full, in place of the usual one: some servers quote what they were sent. */
  message?: string
  /**
   * slow and event-late (1000 if absent), in real milliseconds, and late-write (1000 if absent), on the simulator's clock:
   * as long as nobody moves that clock it is real time, and `clock.advance` brings a write of 45 s hence about at once. An
   * appliance gives up on a request after `web_request_timeout`, 60 s in the vendor's sample (BioStar 2 API, Setting >
   * Update BioStar Settings), so a write may come that much later than its client hung up.
   */
  delayMs?: number
  /** throttle (1 if absent) and maintenance (no header if absent). */
  retryAfterSeconds?: number
}

export type Fault = ArmedFault<FaultSpec>

/** A request by its method, or an occasion on the live socket by the name of `socketKinds`. */
interface Occasion {
  method: string
  path: string
}

export class Faults extends FaultBoard<FaultSpec, Occasion> {
  constructor(random: Random) {
    super(random, [...requestKinds, ...Object.keys(socketKinds)], (spec) => everyNth(spec.every, matcher(spec)))
  }
}

const socketOccasions = new Set<string>(Object.values(socketKinds))

function matcher(spec: FaultSpec): (occasion: Occasion) => boolean {
  const occasion = Object.entries(socketKinds).find(([kind]) => kind === spec.kind)?.[1]
  if (occasion !== undefined) return ({ method }) => method === occasion
  const wantedMethod = spec.method === undefined ? null : new RegExp(spec.method)
  const wantedPath = spec.path === undefined ? null : new RegExp(spec.path)
  return ({ method, path }) =>
    !socketOccasions.has(method) && (wantedMethod?.test(method) ?? true) && (wantedPath?.test(path) ?? true)
}

function everyNth(every: number | undefined, matches: (occasion: Occasion) => boolean) {
  if (every === undefined) return matches
  if (!Number.isInteger(every) || every < 1) throw new TypeError('every is a whole number from 1')
  let seen = 0
  return (occasion: Occasion) => matches(occasion) && ++seen % every === 0
}
