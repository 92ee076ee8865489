/** An engine that reads one source into a real PostgreSQL and keeps what was delivered in a temporary folder; its clock obeys. */
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../../../test/support/servers.ts'
import type { Delivery } from '../../connector/contract.ts'
import { compileMapping } from '../../mapping/mapping.ts'
import { compilePolicy } from '../../policy/policy.ts'
import { openDatabase } from '../../store/database.ts'
import { migrate } from '../../store/migrate.ts'
import { openStandings, registerGateway } from '../../store/standings.ts'
import { noTraces } from '../../telemetry/traces.ts'
import { memoryKeyring } from '../../vault/memory-keyring.fixture.ts'
import { openVault } from '../../vault/vault.ts'
import type { SourceSetup, SyncContext } from '../context.ts'

export interface Archivist extends AsyncDisposable {
  readonly context: SyncContext
  readonly source: SourceSetup
  readonly logged: string[]
  pass(ms: number): void
  /** Names in the archive's folder; none while it does not exist. */
  files(): Promise<readonly string[]>
  rows<T extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<T[]>
  /** As a thief who may write what he likes. */
  tamper(sql: string, values?: readonly unknown[]): Promise<void>
  /** Actions that wait to be chained, oldest first. */
  audited(): Promise<readonly { readonly action: string; readonly actor: string; readonly object: string }[]>
  alarms(): Promise<readonly string[]>
}

export const dayMs = 86_400_000

export async function startArchivist(): Promise<Archivist> {
  const postgres = await startPostgres()
  await migrate(postgres.admin)
  const admin = new pg.Pool({ ...postgres.admin, max: 1, options: '-c search_path=gatehouse' })
  await admin.query('grant select, insert, update, delete on all tables in schema gatehouse to runtime')
  const database = openDatabase(postgres.runtime, 4)
  const place = await mkdtemp(join(tmpdir(), 'gatehouse-archive-'))
  const brake = { min: 0, percent: 100 }
  const source: SourceSetup = {
    id: 'hr',
    zone: 'UTC',
    mapping: compileMapping({ key: 'row.id', fields: { familyName: 'row.name' } }),
    mappingVersion: '1',
    readVersion: '1',
    keyOf: (cells) => cells.id ?? null,
    absenceConfirmAfterMs: dayMs,
    expectEveryMs: null,
    archiveKeepMs: 30 * dayMs,
    lockoutsPerHour: brake,
    rowsLost: brake,
    rowsChanged: brake,
    brakes: { 'lockout-absence': brake, revoke: brake, grant: brake, create: brake, change: brake, delete: brake },
  }
  await database.pool.query('insert into source (id) values ($1)', [source.id])
  const logged: string[] = []
  let now = Date.now()
  const keyring = memoryKeyring()
  const vault = openVault(keyring)
  await registerGateway(database.pool, vault)
  const context: SyncContext = {
    database,
    keyring,
    vault,
    standings: openStandings(database, vault, () => undefined),
    sources: new Map([[source.id, source]]),
    targets: new Map(),
    photoSource: () => undefined,
    policy: compilePolicy([]),
    stateOptions: { siteZones: {}, leadMs: 0, sourceFields: { hr: source.mapping.fields } },
    leaver: { removeAfterMs: 7 * dayMs, withdrawAfterMs: 7 * dayMs, deleteAfterMs: null },
    backupHorizonMs: 35 * dayMs,
    grantLongestMs: 0,
    pinLength: 6,
    archiveFolder: join(place, 'data', 'archive'),
    refuseSuperseded: async () => undefined,
    erasureJournalPath: join(place, 'erasures.jsonl'),
    levels: {
      byRef: () => undefined,
      externalId: () => undefined,
      byExternalId: () => undefined,
      nameOf: () => undefined,
    },
    log: (_level, event) => void logged.push(event),
    metrics: { applied: () => undefined, pulled: () => undefined },
    traces: noTraces,
    now: () => new Date(now),
  }
  return {
    context,
    source,
    logged,
    pass: (ms) => {
      now += ms
    },
    files: () => readdir(context.archiveFolder).catch(() => []),
    rows: async <T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
      (await admin.query<T>(sql, [...values])).rows,
    tamper: async (sql, values = []) => void (await admin.query(sql, [...values])),
    audited: async () => (await admin.query('select action, actor, object from audit_pending order by id')).rows,
    alarms: async () =>
      (await admin.query<{ code: string }>('select code from alarm where cleared_at is null order by code')).rows.map(
        ({ code }) => code,
      ),
    async [Symbol.asyncDispose]() {
      await database.close()
      await admin.end()
      await postgres[Symbol.asyncDispose]()
      await rm(place, { recursive: true, force: true })
    },
  }
}

export interface TestDelivery extends Delivery {
  /** What the source was told, in order. */
  readonly settled: string[]
}

let written = 0

/** A full delivery of rows `id,name`; `raw` gives other bytes than were read. */
export function deliveryOf(
  text: string,
  options: { readonly raw?: string | null; readonly onSettle?: () => Promise<void> } = {},
): TestDelivery {
  const { raw = text, onSettle } = options
  const settled: string[] = []
  const records = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, i) => {
      const [id = null, name = null] = line.split(',')
      return { place: `line ${i + 1}`, cells: { id, name } }
    })
  return {
    name: 'workers.csv',
    mode: 'full',
    arrivedAt: new Date(),
    writtenAt: new Date(++written),
    settledMs: 0,
    fingerprint: createHash('sha256').update(text).digest(),
    columns: ['id', 'name'],
    settled,
    async *pages() {
      yield { records, problems: [] }
      return { complete: true, records: records.length, problems: 0 }
    },
    ...(raw === null ? {} : { raw: () => inChunks(Buffer.from(raw)) }),
    async settle(outcome) {
      await onSettle?.()
      settled.push(outcome)
    },
  }
}

async function* inChunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000)
}
