/** The configuration as the rest of Gatehouse sees it: complete, in ms and absolute paths, with nothing left to look up. */
import { dirname, join, resolve } from 'node:path'
import type { DriftPolicy } from '../src/model/drift.ts'
import { type Reveal, revealUnlessSaid } from '../src/model/events/reveal.ts'
import type { EventClass } from '../src/model/events/types.ts'
import type { ConnectionKind } from './checks.ts'
import type { Deciding } from './deciding.ts'
import type { ConfigFile } from './schema.ts'

export interface Brake {
  readonly min: number
  readonly percent: number
}
export type BrakeKind = keyof ConfigFile['sources'][string]['brakes']

/** What is read of events; null instead: nothing. `site`: in CEL. */
interface EventsRead {
  readonly site: string | null
}

export interface SourceConfig {
  readonly connector: string
  readonly zone: string
  /** As parsed by the connector's own schema; holds secrets. */
  readonly settings: unknown
  readonly concurrency: number
  readonly requestsPerSecond: number
  readonly mapping: ConfigFile['sources'][string]['mapping']
  /** Null: no alarm. */
  readonly expectEveryMs: number | null
  readonly absence: { readonly confirmAfterMs: number }
  /** Null: deliveries are not kept. */
  readonly archive: { readonly keepMs: number } | null
  readonly events: EventsRead | null
  readonly brakes: Readonly<Record<BrakeKind, Brake>>
}

export interface TargetConfig {
  readonly connector: string
  readonly mode: 'observe' | 'enabled'
  /** As parsed by the connector's own schema; holds secrets. */
  readonly settings: unknown
  readonly concurrency: number
  readonly requestsPerSecond: number
  readonly match: {
    readonly employeeNumber: readonly string[]
    readonly email: readonly string[]
    readonly name: readonly string[]
    readonly card: boolean
    readonly nameAndDate: boolean
    readonly leadingZeros: 'tell' | 'ignore'
  }
  readonly sweepEveryMs: number
  readonly deepSweep: { readonly everyMs: number; readonly share: number }
  readonly drift: DriftPolicy
  /** Levels by name. */
  readonly authoritative: readonly string[]
  readonly events: EventsRead | null
  /** What is done when what somebody presents there changed without an order. */
  readonly guard: {
    readonly unexpected: 'report' | 'suspend'
    readonly brake: { readonly min: number; readonly percent: number }
    /** Keyed digests of templates are made there; null: no template is ever read. */
    readonly templateDigests: { readonly legalBasis: string } | null
  }
}

export interface SubscriptionConfig {
  readonly connector: string
  /** As parsed by the connector's own schema; holds secrets. */
  readonly settings: unknown
  readonly concurrency: number
  readonly requestsPerSecond: number
  readonly feed: ConfigFile['subscriptions'][string]['feed']
  /** CEL; null: everything. */
  readonly filter: string | null
  readonly reveal: readonly Reveal[]
  readonly from: 'now' | 'start'
}

export interface Config {
  /** The sections that decide about people and doors, as written: what is proposed, released and compared. */
  readonly deciding: Deciding
  readonly gateway: { readonly name: string; readonly dataPath: string; readonly zone: string }
  readonly http: {
    readonly host: string
    readonly port: number
    readonly tls: { readonly certPath: string; readonly keyPath: string } | null
    readonly behindProxy: boolean
  }
  /** Secret. Null: the embedded server. */
  readonly databaseUrl: string | null
  /** Secret. Null: wake-ups go through PostgreSQL. */
  readonly redisUrl: string | null
  readonly keys: {
    readonly external: { readonly keyFile: string } | { readonly credential: string } | { readonly env: string }
    readonly keyringPath: string
    /** Beside the keyring. */
    readonly erasureJournalPath: string
    readonly backupHorizonMs: number
  }
  readonly sites: Readonly<Record<string, { readonly zone: string }>>
  readonly sources: Readonly<Record<string, SourceConfig>>
  readonly targets: Readonly<Record<string, TargetConfig>>
  readonly subscriptions: Readonly<Record<string, SubscriptionConfig>>
  readonly attendance: AttendanceConfig
  readonly policy: readonly { readonly grant: readonly string[]; readonly to: string }[]
  readonly events: { readonly keepMs: Readonly<Record<EventClass, number>> }
  readonly leaver: {
    readonly removeAfterMs: number
    readonly withdrawAfterMs: number
    /** Null: accounts are never deleted. */
    readonly deleteAfterMs: number | null
  }
  readonly joiner: { readonly leadMs: number }
  readonly grants: { readonly longestMs: number }
  readonly pins: { readonly length: number }
  /** Null: no traces. */
  readonly traces: {
    readonly endpoint: string
    /** Secret. */
    readonly headers: Readonly<Record<string, string>>
    readonly ca: string | null
    readonly bulkShare: number
  } | null
  readonly alarms: { readonly webhook: WebhookConfig | null }
}

