/** How a target answers, kept in PostgreSQL and obeyed by every worker of every process: rest, breaker, and who leads it. */
import type pg from 'pg'

export async function restTarget(pool: pg.Pool, id: string, forMs: number): Promise<void> {
  await pool.query(`update target set rest_until = greatest(rest_until, now() + $2 * interval '1 ms') where id = $1`, [
    id,
    forMs,
  ])
}

/** So many failures in a row open the breaker. */
export const breakerFailures = 5

/**
 * Five failures in a row open the breaker, for a second; each that follows once it is closed again doubles that, up to half a
 * minute. Requests that were under way when it opened fail one after the other, and say nothing new: while it is open, none counts.
 */
export async function noteFailure(pool: pg.Pool, id: string): Promise<void> {
  await pool.query(
    `update target set breaker_failures = breaker_failures + 1,
            breaker_until = case when breaker_failures + 1 >= ${breakerFailures}
              then now() + least(30, power(2, least(breaker_failures + 1 - ${breakerFailures}, 5))) * interval '1 second' end
      where id = $1 and (breaker_until is null or breaker_until <= now())`,
    [id],
  )
}

export async function noteSuccess(pool: pg.Pool, id: string): Promise<void> {
  await pool.query(
    'update target set breaker_failures = 0, breaker_until = null where id = $1 and (breaker_failures > 0 or breaker_until is not null)',
    [id],
  )
}

/**
 * Those of these targets that have not told their access levels yet, while nobody is known: before they have, nobody can be resolved as a
 * whole, so no source is read. Once people are known, those who leave wait for no new target.
 */
export async function targetsAwaited(pool: pg.Pool, targets: readonly string[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from target where id = any($1::text[]) and levels_at is null and not exists (select 1 from person) order by id`,
    [targets],
  )
  return rows.map(({ id }) => id)
}

/** How sure a write is to reach the readers, as its health said last: shown to operators, decides nothing. */
export async function noteReach(pool: pg.Pool, id: string, reach: string): Promise<void> {
  await pool.query('update target set reach = $2 where id = $1', [id, reach])
}

/** Takes or renews the lead of a target for `forMs`: one process writes to it. False when another leads. */
export async function leadTarget(pool: pg.Pool, id: string, owner: string, forMs: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update target set owner = $2, owner_until = now() + $3 * interval '1 ms'
      where id = $1 and (owner = $2 or owner is null or owner_until < now())`,
    [id, owner, forMs],
  )
  return rowCount === 1
}

export async function yieldTarget(pool: pg.Pool, id: string, owner: string): Promise<void> {
  await pool.query('update target set owner = null, owner_until = null where id = $1 and owner = $2', [id, owner])
}
