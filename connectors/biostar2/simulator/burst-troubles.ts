/** What goes wrong while a burst of events is made: readers that are away, clocks that jump, sockets that are cut, spread over its length by chance. */
import type { Random } from '../../simulator-parts/random.ts'
import { type Device, setClock } from './device.ts'
import type { Simulation } from './simulation.ts'

export interface BurstTroubles {
  /** So many times a reader is off the line for a while, and uploads its events when it is back; 4 if absent. */
  absences?: number
  /** So many times the clock of a reader jumps, forward or back by up to `jumpMostMs` (an hour); 4 if absent. */
  jumps?: number
  jumpMostMs?: number
  /** So many times every socket is cut; 3 if absent. */
  cuts?: number
}

interface TroubleCounts {
  absences: number
  jumps: number
  cuts: number
  keptByReaders: number
}

interface Trouble {
  /** From 0, the beginning, to 1. */
  at: number
  begin(left: number): void
}

/** Shares of the whole burst that a reader may be away. */
const absence = { least: 0.02, most: 0.08 }

export class Troubles {
  readonly #simulation: Simulation
  readonly #random: Random
  readonly #counts: TroubleCounts
  readonly #waiting: Trouble[]
  /** Readers that are away because of this, with when they come back. */
  readonly #away = new Map<Device, number>()
  /** Readers whose clock jumped, with how it was. */
  readonly #clocks = new Map<Device, number>()

  constructor(simulation: Simulation, random: Random, counts: TroubleCounts, wanted: BurstTroubles) {
    this.#simulation = simulation
    this.#random = random
    this.#counts = counts
    const { absences = 4, jumps = 4, jumpMostMs = 3_600_000, cuts = 3 } = wanted
    const some = (count: number, begin: (at: number, left: number) => void): Trouble[] =>
      Array.from({ length: count }, () => random.next()).map((at) => ({ at, begin: (left) => begin(at, left) }))
    this.#waiting = [
      ...some(absences, (at, left) => this.#takeAway(at, left)),
      ...some(jumps, () => this.#jump(jumpMostMs)),
      ...some(cuts, () => this.#cut()),
    ].sort((one, other) => one.at - other.at)
  }

  /** Events that readers hold back, with the one that each adds on its return. */
  get held(): number {
    return [...this.#away.keys()].reduce((sum, { backlog }) => sum + backlog.length + 1, 0)
  }

  /** Everything that is due at this point, where `left` events are still to be made. */
  upTo(progress: number, left: number): void {
    for (const [device, until] of this.#away) if (until <= progress) this.#bringBack(device)
    while ((this.#waiting[0]?.at ?? Number.POSITIVE_INFINITY) <= progress) this.#waiting.shift()?.begin(left)
  }

  /** Readers are back, and their clocks as they were. */
  end(): void {
    for (const device of [...this.#away.keys()]) this.#bringBack(device)
    for (const [device, aheadMs] of this.#clocks) setClock(device, { aheadMs })
  }

  #takeAway(at: number, left: number): void {
    const device = this.#pick()
    // Going and coming back are an event each.
    if (device === undefined || left < 2) return
    this.#simulation.sync.setCondition(device, 'offline')
    this.#away.set(device, at + absence.least + this.#random.next() * (absence.most - absence.least))
    this.#counts.absences++
  }

  #bringBack(device: Device): void {
    this.#away.delete(device)
    this.#counts.keptByReaders += device.backlog.length
    this.#simulation.sync.setCondition(device, 'online')
  }

  #jump(mostMs: number): void {
    const device = this.#pick()
    if (device === undefined) return
    if (!this.#clocks.has(device)) this.#clocks.set(device, device.aheadMs)
    setClock(device, { jumpMs: Math.round((this.#random.next() * 2 - 1) * mostMs) })
    this.#counts.jumps++
  }

  #cut(): void {
    this.#simulation.feed.end('cut')
    this.#counts.cuts++
  }

  /** Any reader that is on the line. */
  #pick(): Device | undefined {
    const online = [...this.#simulation.sync.devices.values()].filter(({ condition }) => condition === 'online')
    return online[Math.floor(this.#random.next() * online.length)]
  }
}
