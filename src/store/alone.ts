/** Makes sure that no other process of this gateway works on the database, and that none begins to while the connection lasts. */
import type pg from 'pg'

const lock = `hashtext('gatehouse.alone'), 0`

/** Keeps others from wanting the database for themselves, and from beginning. False when somebody does already. */
export async function holdOff(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>(`select pg_try_advisory_lock(${lock}) as held`)
  return rows[0]?.held === true
}

/** False when another process is there. The connection must not be named like those of a gateway. */
export async function holdAlone(client: pg.ClientBase): Promise<boolean> {
  if (!(await holdOff(client))) return false
  // Whoever came before the lock was held is connected; whoever comes after finds it held.
  const others = await client.query(
    `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name like 'gatehouse%'`,
  )
  return others.rowCount === 0
}

/** Whether another process wants the database for itself. Asked once, when a process of the gateway has connected and before it does anything. */
export async function isHeldAlone(pool: pg.Pool): Promise<boolean> {
  const client = await pool.connect()
  try {
    const { rows } = await client.query<{ free: boolean }>(`select pg_try_advisory_lock_shared(${lock}) as free`)
    if (rows[0]?.free !== true) return true
    await client.query(`select pg_advisory_unlock_shared(${lock})`)
    return false
  } finally {
    client.release()
  }
}
