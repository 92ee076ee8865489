/** Makes many events fast, with everything that goes wrong among them, and keeps an exact account of what was made. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, seededRandom } from '../../simulator-parts/random.ts'
import { type BurstTroubles, Troubles } from './burst-troubles.ts'
import { emit } from './emit.ts'
import { eventKey, type LoggedEvent } from './event-log.ts'
import { eventTypes } from './event-types.ts'
import type { Fault, Faults } from './faults.ts'
import type { Simulation } from './simulation.ts'
import { swipe } from './swipe.ts'

export interface BurstPlan extends BurstTroubles {
  /** How many events are stored when it is over, where nobody else makes any and takes no reader off the line. */
  events: number
  /** At most so many a second; 2,500 if absent. It also waits for a socket that does not take them as fast. */
  perSecond?: number
  /** Of all its chance; 1 if absent. */
  seed?: number
  /** Shares of what goes to the sockets that comes twice, `lateMs` (50) later, or never: 0.01, 0.01 and 0 if absent. */
  twice?: number
  late?: number
  lateMs?: number
  lost?: number
  /** Share of the events that a reader uploads once more: stored again with another `id` and the same key. 0 if absent. */
  uploadedTwice?: number
}

export interface BurstAccount {
  /** Every event is stored and every reader is back on the line. */
  isOver: boolean
  /** Events stored since it began, each key once; what others made meanwhile is among them. */
  events: number
  /** Rows in the log: more than `events` where a reader uploaded twice. */
  rows: number
  /** `id` of the first and the last row; 0 before there is one. */
  firstId: number
  lastId: number
  granted: number
  refused: number
  /** Of the refused. */
  unknownCards: number
  /** Of the events, those that came when their reader came back, with a time of before. */
  keptByReaders: number
  absences: number
  jumps: number
  cuts: number
  /** What went to the sockets so; what was on its way when one was cut is not counted. */
  twiceOnSocket: number
  lateOnSocket: number
  lostOnSocket: number
  /** Real milliseconds so far. */
  tookMs: number
}

const usualPerSecond = 2500
const tickMs = 5
/** A tick makes no more, so that requests are served in between. */
const tickMost = 250
/** A socket that is this far behind is waited for. */
const behindBytesMax = 4 * 1024 * 1024
const peopleMost = 2000
const share = { knownCard: 0.9, anything: 0.3 }

export class Burst {
  readonly #simulation: Simulation
  readonly #faults: Faults
  readonly #plan: BurstPlan
  readonly #random: Random
  readonly #troubles: Troubles
  readonly #cards: readonly string[]
  readonly #doors: readonly number[]
  readonly #start: number
  readonly #beganMs = performance.now()
  readonly #counts = { granted: 0, refused: 0, unknownCards: 0, keptByReaders: 0, absences: 0, jumps: 0, cuts: 0 }
  readonly #onSocket: Partial<Record<'twice' | 'late' | 'lost', Fault>> = {}
  #uploadedTwice = 0
  #end: { stored: number; ms: number } | null = null
  #isStopped = false
  /** Resolves with the account when it is over, or was stopped. */
  readonly done: Promise<BurstAccount>

