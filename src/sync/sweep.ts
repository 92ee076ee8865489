/** What the scheduler's timers do: wake due lanes, re-create lost work, follow the calendar, and notice what only time can tell. */
import type { AlarmCode } from '../model/alarm.ts'
import type { Lane } from '../model/lane.ts'
import { isMade } from '../store/account-sql.ts'
import { readAlarms, restoreSilenced, setAlarms } from '../store/alarms.ts'
import { peopleOfTwoFormats, wakeForFreeCards } from '../store/card-holders.ts'
import { givenUp, reviewDiscards } from '../store/failures.ts'
import { dropPins } from '../store/pins.ts'
import { readStanding } from '../store/source-standing.ts'
import { everywhere } from '../store/standings.ts'
import { breakerFailures } from '../store/targets.ts'
import { dueLanes, restoreLostWork, waitingWork } from '../store/work.ts'
import type { Brakes, SyncContext } from './context.ts'
import { tellForged } from './forged.ts'
import { plan } from './plan/plan.ts'
import { isOffering } from './pull/pull-brakes.ts'
import { reviewFrozen } from './reconcile/review-frozen.ts'
import { resolveDue } from './resolve/re-resolve.ts'
import { distrust } from './suspect/admit.ts'
import { countWaiting } from './suspect/waiting.ts'
import { modesOf } from './target-modes.ts'

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

/** Puts back on the list what should be on it, wakes who waits for a card that is free, and deletes PINs that nobody needs any more; entries go missing only by a hand in the database, so every quarter minute is enough. */
export async function restoreWork(context: SyncContext): Promise<void> {
  const { database, targets, log, now } = context
  await reviewFrozen(context)
  await tellForged(database.pool, context, ...(await reviewDiscards(database.pool, context.vault)))
  await wakeForFreeCards(database.pool, [...targets.keys()], now())
  await dropPins(database.pool, null, now())
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

const watched = [
  'source.late',
  'source.suspect',
  'source.braked',
  'source.columns-moved',
  'level.unknown',
  'target.unreachable',
  'lockout.open',
  'plan.held',
  'target.observed',
  'account.dead',
  'card.two-formats',
  'target.left',
  'target.paused',
  'target.frozen',
  'gateway.frozen',
] as const satisfies readonly AlarmCode[]

type Watch = (
  code: (typeof watched)[number],
  scopes: readonly string[] | ReadonlyMap<string, number>,
) => Promise<unknown>

/** Raises and clears what only time can tell: files that are late, levels that nobody finds, lock-outs that stay open, plans that wait. */
export async function watchTheTime(context: SyncContext): Promise<void> {
  const { database, vault } = context
  const seen = await readAlarms(database.pool, ...watched)
  const watch: Watch = (code, scopes) => setAlarms(database.pool, vault, code, scopes, seen)
  await watch('source.late', await lateSources(context))
  const sources = await sourceStandings(context)
  await watch('source.suspect', sources.suspect)
  await watch('source.braked', sources.braked)
  await watch('source.columns-moved', sources.moved)
  await watch('level.unknown', await unknownLevels(context))
  await watch('target.unreachable', await unreachableTargets(context))
  await watch('lockout.open', await overdueLockouts(context))
  await watch('plan.held', await heldPlans(context))
  await watch('target.observed', await observedAgain(context))
  await watch('account.dead', await givenUp(database.pool))
  await watch('card.two-formats', await peopleOfTwoFormats(database.pool))
  await watch('target.left', await leftTargets(context))
  await watchStops(context, watch)
  await restoreSilenced(database.pool, vault)
}

/** An alarm about a source is on as long as its reason lasts, whoever switches it off; of a forged row nothing is believed. */
async function sourceStandings(context: SyncContext) {
  const found = { suspect: new Map<string, number>(), braked: [] as string[], moved: [] as string[] }
  for (const source of context.sources.keys()) {
    const standing = await readStanding(context.database.pool, context.vault, source)
    if (standing === null) await distrust(context.database.pool, context, source)
    if (standing === null || standing.suspect_at !== null)
      found.suspect.set(source, await countWaiting(context.database.pool, context, source))
    if (standing !== null && standing.braked !== null) found.braked.push(source)
    if (standing !== null && isOffering(standing)) found.moved.push(source)
  }
  return found
}

/** What is paused or frozen, with the count that waits for it, kept current. */
async function watchStops({ database, targets, standings }: SyncContext, watch: Watch): Promise<void> {
  const everything = await standings.frozenEverywhere()
  const standing = [...(await standings.all())].filter(([id]) => targets.has(id))
  const paused = standing.flatMap(([id, { pausedBecause }]) => (pausedBecause === null ? [] : [id]))
  const frozen = standing.flatMap(([id, { frozenHereAt }]) => (frozenHereAt === null ? [] : [id]))
  const isStopped = everything !== null || paused.length > 0 || frozen.length > 0
  const waiting: Awaited<ReturnType<typeof waitingWork>> = isStopped ? await waitingWork(database.pool) : new Map()
  const counted = (ids: readonly string[], lane: Lane) => new Map(ids.map((id) => [id, waiting.get(id)?.[lane] ?? 0]))
  const bulk = [...waiting.values()].reduce((sum, counts) => sum + counts.bulk, 0)
  await watch('target.paused', counted(paused, 'urgent'))
  await watch('target.frozen', counted(frozen, 'bulk'))
  await watch('gateway.frozen', new Map(everything === null ? [] : [[everywhere, bulk]]))
}

/** Targets that are only observed, and have accounts that Gatehouse wrote: whoever took that back, leavers get in there. */
async function observedAgain(context: SyncContext): Promise<readonly string[]> {
  const { pool } = context.database
  const observed = [...(await modesOf(pool, context))].flatMap(([id, { is, locksOut }]) =>
    is === 'observe' && !locksOut ? [id] : [],
  )
  const { rows } = await pool.query<{ id: string }>(
    `select id from unnest($1::text[]) as v(id) where exists (
       select from account a where a.target = v.id and ${isMade('a.owned')} and a.owned not like '%"adopted":true%')`,
    [observed],
  )
  return rows.map(({ id }) => id)
}

/** Targets that the configuration names no more, and where accounts that we wrote, or may have, are left. */
async function leftTargets({ database, targets }: SyncContext): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ id: string }>(
    `select id from target t where id <> all($1::text[])
        and exists (select from account a where a.target = t.id and a.desired is not null)`,
    [[...targets.keys()]],
  )
  return rows.map(({ id }) => id)
}

/** By origin. */
async function heldPlans({ database }: SyncContext): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ origin: string }>(
    `select distinct origin from plan where state = 'held'`,
  )
  return rows.map(({ origin }) => origin)
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

/** How many are open for longer than they may be, by target. */
async function overdueLockouts({ database }: SyncContext): Promise<ReadonlyMap<string, number>> {
  const { rows } = await database.pool.query<{ target: string; count: number }>(
    `select target, count(distinct account_id)::int as count from lockout
      where proven_at is null and ended_at is null and decided_at < now() - $1 * interval '1 ms' group by target`,
    [lockoutLimitMs],
  )
  return new Map(rows.map(({ target, count }) => [target, count]))
}
