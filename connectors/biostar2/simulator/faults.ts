/** Everything that can go wrong on demand: which fault hits which request, drawn from seeded chance. */
import type { Random } from './random.ts'

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

export interface FaultSpec {
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
  /** Chance per matching request, 0 to 1; 1 if absent. */
  probability?: number
  /** Lets so many matching requests pass first. */
  skip?: number
  /** Ends after this many hits. */
  times?: number
  /** Ends after this many real milliseconds. */
  forMs?: number
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

export interface Fault extends FaultSpec {
  id: number
  hits: number
}

interface Armed {
  fault: Fault
  method: RegExp | null
  path: RegExp | null
  timer: NodeJS.Timeout | null
  toPass: number
}

/** What happens to one request: at most one fault besides the time that slow ones add. */
interface Verdict {
  extraMs: number
  fault: Fault | null
}

export class Faults {
  readonly #random: Random
  readonly #armed = new Map<number, Armed>()
  #lastId = 0
  /** Called when `down` or `half-open` may have begun or ended. */
  onLineChange: () => void = () => {}

  constructor(random: Random) {
    this.#random = random
  }

  /** Arms a fault until it is used up, over or cleared. Throws on an unknown kind or a broken expression. */
  add(spec: FaultSpec): Fault {
    if (!faultKinds.includes(spec.kind)) throw new TypeError(`unknown fault kind: ${String(spec.kind)}`)
    const fault = { ...spec, id: ++this.#lastId, hits: 0 }
    const timer = spec.forMs === undefined ? null : setTimeout(() => this.remove(fault.id), spec.forMs)
    timer?.unref()
    const method = spec.method === undefined ? null : new RegExp(spec.method)
    const path = spec.path === undefined ? null : new RegExp(spec.path)
    this.#armed.set(fault.id, { fault, timer, method, path, toPass: spec.skip ?? 0 })
    this.onLineChange()
    return fault
  }

  remove(id: number): boolean {
    const armed = this.#armed.get(id)
    if (!armed) return false
    if (armed.timer) clearTimeout(armed.timer)
    this.#armed.delete(id)
    this.onLineChange()
    return true
  }

  clear(): void {
    for (const id of [...this.#armed.keys()]) this.remove(id)
  }

  list(): Fault[] {
    return [...this.#armed.values()].map(({ fault }) => ({ ...fault }))
  }

  /** How the line stands: a server that is down refuses, a half-open one takes connections and stays silent. */
  line(): 'up' | 'down' | 'half-open' {
    const kinds = new Set([...this.#armed.values()].map(({ fault }) => fault.kind))
    return kinds.has('down') ? 'down' : kinds.has('half-open') ? 'half-open' : 'up'
  }

  judge(method: string, path: string): Verdict {
    const verdict: Verdict = { extraMs: 0, fault: null }
    for (const armed of this.#armed.values()) {
      const { fault } = armed
      if (fault.kind === 'down' || fault.kind === 'half-open') continue
      if (verdict.fault && fault.kind !== 'slow') continue
      if (armed.method && !armed.method.test(method)) continue
      if (armed.path && !armed.path.test(path)) continue
      if (fault.probability !== undefined && this.#random.next() >= fault.probability) continue
      if (armed.toPass > 0) {
        armed.toPass--
        continue
      }
      fault.hits++
      if (fault.times !== undefined && fault.hits >= fault.times) this.remove(fault.id)
      if (fault.kind === 'slow') verdict.extraMs += fault.delayMs ?? 1000
      else verdict.fault = fault
    }
    return verdict
  }
}