export interface AttendanceConfig {
  /** The first that fits an event counts; none: nothing is a punch. */
  readonly punches: ConfigFile['attendance']['punches']
  readonly zone: string
  readonly dayStartsMs: number
  readonly longestMs: number
  readonly restMs: number
  readonly keepMs: number
}

/** Whoever is told of alarms. */
export interface WebhookConfig {
  readonly url: string
  /** Secret. */
  readonly secret: string
  readonly ca: string | null
  readonly fingerprint256: string | null
  readonly allowPrivate: boolean
}

/** What is known about the settings of a connection besides the file's own shape. */
export interface ConnectionFacts {
  readonly settings: unknown
  readonly limits: { readonly concurrency: number; readonly requestsPerSecond: number }
  /** Of subscriptions that do not say it themselves, where the connector says it. */
  readonly reveal: readonly Reveal[] | undefined
  /** Where accounts show whose they are; only of targets. */
  readonly recognisedBy: Pick<TargetConfig['match'], 'employeeNumber' | 'email' | 'name'>
}

/** `facts` answers for every source, target and subscription; `folder` is what relative paths start from. */
export function configOf(
  file: ConfigFile,
  folder: string,
  deciding: Deciding,
  facts: (kind: ConnectionKind, id: string) => ConnectionFacts,
): Config {
  const dataPath = resolve(folder, file.gateway.data)
  const { tls } = file.http
  const keyringPath = resolve(folder, file.keys.keyring ?? join(dataPath, 'keys', 'keyring.json'))
  return {
    deciding,
    gateway: { name: file.gateway.name, dataPath, zone: file.gateway.zone },
    http: {
      ...file.http.listen,
      tls: tls === undefined ? null : { certPath: resolve(folder, tls.cert), keyPath: resolve(folder, tls.key) },
      behindProxy: file.http.behind_proxy,
    },
    databaseUrl: file.database_url ?? null,
    redisUrl: file.redis_url ?? null,
    keys: {
      external: externalOf(file.keys, folder, dataPath),
      keyringPath,
      erasureJournalPath: join(dirname(keyringPath), 'erasures.jsonl'),
      backupHorizonMs: file.keys.backup_horizon,
    },
    sites: file.sites,
    sources: mapValues(file.sources, (source, id) => {
      const { settings, limits } = facts('sources', id)
      return {
        connector: source.connector,
        zone: source.zone ?? file.gateway.zone,
        settings,
        concurrency: source.concurrency ?? limits.concurrency,
        requestsPerSecond: source.requests_per_second ?? limits.requestsPerSecond,
        mapping: source.mapping,
        expectEveryMs: source.expect_every ?? null,
        absence: { confirmAfterMs: source.absence.confirm_after },
        archive: source.archive === undefined ? null : { keepMs: source.archive.keep },
        events: eventsOf(source),
        brakes: source.brakes,
      }
    }),
    targets: mapValues(file.targets, (target, id) => {
      const { settings, limits, recognisedBy } = facts('targets', id)
      return {
        connector: target.connector,
        mode: target.mode,
        settings,
        concurrency: target.concurrency ?? limits.concurrency,
        requestsPerSecond: target.requests_per_second ?? limits.requestsPerSecond,
        match: matchOf(target.match, recognisedBy),
        sweepEveryMs: target.sweep_every,
        deepSweep: { everyMs: target.deep_sweep_every, share: target.deep_sweep_share },
        drift: target.drift,
        authoritative: target.authoritative,
        events: eventsOf(target),
        guard: guardOf(target.guard),
      }
    }),
    subscriptions: mapValues(file.subscriptions, (subscription, id) => {
      const { settings, limits, reveal: byConnector } = facts('subscriptions', id)
      const { connector, requests_per_second, feed, filter = null, from } = subscription
      const reveal = subscription.reveal ?? revealUnlessSaid(feed, byConnector)
      const requestsPerSecond = requests_per_second ?? limits.requestsPerSecond
      return { connector, settings, concurrency: limits.concurrency, requestsPerSecond, feed, filter, reveal, from }
    }),
    attendance: attendanceOf(file.attendance, file.gateway.zone),
    policy: file.policy,
    events: { keepMs: file.events.keep },
    leaver: leaverOf(file.leaver),
    joiner: { leadMs: file.joiner.lead },
    alarms: { webhook: webhookOf(file.alarms.webhook) },
    grants: { longestMs: file.grants.longest },
    pins: file.pins,
    traces: tracesOf(file.telemetry.traces),
  }
}

