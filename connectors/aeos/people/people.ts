/** The people of one server as a source: everybody at set times, and in between whoever its log says has changed. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context, Delivery, PeopleCapability } from '../../../src/connector/contract.ts'
import { withCallScope } from '../../../src/connector/egress/call-scope.ts'
import { ConnectorError } from '../../../src/connector/errors.ts'
import { allDone } from '../../../src/connector/outcomes.ts'
import { momentOf, wallTime } from '../../../src/connector/zone.ts'
import { durationMs } from '../../../src/model/duration.ts'
import type { Offered } from '../offered.ts'
import { firstPhoto } from '../photos.ts'
import type { Settings } from '../settings.ts'
import type { Client } from '../soap/client.ts'
import { isNotFound } from '../soap/errors.ts'
import { type Cursor, cursorText, dueAfter, dueAt, parseCursor, restMax } from './cursor.ts'
import { deliveryOf, type Read } from './delivery.ts'
import { FullRead } from './full.ts'
import { Log, type Position } from './log.ts'
import { Modified } from './modified.ts'
import { type Found, Reader } from './read.ts'
import { columnsOf, type Row } from './rows.ts'

const pollMsOtherwise = 2_000
/** Carriers in one delivery of changes: what came first is taken in while the rest is read. */
const changesMax = 200
const dayMs = 24 * 3_600_000
/** Full reads come every day: what turns later than this is found by the next one. */
const horizonMs = 2 * dayMs
/** A full read beside the changes that failed is begun again so much later. */
const fullAgainMs = 60_000

interface Pending {
  /** The cursor that it was read from. */
  readonly from: string | null
  readonly delivery: Delivery
}

export class People implements PeopleCapability {
  readonly columns: readonly string[]
  readonly zone: string
  readonly #client: Client
  readonly #settings: Settings
  readonly #context: Context
  readonly #reader: Reader
  readonly #log: Log
  readonly #modified: Modified
  readonly #closing = new AbortController()
  #offered: Pending | null = null
  /** The cursor of the last delivery that was settled here. */
  #settled: string | null = null
  /** How much further the log was read from a cursor without anything about people in it. */
  #ahead: { readonly from: string; readonly cursor: Cursor } | null = null
  #full: FullRead | null = null
  #fullFrom = 0

  constructor(client: Client, offered: Offered, settings: Settings, context: Context) {
    this.columns = columnsOf(settings)
    this.zone = settings.server_zone
    this.#client = client
    this.#settings = settings
    this.#context = context
    this.#reader = new Reader(client, settings, context.now)
    this.#log = new Log(client, settings, context.now)
    this.#modified = new Modified(client, offered, settings, context)
  }

  close(): void {
    this.#closing.abort(new ConnectorError({ kind: 'transient', code: 'aeos.closed' }))
  }

