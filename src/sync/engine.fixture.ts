/** The engine on a real PostgreSQL with its real migrations and a real vault, a clock that obeys, and a target in memory. */
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { startPostgres } from '../../test/support/servers.ts'
import type { PersonId, PlanId, SubjectId } from '../model/id.ts'
import { compilePolicy, type Policy } from '../policy/policy.ts'
import { type Database, openDatabase } from '../store/database.ts'
import { type PersonRow, personGuard } from '../store/guards.ts'
import { migrate } from '../store/migrate.ts'
import type { Lane } from '../store/work.ts'
import { createKeyring } from '../vault/keyring.ts'
import { openVault, type Vault } from '../vault/vault.ts'
import type { Brakes, SourceSetup, SyncContext, TargetSetup } from './context.ts'
import { type FileOptions, type HrRow, hrFile, hrSource } from './hr-file.fixture.ts'
import { type Levels, openLevels } from './levels.ts'
import { type MemoryTarget, memoryTarget } from './memory-target.fixture.ts'
import { type PullReport, pull } from './pull.ts'
import { startTargetWorker } from './reconcile/worker.ts'
import { rejectPlan, releasePlan } from './release-plan.ts'
import { followCalendar, restoreWork } from './sweep.ts'

export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

/** Everybody active gets the main entrance, Research the laboratories. */
const rules = [
  { grant: ['doors/Main'], to: 'true' },
  { grant: ['doors/Lab'], to: 'employment.department == "Research"' },
] as const

/** A Monday morning; in Berlin it is 9:00. */
const start = Date.parse('2026-03-02T08:00:00Z')

/** The server, started once per test file. */
export interface Engine extends AsyncDisposable {
  readonly database: Database
  readonly vault: Vault
  /** An empty store, and everything else new. */
  begin(options?: BenchOptions): Promise<Bench>
  /** As a thief who may write whatever he likes. */
  tamper(sql: string, values?: readonly unknown[]): Promise<void>
}

export interface BenchOptions {
  readonly source?: Partial<SourceSetup>
  /** More sources than `hr`. */
  readonly sources?: readonly SourceSetup[]
  readonly leadMs?: number
  readonly levels?: readonly string[]
  readonly enabled?: boolean
}

export interface Bench {
  readonly context: SyncContext
  readonly source: SourceSetup
  readonly target: MemoryTarget
  readonly levels: Levels
  readonly brakes: Brakes
  readonly operator: SubjectId
  /** Events that were logged, oldest first. */
  readonly logged: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[]
  /** Lock-outs that the metrics were told of. */
  readonly measured: readonly { readonly proof: string; readonly seconds: number }[]
  /** Rules from now on; the caller has everybody resolved. */
  policy(rules: Parameters<typeof compilePolicy>[0]): void
  /** Lets time pass for the gateway, its leases and its retries. */
  pass(ms: number): Promise<void>
  deliver(rows: readonly HrRow[], options?: Partial<FileOptions> & { readonly source?: string }): Promise<PullReport>
  readonly setup: TargetSetup
  /** Workers and sweeps until nothing is due, without letting time pass; `by` is the process that works. */
  work(by?: { readonly context: SyncContext; readonly target: TargetSetup }): Promise<void>
  /** As `work`, but lets time pass for whatever must be tried or looked at again; at most two hours. */
  rest(): Promise<void>
  followCalendar(): Promise<void>
  /** The plan that waits, if there is one. */
  heldPlan(origin?: string): Promise<PlanId | null>
  release(plan: PlanId): Promise<{ applied: number; dropped: number }>
  reject(plan: PlanId): Promise<void>
  /** Nobody may lock them out or take their rights but by a release. */
  protect(person: PersonId): Promise<void>
  personOf(employeeNumber: string): Promise<PersonId>
  rows<T extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<T[]>
  alarms(): Promise<string[]>
}

