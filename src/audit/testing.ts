/** A trail in a real PostgreSQL, written by a role that has no more rights than it needs. */
import pg from 'pg'
import { type Database, openDatabase } from '../store/database.ts'
import { migrate } from '../store/migrate.ts'
import { createKeyring } from '../vault/keyring.ts'
import { openVault, type Vault } from '../vault/vault.ts'
import { appendOnce } from './append.ts'
import { type AuditRecord, recordAuditMany } from './record.ts'

/** A new PostgreSQL with the roles and schemas of a test; the trail ends it. */
interface Postgres extends AsyncDisposable {
  readonly admin: pg.PoolConfig
  readonly runtime: pg.PoolConfig
  kill(): Promise<void>
  start(): Promise<void>
}

export interface TestTrail extends AsyncDisposable {
  readonly vault: Vault
  /** As the runtime role. */
  readonly database: Database
  readonly config: pg.PoolConfig
  readonly admin: pg.PoolConfig
  record(...entries: readonly AuditRecord[]): Promise<void>
  /** Appends until nothing is pending. */
  appendAll(): Promise<void>
  /** As a thief who is superuser and whom no trigger stops. */
  tamper(sql: string, values?: readonly unknown[]): Promise<void>
  empty(): Promise<void>
  kill(): Promise<void>
  start(): Promise<void>
}

export async function openTrail(postgres: Postgres, poolSize = 6): Promise<TestTrail> {
  await migrate(postgres.admin)
  const tamper = async (sql: string, values: readonly unknown[] = []) => {
    const client = new pg.Client({ ...postgres.admin, options: '-c search_path=gatehouse' })
    await client.connect()
    try {
      await client.query('alter table audit disable trigger audit_append_only')
      await client.query(sql, [...values])
      await client.query('alter table audit enable always trigger audit_append_only')
    } finally {
      await client.end()
    }
  }
  await tamper(`grant select, insert on audit to runtime`)
  await tamper(`grant select, insert, delete on audit_pending to runtime`)
  const vault = openVault(createKeyring({ stamp: 'demo' }))
  const database = openDatabase(postgres.runtime, poolSize)
  return {
    vault,
    database,
    config: postgres.runtime,
    admin: postgres.admin,
    record: (...entries) => database.db.transaction().execute((tx) => recordAuditMany(tx, vault, entries)),
    async appendAll() {
      while ((await appendOnce(database.pool, vault))?.taken !== 0);
    },
    tamper,
    empty: () => tamper('truncate audit, audit_pending restart identity'),
    kill: () => postgres.kill(),
    start: () => postgres.start(),
    async [Symbol.asyncDispose]() {
      await database.close()
      await postgres[Symbol.asyncDispose]()
    },
  }
}

/** All that an iteration yields. */
export async function collect<T>(iteration: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of iteration) all.push(one)
  return all
}

/** `count` different records. */
export function someRecords(count: number): AuditRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    actor: 'engine',
    action: 'account.applied',
    object: `account-${i}`,
    details: { target: 'demo', parts: ['lock', `card-${i}`] },
  }))
}