function matchOf(
  match: ConfigFile['targets'][string]['match'],
  recognisedBy: ConnectionFacts['recognisedBy'],
): TargetConfig['match'] {
  return {
    employeeNumber: match.employee_number ?? recognisedBy.employeeNumber,
    email: match.email ?? recognisedBy.email,
    name: match.name ?? recognisedBy.name,
    card: match.card,
    nameAndDate: match.name_and_date,
    leadingZeros: match.leading_zeros,
  }
}

function attendanceOf(attendance: ConfigFile['attendance'], gatewayZone: string): AttendanceConfig {
  const {
    punches,
    zone = gatewayZone,
    day_starts: dayStartsMs,
    longest: longestMs,
    rest: restMs,
    keep: keepMs,
  } = attendance
  return { punches, zone, dayStartsMs, longestMs, restMs, keepMs }
}

function leaverOf({ remove_after, withdraw_after, delete_after }: ConfigFile['leaver']): Config['leaver'] {
  return {
    removeAfterMs: remove_after,
    withdrawAfterMs: withdraw_after ?? remove_after,
    deleteAfterMs: delete_after ?? null,
  }
}

function tracesOf(traces: ConfigFile['telemetry']['traces']): Config['traces'] {
  if (traces === undefined) return null
  const { endpoint, headers, ca, bulk_share: bulkShare } = traces
  return { endpoint, headers, ca: ca ?? null, bulkShare }
}

function webhookOf(webhook: ConfigFile['alarms']['webhook']): WebhookConfig | null {
  if (webhook === undefined) return null
  const { url, secret, ca = null, fingerprint256 = null, allow_private: allowPrivate } = webhook
  return { url, secret, ca, fingerprint256, allowPrivate }
}

function externalOf(keys: ConfigFile['keys'], folder: string, dataPath: string): Config['keys']['external'] {
  if (keys.credential !== undefined) return { credential: keys.credential }
  if (keys.env !== undefined) return { env: keys.env }
  return { keyFile: resolve(folder, keys.key_file ?? join(dataPath, 'keys', 'external.key')) }
}

function mapValues<T, U>(values: Readonly<Record<string, T>>, map: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value, key)]))
}

function guardOf({
  unexpected,
  brake,
  template_digests: digests,
}: ConfigFile['targets'][string]['guard']): TargetConfig['guard'] {
  return { unexpected, brake, templateDigests: digests === undefined ? null : { legalBasis: digests.legal_basis } }
}

function eventsOf({ events }: { readonly events?: { readonly site?: string } }): EventsRead | null {
  return events === undefined ? null : { site: events.site ?? null }
}
