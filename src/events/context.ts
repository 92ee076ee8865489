/** What everything about events works with: handed in once by the composition root, never looked up. */
import type { SiteOf } from '../mapping/event-site.ts'
import type { EventClass } from '../model/events/types.ts'
import type { Database } from '../store/database.ts'
import type { CodedLog } from '../telemetry/log.ts'
import type { Vault } from '../vault/vault.ts'
import type { Filing } from './filing.ts'
import type { RecentEvents } from './recent.ts'
import type { KnownOwners } from './whose.ts'

/** A target, or a source of people, whose events are read. */
export interface EventSource {
  readonly id: string
  /** Of a source of people: what its events name as the account is the key of a record there. */
  readonly byRecord?: true
  /** Which site an event belongs to, by the configuration of today. */
  readonly siteOf: SiteOf
}

interface EventsMetrics {
  /** New in the log. */
  appended(source: string, of: EventClass, count: number): void
  /** Of those, no type is for. */
  other(source: string, count: number): void
  /** Told once more, and there already. */
  known(source: string, count: number): void
  /** Not as a connector must report them: kept as far as that goes. */
  malformed(source: string, count: number): void
  /** From when an event happened to when it was kept, in s; of those that were told as they happened. */
  lag(source: string, seconds: number): void
}

export interface EventsContext {
  readonly database: Database
  readonly vault: Vault
  /** Those of the configuration. The log may hold events of others, from before. */
  readonly sources: ReadonlyMap<string, EventSource>
  /** How long events are kept, by class. */
  readonly keepMs: Readonly<Record<EventClass, number>>
  readonly filing: Filing
  readonly owners: KnownOwners
  /** Up to which position this process has seen each source: a row that says less was put back. */
  readonly seen: Map<string, number>
  readonly recent: RecentEvents
  readonly log: CodedLog
  readonly metrics: EventsMetrics
  /** When this process began to work with it. */
  readonly since: Date
  readonly now: () => Date
}
