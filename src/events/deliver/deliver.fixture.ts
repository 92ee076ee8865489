/** Subscriptions on a real store, fed from memory, to a receiver with faults, at a pace that tests can wait for. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Delivered, OutgoingEvent, SinkCapability } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { FeedName } from '../../model/events/reveal.ts'
import type { SubjectId } from '../../model/id.ts'
import type { Database } from '../../store/database.ts'
import { registerSubscriptions } from '../../store/subscriptions/row.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { Vault } from '../../vault/vault.ts'
import type { DeliverContext, Pace, SubscriptionSetup } from './context.ts'
import type { Feed, FeedItem } from './feed.ts'
import { type Deliveries, startDeliveries } from './lead.ts'

/** A log in memory. */
export interface MemoryFeed extends Feed {
  append(source: string, count: number, more?: { readonly skipped?: boolean; readonly at?: Date }): void
  /** What its next reads come to, one each. */
  readonly faults: ('fails' | 'erased' | 'lost')[]
}

interface Kept extends FeedItem {
  readonly skipped: boolean
}

export function memoryFeed(tell: (source: string) => void = () => undefined): MemoryFeed {
  const log = new Map<string, Kept[]>()
  const faults: MemoryFeed['faults'] = []
  return {
    name: 'events',
    faults,
    append(source, count, { skipped = false, at = new Date() } = {}) {
      const kept = log.get(source) ?? []
      log.set(source, kept)
      for (let i = 0; i < count; i += 1) kept.push({ ...itemOf(source, kept.length + 1, at), skipped })
      tell(source)
    },
    newest: async () => new Map([...log].map(([source, kept]) => [source, kept.length])),
    positionBefore: async (source, time) =>
      (log.get(source) ?? []).filter(({ receivedAt }) => receivedAt < time).length,
    async read(source, after, limit) {
      const fault = faults.shift()
      if (fault === 'fails') throw new Error('the store is away')
      const some = (log.get(source) ?? []).slice(after, after + limit)
      const counts = { erased: 0, unfiltered: 0, lost: 0 }
      if (fault !== undefined && some.length > 0) counts[fault] = 1
      return { ...counts, items: some.filter(({ skipped }) => !skipped), upTo: after + some.length }
    },
  }
}

function itemOf(source: string, position: number, receivedAt: Date): FeedItem {
  const event: OutgoingEvent = {
    ...{ specversion: '1.0', id: `${source}-${position}`, source: `/gatehouse/test/${source}` },
    ...{ type: 'org.gatehouse.door.opened.v1', time: receivedAt.toISOString(), datacontenttype: 'application/json' },
    ...{ sequence: String(position), data: {} },
  }
  return { position, event, bytes: JSON.stringify(event).length, receivedAt }
}

/** `unsaid`: it took them, and no answer came. `hangs`: it never answers, whatever signal it is given. */
export type Fault = 'away' | 'unsaid' | 'throttled' | 'unauthenticated' | 'gone' | 'slow' | 'hangs'

export interface MemorySink extends SinkCapability {
  /** `source-position` of each event, as often as it came. */
  readonly taken: string[]
  readonly calls: string[][]
  /** What the next calls come to, one each; after them all goes well. */
  readonly faults: Fault[]
  /** Never taken, by `source-position`: as a batch, or each by itself where the rest is taken. */
  readonly poison: Map<string, 'batch' | 'item'>
}

export function memorySink(batch = { events: 8, bytes: 4_096 }): MemorySink {
  const sink: MemorySink = {
    ...{ batch, taken: [], calls: [], faults: [], poison: new Map() },
    async deliver(events, signal) {
      const ids = events.map(({ id }) => id)
      sink.calls.push(ids)
      const fault = sink.faults.shift()
      if (fault === 'hangs') return new Promise(() => undefined)
      if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, 20))
      signal.throwIfAborted()
      if (fault !== undefined && fault !== 'slow' && fault !== 'unsaid') throw failureOf(fault)
      if (ids.some((id) => sink.poison.get(id) === 'batch'))
        throw new ConnectorError({ kind: 'rejected', code: 'memory.never' })
      const refused: Delivered['refused'][number][] = []
      for (const [index, id] of ids.entries()) {
        if (sink.poison.has(id)) refused.push({ index, code: 'memory.not-this' })
        else sink.taken.push(id)
      }
      if (fault === 'unsaid') throw failureOf(fault)
      return { refused, status: 200 }
    },
  }
  return sink
}

function failureOf(fault: Exclude<Fault, 'slow' | 'hangs'>): ConnectorError {
  if (fault === 'gone') return new ConnectorError({ kind: 'rejected', code: 'sink.gone' })
  if (fault === 'throttled') return new ConnectorError({ kind: 'throttled', code: 'memory.busy', retryAfterMs: 5 })
  if (fault === 'unauthenticated') return new ConnectorError({ kind: 'unauthenticated', code: 'memory.login' })
  return new ConnectorError({ kind: 'transient', code: `memory.${fault}`, outcomeUnknown: fault === 'unsaid' })
}

export const because = { subject: randomUUID() as SubjectId, reason: 'seen' }

export interface Workshop {
  readonly context: DeliverContext
  readonly logged: string[]
  /** Moves the gateway's clock. */
  pass(ms: number): void
  /** Makes a subscription known, as a release does. */
  register(id: string, from?: 'now' | 'start', feed?: FeedName): Promise<void>
  /** One process that delivers; `tell` announces a source. */
  start(...setups: SubscriptionSetup[]): Deliveries & { tell(source: string): void }
  /** As the store says. */
  positions(id: string): Promise<Readonly<Record<string, number>>>
  rows<T extends pg.QueryResultRow>(sql: string): Promise<T[]>
}

export function openWorkshop(
  { database, vault }: { readonly database: Database; readonly vault: Vault },
  pace: Partial<Pace> = {},
): Workshop {
  const logged: string[] = []
  let ahead = 0
  const context: DeliverContext = {
    ...{ database, vault, seen: new Map() },
    log: (_level, event) => void logged.push(event),
    metrics: { delivered: () => undefined, refused: () => undefined, failed: () => undefined },
    pace: { gatherMs: 2, pollMs: 20, renewMs: 20, retryMs: () => 1, ...pace },
    now: () => new Date(Date.now() + ahead),
  }
  return {
    context,
    logged,
    pass(ms) {
      ahead += ms
    },
    async register(id, from = 'start', feed = 'events') {
      await inTransaction(database.pool, (client) =>
        registerSubscriptions(client, vault, [{ id, feed, from }], context.now()),
      )
    },
    start(...setups) {
      const listeners = new Set<(source: string) => void>()
      const deliveries = startDeliveries(context, setups, {
        tell(of) {
          listeners.add(of)
          return () => void listeners.delete(of)
        },
        close: async () => undefined,
      })
      return { ...deliveries, tell: (source) => [...listeners].forEach((listener) => void listener(source)) }
    },
    async positions(id) {
      const { rows } = await database.pool.query<{ source: string; position: string }>(
        'select source, position from subscription_position where subscription = $1 order by source',
        [id],
      )
      return Object.fromEntries(rows.map(({ source, position }) => [source, Number(position)]))
    },
    rows: async (sql) => (await database.pool.query(sql)).rows,
  }
}
