/** Goes through the event log of one server from a position, again and again, so that nothing is passed over, whatever order it comes in. */
import type { Context } from '../../../src/connector/contract.ts'
import { RecentKeys } from '../../../src/connector/recent-keys.ts'
import { fromLocal } from '../soap/local-time.ts'
import type { EventRecord } from '../soap/records.ts'
import { keyOf } from './decode.ts'
import { byId, type EventLog } from './event-log.ts'
import { type Mark, Position } from './position.ts'
import { windowSpan } from './window.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** A server whose clock is behind ours, or where little happens, mostly has its newest event in one of these; else all are looked through. */
const lookBackMs = [minuteMs, hourMs, dayMs, 30 * dayMs]
/** What is looked for by its time was under way, or its clock was wrong, for so long at most. */
const overlapMs = 2 * minuteMs
/** As long after the newest event came, others with smaller ids may be on their way. */
const movingMs = minuteMs
/** What comes this soon after the look before has just happened. */
const liveMs = 10_000
/** Told at once, and kept in one transaction. */
const batchMax = 500

/** What was told of late is known again: some 100 bytes each. The engine knows all of it. */
const toldMax = 50_000

/** What one look found, or a part of it. */
export interface Look {
  readonly events: readonly EventRecord[]
  /** Where nothing before these need be read again. */
  readonly cursor?: string
  readonly live: boolean
  /** Between the id `after` and this event there were others, which are there no more. */
  readonly lost?: { readonly after: string; readonly before: EventRecord }
}

export class Follower {
  readonly #log: EventLog
  readonly #zone: string
  readonly #context: Pick<Context, 'now' | 'log'>
  #position: Position | null
  /** All in ms since 1970. */
  #lookedAt = Number.NEGATIVE_INFINITY
  #lookedFarAt = Number.NEGATIVE_INFINITY
  #movedAt: number
  readonly #told = new RecentKeys(toldMax)

  /** Position null: from now on. */
  constructor(log: EventLog, position: Position | null, zone: string, context: Pick<Context, 'now' | 'log'>) {
    this.#log = log
    this.#position = position
    this.#zone = zone
    this.#context = context
    this.#movedAt = context.now().getTime()
  }

  /** One look at all that may have come since the last. */
  async *look(signal: AbortSignal): AsyncGenerator<Look> {
    for await (const each of this.#look(signal)) {
      const events = each.events.filter((event) => this.#isUntold(event))
      if (events.length > 0 || each.cursor !== undefined || each.lost !== undefined) yield { ...each, events }
    }
  }

  #isUntold(event: EventRecord): boolean {
    return this.#told.add(keyOf(event))
  }