  /** Throws a TypeError when there is no door or no number of events. */
  constructor(simulation: Simulation, faults: Faults, plan: BurstPlan) {
    if (!Number.isInteger(plan.events) || plan.events < 1) throw new TypeError('events is a whole number from 1')
    this.#simulation = simulation
    this.#faults = faults
    this.#plan = plan
    this.#random = seededRandom(plan.seed ?? 1)
    this.#troubles = new Troubles(simulation, this.#random, this.#counts, plan)
    this.#doors = [...simulation.world.doors.keys()]
    if (this.#doors.length === 0) throw new TypeError('there is no door')
    const held = [...simulation.world.cards.values()].filter(({ owner }) => owner !== null)
    this.#cards = held.slice(0, peopleMost).map(({ number }) => number)
    this.#start = simulation.events.events.length
    this.done = this.#run()
  }

  account(): BurstAccount {
    const { events } = this.#simulation.events
    const rows = this.#rows()
    return {
      isOver: this.#end !== null,
      events: rows - this.#uploadedTwice,
      rows,
      firstId: events[this.#start]?.id ?? 0,
      lastId: rows === 0 ? 0 : (events[this.#start + rows - 1]?.id ?? 0),
      ...this.#counts,
      twiceOnSocket: this.#onSocket.twice?.hits ?? 0,
      lateOnSocket: this.#onSocket.late?.hits ?? 0,
      lostOnSocket: this.#onSocket.lost?.hits ?? 0,
      tookMs: (this.#end?.ms ?? performance.now()) - this.#beganMs,
    }
  }

  /** The keys of what was stored, each once, in the order in which they were first stored. */
  keys(): string[] {
    const { events } = this.#simulation.events
    return [...new Set(events.slice(this.#start, this.#start + this.#rows()).map(eventKey))]
  }

  /** Ends it before its time, as closing the simulator does. */
  stop(): void {
    this.#isStopped = true
  }

  async #run(): Promise<BurstAccount> {
    const { perSecond = usualPerSecond } = this.#plan
    this.#arm()
    try {
      while (this.#left() > 0 && !this.#isStopped) {
        await sleep(tickMs)
        if (this.#simulation.feed.backlogBytes() > behindBytesMax) continue
        const due = ((performance.now() - this.#beganMs) / 1000) * perSecond - this.#made()
        const until = this.#made() + Math.min(tickMost, Math.floor(due))
        while (this.#made() < until && this.#left() > 0) this.#step()
      }
    } finally {
      this.#troubles.end()
      for (const { id } of Object.values(this.#onSocket)) this.#faults.remove(id)
      this.#end = { stored: this.#simulation.events.events.length, ms: performance.now() }
    }
    return this.account()
  }

  #arm(): void {
    const { twice = 0.01, late = 0.01, lateMs = 50, lost = 0 } = this.#plan
    const armed = this.#onSocket
    if (twice > 0) armed.twice = this.#faults.add({ kind: 'event-twice', probability: twice })
    if (late > 0) armed.late = this.#faults.add({ kind: 'event-late', probability: late, delayMs: lateMs })
    if (lost > 0) armed.lost = this.#faults.add({ kind: 'event-lost', probability: lost })
  }

  /** One or two events: somebody at a door, who makes two when let in, or anything of the vendor's list. */
  #step(): void {
    this.#troubles.upTo(this.#made() / this.#plan.events, this.#left())
    const left = this.#left()
    if (left === 0) return
    const door = this.#pick(this.#doors) ?? 0
    const isAnything = left < 2 || this.#random.next() < share.anything
    const stored = isAnything ? this.#anything(door) : this.#somebody(door)
    if (stored === null || this.#random.next() >= (this.#plan.uploadedTwice ?? 0)) return
    this.#simulation.events.store(stored, this.#simulation.clock.now())
    this.#uploadedTwice++
  }

  #anything(door: number): LoggedEvent | null {
    return emit(this.#simulation, { code: this.#pick(eventTypes)?.code ?? 0, door })
  }

  #somebody(door: number): LoggedEvent | null {
    const known = this.#random.next() < share.knownCard ? this.#pick(this.#cards) : undefined
    const card_id = known ?? `99${Math.floor(this.#random.next() * 1e8)}`
    const tnaKey = Math.floor(this.#random.next() * 5)
    const { granted, userId, event } = swipe(this.#simulation, { card_id, door, tnaKey })
    this.#counts[granted ? 'granted' : 'refused']++
    if (userId === null) this.#counts.unknownCards++
    return event
  }

  #left(): number {
    return Math.max(0, this.#plan.events - this.#made())
  }

  /** Stored, or held back by a reader that is away. */
  #made(): number {
    return this.#rows() - this.#uploadedTwice + this.#troubles.held
  }

  #rows(): number {
    return (this.#end?.stored ?? this.#simulation.events.events.length) - this.#start
  }

  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#random.next() * items.length)]
  }
}
