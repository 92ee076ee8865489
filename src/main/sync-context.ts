/** Builds what the sync engine works with from the configuration and the opened parts. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Config, SourceConfig } from '../../config/config.ts'
import { compileMapping } from '../mapping/mapping.ts'
import { compilePolicy } from '../policy/policy.ts'
import type { Database } from '../store/database.ts'
import type { Standings } from '../store/standings.ts'
import { refuseSuperseded } from '../sync/configuration/in-force.ts'
import type { Brakes, SourceSetup, SyncContext, TargetSetup } from '../sync/context.ts'
import { type Levels, openLevels } from '../sync/levels.ts'
import { tracedAccounts } from '../sync/reconcile/traced-accounts.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Traces } from '../telemetry/traces.ts'
import type { LivingKeyring } from '../vault/living-keyring.ts'
import type { Vault } from '../vault/vault.ts'
import { codedLog } from './coded-log.ts'
import type { Connected } from './connections.ts'

export interface Engine {
  readonly context: SyncContext
  readonly levels: Levels
  /** For what no source brought: the calendar, operators, a new policy. The strictest of all sources'. */
  readonly brakes: Brakes
}

export function buildEngine(
  config: Config,
  parts: {
    readonly database: Database
    readonly vault: Vault
    readonly keyring: LivingKeyring
    /** Of the whole process: it remembers what it saw. */
    readonly standings: Standings
    readonly log: Log
    readonly metrics: Metrics
    readonly traces: Traces
    /** The version of the configuration that this is. */
    readonly version: number
    readonly photoSource: SyncContext['photoSource']
  },
  targets: ReadonlyMap<string, Connected<'accounts'>>,
): Engine {
  const { database, vault, keyring, standings, log, metrics, traces, version, photoSource } = parts
  const levels = openLevels(database, vault)
  const sources = new Map(Object.entries(config.sources).map(([id, source]) => [id, sourceSetup(id, source)]))
  const context: SyncContext = {
    database,
    vault,
    keyring,
    levels,
    standings,
    sources,
    targets: new Map([...targets].map(([id, connected]) => [id, targetSetup(config, id, connected, traces)])),
    policy: compilePolicy(config.policy.map(({ grant, to }) => ({ grant: [...grant], to }))),
    stateOptions: {
      siteZones: Object.fromEntries(Object.entries(config.sites).map(([site, { zone }]) => [site, zone])),
      leadMs: config.joiner.leadMs,
      sourceFields: Object.fromEntries([...sources].map(([id, { mapping }]) => [id, mapping.fields])),
    },
    leaver: config.leaver,
    backupHorizonMs: config.keys.backupHorizonMs,
    grantLongestMs: config.grants.longestMs,
    pinLength: config.pins.length,
    erasureJournalPath: config.keys.erasureJournalPath,
    archiveFolder: join(config.gateway.dataPath, 'archive'),
    photoSource,
    refuseSuperseded: (client) => refuseSuperseded(client, vault, version),
    log: codedLog(log, 'sync'),
    metrics: {
      applied: (target, outcome) => metrics.applied.inc({ target, outcome }),
      pulled: (source, outcome, records) => metrics.pullRecords.inc({ source, outcome }, records),
    },
    traces,
    now: () => new Date(),
  }
  return { context, levels, brakes: strictest([...sources.values()].map((source) => source.brakes)) }
}

function sourceSetup(id: string, source: SourceConfig): SourceSetup {
  const mapping = compileMapping(source.mapping)
  const keyOnly = compileMapping({ key: source.mapping.key, fields: {} })
  const {
    lockout_record,
    lockout_absence,
    rows_lost,
    rows_changed,
    revoke,
    grant,
    create,
    change,
    delete: deleting,
  } = source.brakes
  return {
    id,
    zone: source.zone,
    mapping,
    mappingVersion: versionOf(source.mapping, source.zone),
    readVersion: versionOf(source.mapping, source.zone, source.connector, source.settings),
    keyOf: (cells) => {
      const mapped = keyOnly.apply(cells)
      return 'record' in mapped ? mapped.record.key : null
    },
    absenceConfirmAfterMs: source.absence.confirmAfterMs,
    expectEveryMs: source.expectEveryMs,
    archiveKeepMs: source.archive?.keepMs ?? null,
    // The first accounts at a target are looked at by a person, however few they are.
    brakes: {
      ...{ 'lockout-absence': lockout_absence, revoke, grant, change, delete: deleting },
      create: { ...create, whenEmpty: 0 },
    },
    lockoutsPerHour: lockout_record,
    rowsLost: rows_lost,
    rowsChanged: rows_changed,
  }
}

function versionOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16)
}

function targetSetup(
  config: Config,
  id: string,
  { connection, lateWriteMs }: Connected<'accounts'>,
  traces: Traces,
): TargetSetup {
  const target = config.targets[id]
  if (target === undefined) throw new Error(`target ${id} is not configured`)
  return {
    id,
    declaredEnabled: target.mode === 'enabled',
    connection: traces.on ? traced(connection, traces, id) : connection,
    lateWriteMs,
    concurrency: target.concurrency,
    match: target.match,
    sweepEveryMs: target.sweepEveryMs,
    deepSweep: {
      everyMs: target.deepSweep.everyMs,
      requestsPerSecond: target.requestsPerSecond * target.deepSweep.share,
    },
    drift: target.drift,
    authoritative: target.authoritative,
    guard: target.guard,
  }
}

function traced(connection: TargetSetup['connection'], traces: Traces, id: string): TargetSetup['connection'] {
  return {
    accounts: tracedAccounts(traces, id, connection.accounts),
    health: (signal) => connection.health(signal),
    close: () => connection.close(),
  }
}

function strictest(all: readonly Brakes[]): Brakes {
  const kinds = ['lockout-absence', 'revoke', 'grant', 'create', 'change', 'delete'] as const
  const least = (kind: (typeof kinds)[number]) => ({
    min: Math.min(...all.map((brakes) => brakes[kind].min)),
    percent: Math.min(...all.map((brakes) => brakes[kind].percent)),
  })
  return {
    'lockout-absence': least('lockout-absence'),
    revoke: least('revoke'),
    grant: least('grant'),
    create: { ...least('create'), whenEmpty: 0 },
    change: least('change'),
    delete: least('delete'),
  }
}
