/** All that a connector may touch: no environment, no database, no global clock. */
import type { FeedName } from '../model/events/reveal.ts'
import type { HttpClient } from './http.ts'
import type { Sealer } from './sealer.ts'
import type { WireClient } from './wire.ts'

/** A log line holds an event name, codes and counts: the type leaves no room for anything else. */
export type ConnectorLog = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields?: Readonly<Record<string, number | boolean | `${string}.${string}`>>,
) => void

/**
 * Keyed digests over all templates of one account, whatever their order, that say nothing to whoever lacks the keys, nor of another account
 * or system: the first under the keys in use, the others under those before them. The bytes may be overwritten once it returned.
 */
export type TemplateDigests = (account: string, templates: readonly Uint8Array[]) => readonly [string, ...string[]]

export interface Context {
  /** Outgoing calls: certificate rules, time and size limits, slots and counting are already in it. */
  readonly http: HttpClient
  readonly log: ConnectorLog
  readonly now: () => Date
  /** Only where the configuration of the target says so, and on what legal basis. Without it no template is read. */
  readonly templateDigests?: TemplateDigests
}

/** What a connector that is a sink may touch besides. */
export interface SinkContext extends Context {
  /** Outgoing connections for whatever is not HTTP, under the same rules; only where the origin is `tls:` or `tcp:`. */
  readonly wires: WireClient
  /** Seals what is kept in files, and opens it again. */
  readonly sealer: Sealer
  /** What is delivered to it. */
  readonly feed: FeedName
}