export async function startEngine(): Promise<Engine> {
  const postgres = await startPostgres()
  await migrate(postgres.admin)
  const admin = new pg.Pool({ ...postgres.admin, max: 1, options: '-c search_path=gatehouse' })
  // Tests lose nothing by a power cut, and a commit that waits for no disk is several times faster.
  await admin.query(`alter database postgres set synchronous_commit to off`)
  await admin.query('grant select, insert, update, delete on all tables in schema gatehouse to runtime')
  const { rows } = await admin.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'gatehouse' and tablename not like 'kysely%' and tablename <> 'audit'`,
  )
  const clear = rows.map(({ name }) => `delete from ${name}`).join(';')
  const database = openDatabase(postgres.runtime, 8)
  const vault = openVault(createKeyring({ stamp: 'demo' }))
  return {
    database,
    vault,
    async begin(options = {}) {
      // A table that refers to another is emptied with it or after it.
      await admin.query(`set session_replication_role = replica; ${clear}; set session_replication_role = origin`)
      return openBench(database, vault, options)
    },
    async tamper(sql, values = []) {
      await admin.query(sql, [...values])
    },
    async [Symbol.asyncDispose]() {
      await database.close()
      await admin.end()
      await postgres[Symbol.asyncDispose]()
    },
  }
}

async function openBench(database: Database, vault: Vault, options: BenchOptions): Promise<Bench> {
  const { pool } = database
  const target = memoryTarget(options.levels ?? ['Main', 'Lab', 'Vault'])
  const source = hrSource('hr', options.source)
  const sources = new Map([source, ...(options.sources ?? [])].map((setup) => [setup.id, setup]))
  const levels = openLevels(database, vault)
  const setup: TargetSetup = {
    id: 'doors',
    enabled: options.enabled ?? true,
    connection: target.connection,
    lateWriteMs: 20 * second,
    concurrency: 4,
  }
  let now = start
  let policy: Policy = compilePolicy(rules)
  const logged: Bench['logged'] = []
  const measured: { proof: string; seconds: number }[] = []
  const context: SyncContext = {
    database,
    vault,
    levels,
    sources,
    targets: new Map([[setup.id, setup]]),
    get policy() {
      return policy
    },
    stateOptions: {
      siteZones: { Lima: 'America/Lima' },
      leadMs: options.leadMs ?? 0,
      sourceFields: Object.fromEntries([...sources].map(([id, { mapping }]) => [id, mapping.fields])),
    },
    leaverRemoveAfterMs: 7 * day,
    archiveFolder: '',
    log: (_level, event, fields = {}) => void logged.push({ event, fields }),
    metrics: {
      lockout: (_target, proof, seconds) => void measured.push({ proof, seconds }),
      applied: () => undefined,
      pulled: () => undefined,
    },
    now: () => new Date(now),
  }
  await pool.query('insert into source (id) select unnest($1::text[])', [[...sources.keys()]])
  await pool.query('insert into target (id) values ($1)', [setup.id])
  await levels.discover(setup, new AbortController().signal)
  target.calls.length = 0

  const bench: Bench = {
    context,
    source,
    target,
    setup,
    levels,
    brakes: source.brakes,
    operator: randomUUID() as SubjectId,
    logged,
    measured,
    policy(changed) {
      policy = compilePolicy(changed)
    },
    async pass(ms) {
      now += ms
      await shift(pool, ms)
    },
    deliver(rows, { source: id = 'hr', ...file } = {}) {
      const from = sources.get(id) as SourceSetup
      return pull(context, from, hrFile(rows, { arrivedAt: new Date(now), ...file }), new AbortController().signal)
    },
    async work(by = { context, target: setup }) {
      const worker = startTargetWorker(by.context, by.target, () => 'read-back')
      try {
        for (let due: readonly Lane[] = ['urgent', 'bulk']; due.length > 0; due = await dueNow(pool)) {
          for (const lane of due) await worker.pump(lane)
          await restoreWork(by.context)
        }
      } finally {
        await worker.stop(1_000)
      }
    },
    async rest() {
      await bench.work()
      for (const limit = now + 2 * hour; now < limit; await bench.work()) {
        const ms = await untilDue(pool)
        if (ms === null) return
        await bench.pass(Math.max(ms, 0) + 1)
      }
    },
    followCalendar: () => followCalendar(context, source.brakes),
    async heldPlan(origin = 'source:hr') {
      const found = await bench.rows<{ id: PlanId }>(`select id from plan where state = 'held' and origin = $1`, [
        origin,
      ])
      if (found.length > 1) throw new Error('an origin has one held plan')
      return found[0]?.id ?? null
    },
    release: (plan) => releasePlan(context, plan, bench.operator, 'seen'),
    reject: (plan) => rejectPlan(context, plan, bench.operator, 'seen'),
    async protect(person) {
      const [stored] = await bench.rows<PersonRow>('select * from person where id = $1', [person])
      if (stored === undefined) throw new Error('there is no such person')
      const guard = vault.guard('person', personGuard({ ...stored, protected: true }))
      await bench.rows('update person set protected = true, guard = $2 where id = $1', [person, guard])
    },
    async personOf(employeeNumber) {
      const found = await bench.rows<{ person_id: PersonId }>(
        `select person_id from account where external_digest = $1
         union select person_id from blind_index where purpose = 'employee-number' and digest = $2`,
        [vault.index('account', `doors/${employeeNumber}`), vault.index('employee-number', employeeNumber)],
      )
      if (found.length !== 1) throw new Error(`${found.length} people have this number`)
      return found[0]?.person_id as PersonId
    },
    async rows<T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) {
      return (await pool.query<T>(sql, [...values])).rows
    },
    async alarms() {
      const on = await bench.rows<{ code: string }>('select code from alarm where cleared_at is null order by code')
      return on.map(({ code }) => code)
    },
  }
  return bench
}

/** The store has a clock of its own: what it dates ahead comes nearer when the test's clock moves. */
async function shift(pool: pg.Pool, ms: number): Promise<void> {
  await pool.query(
    `with work as (update account_work set due_at = due_at - $1 * interval '1 ms', verify_at = verify_at - $1 * interval '1 ms',
                                           lease_until = lease_until - $1 * interval '1 ms')
     update target set rest_until = rest_until - $1 * interval '1 ms', breaker_until = breaker_until - $1 * interval '1 ms'`,
    [ms],
  )
}

const startable = `dead_at is null and (lease_until is null or lease_until < now())`

/** Lanes that a worker could take something from; nothing while the target is paused. */
async function dueNow(pool: pg.Pool): Promise<Lane[]> {
  const { rows } = await pool.query<{ lane: Lane }>(
    `select distinct lane from account_work w join target t on t.id = w.target
      where due_at <= now() and ${startable} and t.paused_at is null
        and coalesce(greatest(t.rest_until, t.breaker_until) <= now(), true) order by lane desc`,
  )
  return rows.map(({ lane }) => lane)
}

async function untilDue(pool: pg.Pool): Promise<number | null> {
  const { rows } = await pool.query<{ ms: number | null }>(
    `select min(extract(epoch from greatest(due_at, coalesce(lease_until, due_at), coalesce(t.rest_until, due_at), coalesce(t.breaker_until, due_at)) - now()) * 1000)::float8 as ms
       from account_work w join target t on t.id = w.target where dead_at is null and t.paused_at is null`,
  )
  return rows[0]?.ms ?? null
}