  async *#look(signal: AbortSignal): AsyncGenerator<Look> {
    const now = this.#context.now().getTime()
    if (this.#position === null) {
      const position = await this.#begin(now, signal)
      this.#position = position
      yield { events: [], cursor: position.text(), live: false }
    } else {
      const { newest } = this.#position
      if (newest === null) yield* this.#enter(this.#position, signal)
      else yield* this.#follow(this.#position, newest, now, signal)
    }
    this.#lookedAt = now
  }

  // -------------------------------------------------------------- the first look

  /** What is there now has happened before. */
  async #begin(now: number, signal: AbortSignal): Promise<Position> {
    for (const back of [...lookBackMs, null]) {
      let newest: EventRecord | undefined
      const pages = back === null ? this.#log.from(1n, null, signal) : this.#log.since(now - back, signal)
      for await (const rows of pages) newest = [...rows, ...(newest === undefined ? [] : [newest])].sort(byId).at(-1)
      if (newest === undefined) continue
      // The server writes whole seconds.
      const position = Position.unknown(this.#zone, now - (now % 1000))
      position.enter(await this.#withNeighbours([newest], signal))
      return position
    }
    // Nothing happened yet, by whatever clock.
    return Position.unknown(this.#zone, 0)
  }

  /** A log of which no event is known: what it shows from a time on is new. */
  async *#enter(position: Position, signal: AbortSignal): AsyncGenerator<Look> {
    const { began, gone } = position
    const recent = (await Array.fromAsync(this.#log.since(began, signal))).flat()
    if (recent.length === 0) return
    const later = gone === null ? [] : (await Array.fromAsync(this.#log.from(gone - windowSpan, null, signal))).flat()
    const all = await this.#withNeighbours([...recent, ...later], signal)
    position.enter(all)
    const isNew = ({ Id, DateTime }: EventRecord) =>
      (gone !== null && BigInt(Id) > gone) || (fromLocal(DateTime, this.#zone) ?? 0) >= began
    const fresh = all.filter(isNew)
    const lost = gone === null ? undefined : lostAfter(gone, all)
    for (let start = 0; start < fresh.length; start += batchMax) {
      const isLast = start + batchMax >= fresh.length
      yield {
        events: fresh.slice(start, start + batchMax),
        live: false,
        ...(isLast ? { cursor: position.text() } : {}),
        ...(start > 0 || lost === undefined ? {} : { lost }),
      }
    }
  }

  /** With all others near the newest of them, whenever they happened. */
  async #withNeighbours(some: readonly EventRecord[], signal: AbortSignal): Promise<readonly EventRecord[]> {
    const newest = some.reduce((most, { Id }) => (BigInt(Id) > most ? BigInt(Id) : most), 1n)
    const near = (await Array.fromAsync(this.#log.from(newest - windowSpan, null, signal))).flat()
    return [...new Map([...some, ...near].map((event) => [event.Id, event])).values()].sort(byId)
  }

  // -------------------------------------------------------------- later ones

  async *#follow(position: Position, newest: Mark, now: number, signal: AbortSignal): AsyncGenerator<Look> {
    const isFar = now - this.#lookedFarAt >= minuteMs
    const before = position.text()
    if (!(yield* this.#byId(position, newest, isFar, now, signal))) {
      yield* this.#isOther(newest, before, now, signal)
      return
    }
    if (!isFar) return
    yield* this.#byTime(position, now, signal)
    this.#lookedFarAt = now
  }

  /**
   * What came after the newest, or late before it. A far look reaches further back, in ids as in time: a controller that was cut off tells
   * what happened days ago. False where the newest is not there any more.
   */
  async *#byId(
    position: Position,
    newest: Mark,
    isFar: boolean,
    now: number,
    signal: AbortSignal,
  ): AsyncGenerator<Look, boolean> {
    const isMoving = now - this.#movedAt < movingMs
    const first = position.beginning(isFar ? 'far' : isMoving ? 'near' : 'newest')
    const since = isFar ? null : Math.min(fromLocal(newest.at, this.#zone) ?? now, now) - dayMs
    const isLive = !isFar && now - this.#lookedAt < liveMs
    let highest = BigInt(newest.id)
    let [isFound, isOrdered, isKept, pages] = [false, true, true, 0]
    for await (const rows of this.#log.from(first, since, signal)) {
      isFound ||= rows.some(({ Id, DateTime }) => Id === newest.id && DateTime === newest.at)
      pages += 1
      isOrdered &&= pages === 1 || BigInt(rows[0]?.Id ?? 0) > highest
      const events = rows.filter((event) => position.see(event))
      const reached = BigInt(position.newest?.id ?? 0)
      if (reached > highest) this.#movedAt = now
      highest = reached
      if (events.length === 0) continue
      // What is further below than can be known must not be on a page that is still to come.
      isKept = isFound && isOrdered && (pages > 1 || highest - BigInt(newest.id) <= windowSpan)
      yield { events, live: isLive, ...(isKept ? { cursor: position.text() } : {}) }
    }
    if (isFound && !isKept) yield { events: [], live: false, cursor: position.text() }
    return isFound
  }

  /** Whatever happened of late, whatever its id: a server may hand out ids far apart side by side. */
  async *#byTime(position: Position, now: number, signal: AbortSignal): AsyncGenerator<Look> {
    for await (const rows of this.#log.since(position.looked, signal)) {
      const events = rows.filter((event) => position.see(event))
      if (events.length > 0) yield { events, live: false }
    }
    position.lookedFar(now - overlapMs)
    yield { events: [], live: false, cursor: position.text() }
  }

  // -------------------------------------------------------------- a log that is another one

  /** Cleared, or put back from a backup: then it goes on from the newest event that is still there. */
  async *#isOther(newest: Mark, before: string, now: number, signal: AbortSignal): AsyncGenerator<Look> {
    const position = Position.parse(before, this.#zone)
    if (position === null || (await this.#log.has(newest, signal))) return
    for (const mark of position.marks) {
      if (mark.id === newest.id || !(await this.#log.has(mark, signal))) continue
      this.#context.log('warn', 'aeos.event-log-restored')
      position.backTo(mark)
      return yield* this.#goOn(position)
    }
    this.#context.log('warn', 'aeos.event-log-replaced')
    const at = Math.min(fromLocal(newest.at, this.#zone) ?? now, now)
    yield* this.#goOn(Position.unknown(this.#zone, at - hourMs, position.isDense ? newest.id : null))
  }

  async *#goOn(position: Position): AsyncGenerator<Look> {
    this.#position = position
    this.#lookedFarAt = Number.NEGATIVE_INFINITY
    yield { events: [], live: false, cursor: position.text() }
  }
}

/** Where all that came before is gone, and what is there begins later than with the next id, in a log that never left one out. */
function lostAfter(gone: bigint, all: readonly EventRecord[]): Look['lost'] {
  const [first] = all.toSorted(byId)
  if (first === undefined || BigInt(first.Id) <= gone + 1n) return undefined
  return { after: String(gone), before: first }
}
