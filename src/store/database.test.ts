import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { startPostgres, until } from '../../test/support/servers.ts'
import { type Database, openDatabase } from './database.ts'
import { inTransaction } from './transaction.ts'

test('a connection that dies between two queries of a transaction fails the second one, and ends nothing else', async () => {
  await using postgres = await startPostgres()
  const database = openDatabase(postgres.admin, 2)
  const unheard: unknown[] = []
  const hear = (error: unknown): void => void unheard.push(error)
  process.on('uncaughtException', hear)
  try {
    const work = inTransaction(database.pool, async (client) => {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
      let ended = false
      client.once('end', () => {
        ended = true
      })
      await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
      await until('the connection is gone', () => ended)
      await client.query('select 1')
    })
    await expect(work).rejects.toThrow()
    expect((await database.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect(unheard).toEqual([])
  } finally {
    process.off('uncaughtException', hear)
    await database.close()
  }
})

test('closing ends every connection, whether rows were read through Kysely, the pool, or not at all', async () => {
  await using postgres = await startPostgres()
  const uses = [
    ({ pool }: Database) => pool.query('select 1'),
    ({ db }: Database) => sql`select 1`.execute(db),
    () => Promise.resolve(),
  ]
  for (const use of uses) {
    const database = openDatabase(postgres.admin, 2)
    await use(database)
    await database.close()
    expect(database.pool).toMatchObject({ ended: true, totalCount: 0 })
  }
})
