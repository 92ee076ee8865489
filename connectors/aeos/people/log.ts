/** Follows the log of the operators by polling: whom it names has changed, and is read again. */
import { ConnectorError } from '../../../src/connector/errors.ts'
import type { Settings } from '../settings.ts'
import type { Client } from '../soap/client.ts'
import { fromLocal, toLocalEnd } from '../soap/local-time.ts'
import { walk } from '../soap/pages.ts'
import type { LogEntry } from '../soap/records.ts'
import type { Cursor } from './cursor.ts'

/** No document says that entries come in the order of their ids: so many are looked at again. */
const overlap = 50n
const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** A server whose clock is behind ours still has its newest entry in one of these. */
const lookBackMs = [hourMs, dayMs, 30 * dayMs]

/** Where the log stands. */
export type Position = Pick<Cursor, 'newest' | 'from' | 'seen'>

export interface News {
  readonly position: Position
  /** Carriers that entries name, in their order, each once. */
  readonly carriers: readonly string[]
  /** There are entries about something else, such as a template. */
  readonly others: boolean
}

export class Log {
  readonly #client: Client
  readonly #zone: string
  readonly #now: () => Date
  /** Our user may not read it: full reads alone tell what changed. */
  #isClosed = false

  constructor(client: Client, { server_zone }: Pick<Settings, 'server_zone'>, now: () => Date) {
    this.#client = client
    this.#zone = server_zone
    this.#now = now
  }

  /** The position after everything that is in the log now. */
  async end(signal: AbortSignal): Promise<Position> {
    const now = this.#now().getTime()
    for (const back of lookBackMs) {
      const entries = await this.#read(null, toLocalEnd(now - back, this.#zone), signal)
      if (entries.length > 0) return this.#after(entries, [], now)
    }
    return this.#after([], [], now)
  }

  /** What came after a position; null when the log is not the one any more that it is of: cleaned up, or put back from a backup. */
  async since({ newest, from, seen }: Position, signal: AbortSignal): Promise<News | null> {
    const now = this.#now().getTime()
    const entries = await this.#read(newest?.id ?? null, from, signal)
    if (this.#isClosed) return { position: { newest, from, seen }, carriers: [], others: false }
    if (newest !== null && !entries.some(({ Id, DateTime }) => Id === newest.id && DateTime === newest.at)) return null
    const known = new Set(seen)
    const fresh = entries.filter(({ Id }) => !known.has(Id))
    if (fresh.length === 0) return { position: { newest, from, seen }, carriers: [], others: false }
    return {
      position: this.#after(entries, seen, now),
      carriers: [...new Set(fresh.flatMap(({ CarrierId }) => CarrierId ?? []))],
      others: fresh.some(({ CarrierId }) => CarrierId === undefined),
    }
  }

  async #read(newest: string | null, from: string, signal: AbortSignal): Promise<readonly LogEntry[]> {
    const greaterThan = newest === null ? null : String(BigInt(newest) > overlap ? BigInt(newest) - overlap : 0n)
    const load = (start: number) => this.#client.findLog(greaterThan, from, start, signal)
    try {
      const entries = (await Array.fromAsync(walk(load, ({ Id }) => Id))).flat()
      this.#isClosed = false
      return entries.sort(byId)
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'rejected') throw error
      this.#isClosed = true
      return []
    }
  }

  #after(entries: readonly LogEntry[], seen: readonly string[], now: number): Position {
    const newest = entries.at(-1)
    if (newest === undefined) return { newest: null, from: toLocalEnd(now - dayMs, this.#zone), seen: [] }
    // A day covers the hour that clocks show twice, and entries that were long under way.
    const at = fromLocal(newest.DateTime, this.#zone) ?? now
    const near = new Set([...seen, ...entries.map(({ Id }) => Id)])
    return {
      newest: { id: newest.Id, at: newest.DateTime },
      from: toLocalEnd(at - dayMs, this.#zone),
      seen: [...near].filter((id) => BigInt(id) > BigInt(newest.Id) - overlap),
    }
  }
}

function byId(a: LogEntry, b: LogEntry): number {
  const [left, right] = [BigInt(a.Id), BigInt(b.Id)]
  return left < right ? -1 : left > right ? 1 : 0
}