  async read(signal: AbortSignal, handed: string | null): Promise<Delivery | null> {
    signal.throwIfAborted()
    // The engine keeps no cursor of a source whose standing was forged: reading everybody again and again would help nobody.
    const from = handed ?? this.#settled
    if (this.#offered !== null && this.#offered.from === from) return this.#offered.delivery
    this.#offered = null
    try {
      const cursor = this.#ahead !== null && this.#ahead.from === from ? this.#ahead.cursor : parseCursor(from)
      const read =
        cursor === null || from === null ? await this.#everybody(signal) : await this.#next(from, cursor, signal)
      return read === null ? null : this.#offer(from, read)
    } catch (error) {
      throw notRefused(error)
    }
  }

  /** The reference is the id of the carrier. */
  async photo(reference: string, signal: AbortSignal): Promise<Buffer | null> {
    try {
      return firstPhoto(await this.#client.images(reference, signal))
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }

  /** Rings whenever it is time to ask. */
  async *watch(signal: AbortSignal): AsyncGenerator<void> {
    const ending = AbortSignal.any([signal, this.#closing.signal])
    const pollMs = durationMs(this.#settings.people.poll_every) ?? pollMsOtherwise
    while (!ending.aborted) {
      try {
        await sleep(pollMs, undefined, { signal: ending })
      } catch (error) {
        if (!ending.aborted) throw error
        return
      }
      yield
    }
  }

  #offer(from: string | null, read: Read): Delivery {
    const delivery = deliveryOf(read, () => {
      if (this.#offered?.delivery === delivery) this.#offered = null
      this.#settled = read.cursor
    })
    this.#offered = { from, delivery }
    return delivery
  }

  /** While somebody waits for it: there is nothing yet that changes could be changes of. */
  async #everybody(signal: AbortSignal): Promise<Read> {
    const begunAt = this.#context.now()
    const [position, modified] = await allDone([this.#log.end(signal), this.#modified.begin(signal)])
    const full = new FullRead(this.#reader, begunAt, AbortSignal.any([signal, this.#closing.signal]))
    await full.whole
    return this.#whole(full, { ...position, modified, rest: [] }, true)
  }

  async #next(from: string, cursor: Cursor, signal: AbortSignal): Promise<Read | null> {
    if (this.#full?.state === 'whole') {
      const full = this.#full
      // What was renamed meanwhile is so on some rows only.
      const names = await this.#reader.names(signal)
      // A version that can tell may have come since the last one.
      const modified = cursor.modified ?? (await this.#modified.begin(signal))
      this.#full = null
      return this.#whole(full, { ...cursor, modified }, names.digest === full.names && !full.isBehind)
    }
    const begunAt = this.#context.now()
    const { result: read } = await withCallScope({ lane: 'urgent' }, () => this.#changes(from, cursor, begunAt, signal))
    return read === 'other-log' ? this.#everybody(signal) : read
  }

  async #changes(from: string, cursor: Cursor, begunAt: Date, signal: AbortSignal): Promise<Read | 'other-log' | null> {
    const now = begunAt.getTime()
    const [news, modified] = await allDone([
      this.#log.since(cursor, signal),
      this.#modified.since(cursor.modified, signal),
    ])
    if (modified.failure !== undefined) this.#modified.rest(modified.failure)
    if (news === null) return 'other-log'
    const isRenamed = news.others && (await this.#reader.names(signal)).digest !== cursor.names
    const due = dueAt(cursor.due, now)
    const changed = [...new Set([...cursor.rest, ...news.carriers, ...modified.carriers, ...due])]
    const isTooMany = changed.length > restMax
    if (isTooMany) this.#full?.fallBehind()
    const known = {
      ...{ ...cursor, ...news.position, modified: modified.recent },
      full: isRenamed || isTooMany ? 0 : cursor.full,
    }
    if (this.#isFullDue(known.full, now)) this.#beginFull(begunAt)
    if (changed.length === 0) {
      this.#ahead = { from, cursor: known }
      return null
    }
    const found = await this.#reader.some(changed.slice(0, changesMax), signal)
    this.#full?.take(found)
    return this.#changesRead(found, { ...known, rest: isTooMany ? [] : changed.slice(changesMax) }, begunAt)
  }

  #changesRead(found: ReadonlyMap<string, Found>, cursor: Cursor, begunAt: Date): Read {
    const rows: Row[] = []
    const gone: string[] = []
    const turns = new Map<string, number | null>()
    for (const [id, each] of found) {
      turns.set(id, typeof each === 'object' ? each.turnsAt : null)
      if (typeof each === 'object') rows.push(each)
      else if (each === 'gone') gone.push(id)
    }
    const hidden = found.size - rows.length - gone.length
    if (hidden > 0) this.#context.log('info', 'aeos.carriers-not-shown', { count: hidden })
    const due = dueAfter(cursor.due, turns, begunAt.getTime() + horizonMs)
    return this.#read('delta', rows, gone, begunAt, { ...cursor, due })
  }

  #whole(full: FullRead, position: Position & Pick<Cursor, 'modified' | 'rest'>, isLast: boolean): Read {
    const { newest, from, seen, modified, rest } = position
    const { begunAt, names, rows } = full
    const turns = new Map([...rows].map(([id, { turnsAt }]) => [id, turnsAt]))
    const due = dueAfter([], turns, begunAt.getTime() + horizonMs)
    const at = isLast ? begunAt.getTime() : 0
    const cursor = { v: 1, newest, from, seen, modified, rest, full: at, names, due } as const
    return this.#read('full', [...rows.values()], [], begunAt, cursor)
  }

  #read(mode: Read['mode'], rows: readonly Row[], gone: readonly string[], begunAt: Date, cursor: Cursor): Read {
    return { mode, columns: this.columns, rows, gone, begunAt, cursor: cursorText(cursor) }
  }

  /** Beside the changes, which must not wait for it. */
  #beginFull(begunAt: Date): void {
    if (this.#full?.state === 'reading' || begunAt.getTime() < this.#fullFrom) return
    this.#fullFrom = begunAt.getTime() + fullAgainMs
    this.#full = new FullRead(this.#reader, begunAt, this.#closing.signal)
    this.#full.whole.catch((error: unknown) => {
      if (!this.#closing.signal.aborted) this.#context.log('warn', 'aeos.full-read-failed', codeOf(error))
    })
  }

  /** Whether one of the set times has passed since. */
  #isFullDue(last: number, now: number): boolean {
    const { people, server_zone: zone } = this.#settings
    const day = Math.floor(wallTime(now, zone) / dayMs) * dayMs
    return people.full_at.some((time) => {
      const [hours = 0, minutes = 0] = time.split(':').map(Number)
      const today = momentOf(day + (hours * 60 + minutes) * 60_000, zone)
      return last < (today <= now ? today : today - dayMs)
    })
  }
}

/** To the engine, a source that refuses what it delivers is done with it: here, a refused call is only one that failed. */
function notRefused(error: unknown): unknown {
  if (!(error instanceof ConnectorError) || (error.kind !== 'rejected' && error.kind !== 'conflict')) return error
  const { code, hint, vendorText } = error
  return new ConnectorError({
    kind: 'transient',
    code,
    ...(hint === undefined ? {} : { hint }),
    ...(vendorText === undefined ? {} : { vendorText }),
  })
}

function codeOf(error: unknown): { readonly code: `${string}.${string}` } | undefined {
  return error instanceof ConnectorError ? { code: error.code as `${string}.${string}` } : undefined
}
