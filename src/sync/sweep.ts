/** What the scheduler's timers do: wake due lanes, re-create lost work, follow the calendar, and notice what only time can tell. */
import { setAlarms } from '../store/alarms.ts'
import { breakerFailures } from '../store/targets.ts'
import type { Lane } from '../store/work.ts'
import { dueLanes, restoreLostWork } from '../store/work.ts'
import type { Brakes, SyncContext } from './context.ts'
import { plan } from './plan/plan.ts'
import { resolveDue } from './resolve/re-resolve.ts'

/** How long a lock-out may stay open before a person is told. */
const lockoutLimitMs = 5_000

/** Wakes whatever is due; called every second. */
export async function sweepWork(context: SyncContext): Promise<void> {
  const { pool } = context.database
  const lanes: readonly { target: string; lane: Lane }[] = await dueLanes(pool)
  if (lanes.length === 0) return
  await pool.query('insert into outbox (target, lane) select * from unnest($1::text[], $2::text[])', [
    lanes.map(({ target }) => target),
    lanes.map(({ lane }) => lane),
  ])
}

/** Puts back on the list what should be on it; entries go missing only by a hand in the database, so every quarter minute is enough. */
export async function restoreWork({ database, log }: SyncContext): Promise<void> {
  const count = await restoreLostWork(database.pool)
  if (count > 0) log('warn', 'work.restored', { count })
}

/** Follows the calendar until nobody is due any more, and plans what operators' acts have left to do. */
export async function followCalendar(context: SyncContext, brakes: Brakes): Promise<void> {
  while ((await resolveDue(context, brakes)) > 0);
  await plan(context, { origin: 'operator', pull: null, brakes, arrivedAt: context.now() })
}

/** Plans what the calendar had resolved when the process that followed it ended; for a scheduler that begins. */
export async function resumeCalendar(context: SyncContext, brakes: Brakes): Promise<void> {
  await plan(context, { origin: 'clock', pull: null, brakes, arrivedAt: context.now() })
}

/** Raises and clears what only time can tell: files that are late, levels that nobody finds, lock-outs that stay open, plans that wait. */
export async function watchTheTime(context: SyncContext): Promise<void> {
  await watch(context, 'source.late', await lateSources(context))
  await watch(context, 'level.unknown', await unknownLevels(context))
  await watch(context, 'target.unreachable', await unreachableTargets(context))
  await watch(context, 'lockout.open', await openLockOuts(context))
  const { rows } = await context.database.pool.query<{ origin: string }>(
    `select distinct origin from plan where state = 'held'`,
  )
  await watch(
    context,
    'plan.held',
    rows.map(({ origin }) => origin),
  )
}

async function watch(context: SyncContext, code: string, scopes: readonly string[]): Promise<void> {
  for (const scope of await setAlarms(context.database.pool, code, scopes)) context.log('error', code, { scope })
}

/** Targets that offer no level of some name that a rule uses, or several: nobody is granted or loses anything there by that rule. */
async function unknownLevels({ database, policy, levels }: SyncContext): Promise<string[]> {
  const { rows } = await database.pool.query<{ id: string }>('select id from target where levels_at is not null')
  const missing = policy.levels().filter((ref) => levels.byRef(ref) === undefined)
  return rows.map(({ id }) => id).filter((id) => missing.some((ref) => ref.startsWith(`${id}/`)))
}

/** Targets whose breaker has opened, and has not closed again. */
async function unreachableTargets({ database, targets }: SyncContext): Promise<string[]> {
  const { rows } = await database.pool.query<{ id: string }>(
    'select id from target where id = any($1::text[]) and breaker_failures >= $2',
    [[...targets.keys()], breakerFailures],
  )
  return rows.map(({ id }) => id)
}

async function lateSources(context: SyncContext): Promise<string[]> {
  const late: string[] = []
  for (const { id, expectEveryMs } of context.sources.values()) {
    if (expectEveryMs === null) continue
    const { rowCount } = await context.database.pool.query(
      `select 1 from source where id = $1 and coalesce(delivery_at, registered_at) < now() - $2 * interval '1 ms'`,
      [id, expectEveryMs],
    )
    if (rowCount === 1) late.push(id)
  }
  return late
}

async function openLockOuts(context: SyncContext): Promise<string[]> {
  const { rows } = await context.database.pool.query<{ account_id: string }>(
    `select distinct account_id from lockout
      where proven_at is null and ended_at is null and decided_at < now() - $1 * interval '1 ms'`,
    [lockoutLimitMs],
  )
  return rows.map(({ account_id }) => account_id)
}
