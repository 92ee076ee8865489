/** The store of a test put back as it was, as `gatehouse restore` would. */
import type pg from 'pg'
import { backedUpTables } from '../../store/backup/tables.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { Bench, Engine } from '../fixtures/engine.fixture.ts'
import { unsettle } from './after-load.ts'

// The trail can not be taken back, not even by a test.
const tables = backedUpTables.filter((table) => !table.startsWith('audit'))

/** Keeps the store as it is now; what is returned puts it back. */
export async function backUpStore(
  engine: Pick<Engine, 'tamper' | 'vault'>,
  bench: Bench,
): Promise<() => Promise<void>> {
  const copies = tables.map((table) => `create table saved.${table} as table gatehouse.${table}`)
  await engine.tamper(`drop schema if exists saved cascade; create schema saved; ${copies.join(';')}`)
  return async () => {
    const loads = tables.map(
      (table) => `delete from gatehouse.${table}; insert into gatehouse.${table} select * from saved.${table}`,
    )
    await engine.tamper(
      `set session_replication_role = replica; delete from gatehouse.outbox; ${loads.join(';')}; set session_replication_role = origin`,
    )
    await inTransaction(bench.context.database.pool, async (client) => {
      await unsettle(client, engine.vault, {
        ...{ madeAt: new Date(0), now: await nowOf(client), subject: bench.operator },
        targets: [bench.setup],
      })
    })
    bench.target.calls.length = 0
  }
}

/** The store's own clock, by which it dates what was read. */
async function nowOf(client: pg.ClientBase): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>('select clock_timestamp() as now')
  return rows[0]?.now as Date
}
