import { expect, test } from 'vitest'
import { useDatabase } from '../../store/database.fixture.ts'
import { compactStore } from './compact.ts'

const database = useDatabase(3)

const sizeOf = async (table: string) =>
  (await database.pool.query<{ size: string }>('select pg_relation_size($1::text) as size', [table])).rows[0]?.size

test('takes old rows out of the files, but for those of a table that somebody holds, and says so', async () => {
  const { pool } = database
  await pool.query(`insert into source (id) select 's' || i from generate_series(1, 500) i`)
  await pool.query(`insert into access_level (id, target, external_id, name, guard)
    select gen_random_uuid(), 'doors', i::text, i::text, '' from generate_series(1, 500) i`)
  await pool.query('delete from source')
  await pool.query('delete from access_level')
  const [client, holder] = [await pool.connect(), await pool.connect()]
  try {
    await holder.query('begin; lock table source in access share mode')
    await client.query(`set lock_timeout = '50ms'`)
    expect(await compactStore(client)).toBe(false)
    expect([(await sizeOf('source')) !== '0', await sizeOf('access_level')]).toEqual([true, '0'])
    await holder.query('rollback')
    expect(await compactStore(client)).toBe(true)
    expect(await sizeOf('source')).toBe('0')
  } finally {
    holder.release(true)
    client.release(true)
  }
})

test('does not pass over that its connection is lost', async () => {
  const client = await database.pool.connect()
  client.on('error', () => undefined)
  await client.query('select pg_terminate_backend(pg_backend_pid())').catch(() => undefined)
  await expect(compactStore(client)).rejects.toThrow()
  client.release(true)
})
