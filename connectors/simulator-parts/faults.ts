/** Which of the armed faults hits which request, drawn from seeded chance; the kinds and what they mean are each simulator's own. */
import type { Random } from './random.ts'

/** What every fault may say about when it hits. */
export interface FaultTerms {
  /** `down`, `half-open` and `slow` mean the same everywhere: no connection, one that stays silent, and more time. */
  kind: string
  /** Chance per matching request, 0 to 1; 1 if absent. */
  probability?: number
  /** Lets so many matching requests pass first. */
  skip?: number
  /** Ends after this many hits. */
  times?: number
  /** Ends after this many real milliseconds. */
  forMs?: number
  /** slow: real milliseconds more, 1000 if absent. */
  delayMs?: number
}

export type ArmedFault<Spec> = Spec & { id: number; hits: number }

interface Armed<Spec, Request> {
  fault: ArmedFault<Spec>
  matches: (request: Request) => boolean
  timer: NodeJS.Timeout | null
  toPass: number
}

/** What happens to one request: at most one fault besides the time that slow ones add. */
interface Verdict<Spec> {
  extraMs: number
  fault: ArmedFault<Spec> | null
}

export class FaultBoard<Spec extends FaultTerms, Request> {
  readonly #random: Random
  readonly #kinds: readonly string[]
  readonly #matcher: (spec: Spec) => (request: Request) => boolean
  readonly #armed = new Map<number, Armed<Spec, Request>>()
  #lastId = 0
  /** Called when `down` or `half-open` may have begun or ended. */
  onLineChange: () => void = () => {}

  /** `matcher` makes of a fault what tells the requests it hits; it throws on a broken expression. */
  constructor(random: Random, kinds: readonly string[], matcher: (spec: Spec) => (request: Request) => boolean) {
    this.#random = random
    this.#kinds = kinds
    this.#matcher = matcher
  }

  /** Arms a fault until it is used up, over or cleared. Throws on an unknown kind or a broken expression. */
  add(spec: Spec): ArmedFault<Spec> {
    if (!this.#kinds.includes(spec.kind)) throw new TypeError(`unknown fault kind: ${String(spec.kind)}`)
    const matches = this.#matcher(spec)
    const fault = { ...spec, id: ++this.#lastId, hits: 0 }
    const timer = spec.forMs === undefined ? null : setTimeout(() => this.remove(fault.id), spec.forMs)
    timer?.unref()
    this.#armed.set(fault.id, { fault, timer, matches, toPass: spec.skip ?? 0 })
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

  list(): ArmedFault<Spec>[] {
    return [...this.#armed.values()].map(({ fault }) => ({ ...fault }))
  }

  /** How the line stands: a server that is down refuses, a half-open one takes connections and stays silent. */
  line(): 'up' | 'down' | 'half-open' {
    const kinds = new Set([...this.#armed.values()].map(({ fault }) => fault.kind))
    return kinds.has('down') ? 'down' : kinds.has('half-open') ? 'half-open' : 'up'
  }

  judge(request: Request): Verdict<Spec> {
    const verdict: Verdict<Spec> = { extraMs: 0, fault: null }
    for (const armed of this.#armed.values()) {
      const { fault } = armed
      if (fault.kind === 'down' || fault.kind === 'half-open') continue
      if (verdict.fault && fault.kind !== 'slow') continue
      if (!armed.matches(request)) continue
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
