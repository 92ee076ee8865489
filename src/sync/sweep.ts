/** The timers of the gateway: one process at a time re-creates lost work, wakes due lanes, follows the calendar, and misses late files. */

import { clearAlarm, raiseAlarm } from '../store/alarms.ts'
import type { Lane } from '../store/work.ts'
import { dueLanes, restoreLostWork } from '../store/work.ts'
import type { Brakes, SyncContext } from './context.ts'
import { plan } from './plan.ts'
import { resolveDue } from './re-resolve.ts'

/** How long a lock-out may stay open before a person is told. */
const lockoutLimitMs = 5_000

/** Wakes whatever is due; called every second. */
export async function sweepWork(context: SyncContext): Promise<void> {
  const { pool } = context.database
  await restoreLostWork(pool)
  const lanes: readonly { target: string; lane: Lane }[] = await dueLanes(pool)
  if (lanes.length === 0) return
  await pool.query('insert into outbox (target, lane) select * from unnest($1::text[], $2::text[])', [
    lanes.map(({ target }) => target),
    lanes.map(({ lane }) => lane),
  ])
}

/** Follows the calendar until nobody is due any more, and plans what operators' acts have left to do. */
export async function followCalendar(context: SyncContext, brakes: Brakes): Promise<void> {
  while ((await resolveDue(context, brakes)) > 0);
  await plan(context, { origin: 'operator', pull: null, brakes, arrivedAt: context.now() })
}

/** Raises and clears what only time can tell: files that are late, lock-outs that stay open, plans that wait. */
export async function watchTheTime(context: SyncContext): Promise<void> {
  const { pool } = context.database
  for (const { id, expectEveryMs } of context.sources.values()) {
    if (expectEveryMs === null) continue
    const { rows } = await pool.query<{ late: boolean }>(
      `select coalesce(delivery_at, now()) < now() - $2 * interval '1 ms' as late from source where id = $1`,
      [id, expectEveryMs],
    )
    if (rows[0]?.late === true && (await raiseAlarm(pool, 'source.late', id)))
      context.log('error', 'source.late', { source: id })
  }
  const open = await pool.query<{ account_id: string }>(
    `select account_id from lockout where proven_at is null and ended_at is null and arrived_at < now() - $1 * interval '1 ms'`,
    [lockoutLimitMs],
  )
  for (const { account_id } of open.rows)
    if (await raiseAlarm(pool, 'lockout.open', account_id))
      context.log('error', 'lockout.open', { account: account_id })
  const held = await pool.query<{ origin: string; held: boolean }>(
    `select origin, bool_or(state = 'held') as held from plan group by origin`,
  )
  for (const { origin, held: waits } of held.rows) await (waits ? raiseAlarm : clearAlarm)(pool, 'plan.held', origin)
}
