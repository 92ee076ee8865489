/** Transactions on one connection, for work that COPYs or updates many rows at once. */
import type pg from 'pg'

/** Runs `work` in a transaction; any error rolls back and is thrown on. */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return endedWith('commit', pool, work)
}

/** As `inTransaction`, but everything is read as of one moment, and nothing is written. */
export async function inSnapshot<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return endedWith('commit', pool, work, 'begin isolation level repeatable read read only')
}

/** As `inTransaction`, but whatever `work` wrote is undone: for what is only tried out. */
export async function inDryTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return endedWith('rollback', pool, work)
}

async function endedWith<T>(
  end: 'commit' | 'rollback',
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  begin = 'begin',
): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query(begin)
    const result = await work(client)
    await client.query(end)
    return result
  } catch (error) {
    // A connection that can't even roll back is not given back to the pool.
    await client.query('rollback').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    client.release(broken)
  }
}
