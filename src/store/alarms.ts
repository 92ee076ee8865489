/** Alarms that are on: raised once, cleared once; the code says what, the scope says where, neither says whom. */
import type pg from 'pg'

/** True when the alarm was off until now. */
export async function raiseAlarm(client: pg.ClientBase | pg.Pool, code: string, scope: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into alarm (code, scope) values ($1, $2)
     on conflict (code, scope) do update set raised_at = now(), cleared_at = null where alarm.cleared_at is not null`,
    [code, scope],
  )
  return rowCount === 1
}

/** True when the alarm was on until now. */
export async function clearAlarm(client: pg.ClientBase | pg.Pool, code: string, scope: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'update alarm set cleared_at = now() where code = $1 and scope = $2 and cleared_at is null',
    [code, scope],
  )
  return rowCount === 1
}

/** Makes exactly these scopes of an alarm be on; returns those that were off until now. */
export async function setAlarms(pool: pg.Pool, code: string, scopes: readonly string[]): Promise<readonly string[]> {
  await pool.query(
    'update alarm set cleared_at = now() where code = $1 and cleared_at is null and scope <> all($2::text[])',
    [code, scopes],
  )
  const news: string[] = []
  for (const scope of scopes) if (await raiseAlarm(pool, code, scope)) news.push(scope)
  return news
}
