/** The state of the gateway on one screen, from PostgreSQL alone. */
import type { WakeUps } from '../../queues/wake-ups.ts'
import type { StatusView } from '../api/acts/status.ts'
import { breakerFailures } from '../store/targets.ts'
import type { SyncContext } from '../sync/context.ts'
import { modesOf } from '../sync/target-modes.ts'

export interface StatusFacts {
  readonly version: string
  readonly startedAt: Date
  readonly roles: readonly string[]
}

export async function status(context: SyncContext, wakeUps: WakeUps, facts: StatusFacts): Promise<StatusView> {
  const { pool } = context.database
  const people = await pool.query<{ state: string; count: number }>(
    'select state, count(*)::int as count from person group by state',
  )
  const held = await pool.query<{ count: number }>(`select count(*)::int as count from plan where state = 'held'`)
  const alarms = await pool.query<{ code: string; scope: string; raised_at: Date; count: number | null }>(
    'select code, scope, raised_at, count from alarm where cleared_at is null order by raised_at limit 200',
  )
  const audit = await pool.query<{ entries: number; pending: number }>(
    'select coalesce((select max(seq) from audit), 0)::int as entries, (select count(*) from audit_pending)::int as pending',
  )
  const { backend, ok } = await wakeUps.health()
  return {
    version: facts.version,
    startedAt: facts.startedAt.toISOString(),
    roles: facts.roles,
    queue: { backend, ok },
    people: Object.fromEntries(people.rows.map(({ state, count }) => [state, count])),
    sources: await sources(context),
    targets: await targets(context),
    lockouts: await lockouts(context),
    plans: { held: held.rows[0]?.count ?? 0 },
    frozenSince: (await context.standings.frozenEverywhere())?.toISOString() ?? null,
    alarms: alarms.rows.map(({ raised_at, ...alarm }) => ({ ...alarm, since: raised_at.toISOString() })),
    audit: audit.rows[0] ?? { entries: 0, pending: 0 },
  }
}

async function sources(context: SyncContext): Promise<StatusView['sources']> {
  const { rows } = await context.database.pool.query<{
    id: string
    delivery_at: Date | null
    complete_at: Date | null
    outcome: string | null
    overdue: boolean
  }>(
    `select s.id, s.delivery_at, s.complete_at,
            (select outcome from pull p where p.source = s.id and finished_at is not null order by finished_at desc limit 1) as outcome,
            exists (select 1 from alarm a where a.code = 'source.late' and a.scope = s.id and a.cleared_at is null) as overdue
       from source s where s.id = any($1::text[]) order by s.id`,
    [[...context.sources.keys()]],
  )
  return rows.map(({ id, delivery_at, complete_at, outcome, overdue }) => ({
    id,
    lastDeliveryAt: delivery_at?.toISOString() ?? null,
    lastCompleteAt: complete_at?.toISOString() ?? null,
    lastOutcome: outcome,
    overdue,
  }))
}

async function targets(context: SyncContext): Promise<StatusView['targets']> {
  const { pool } = context.database
  const { rows } = await pool.query<{
    id: string
    accounts: number
    waiting: number
    urgent: number
    dead: number
    failing: number
    unreachable: boolean
    rest_until: Date | null
    reach: string | null
  }>(
    `select t.id, (select count(*)::int from account a where a.target = t.id and a.applied_version > 0) as accounts,
            (select count(*)::int from account a where a.target = t.id and a.failures is not null) as failing,
            count(w.account_id) filter (where w.dead_at is null and (w.lane = 'urgent' or w.verify_at is not null or a.desired_version > a.applied_version))::int as waiting,
            count(w.account_id) filter (where w.lane = 'urgent' and w.dead_at is null)::int as urgent,
            count(w.account_id) filter (where w.dead_at is not null)::int as dead,
            t.rest_until, t.reach,
            t.breaker_failures >= ${breakerFailures} as unreachable
       from target t left join account_work w on w.target = t.id left join account a on a.id = w.account_id where t.id = any($1::text[]) group by t.id order by t.id`,
    [[...context.targets.keys()]],
  )
  const modes = await modesOf(pool, context)
  const standings = await context.standings.all()
  return rows.map((row) => ({
    id: row.id,
    mode: modes.get(row.id)?.is ?? 'observe',
    accounts: row.accounts,
    waiting: row.waiting,
    urgentWaiting: row.urgent,
    dead: row.dead,
    failing: row.failing,
    unreachable: row.unreachable,
    pausedBecause: standings.get(row.id)?.pausedBecause ?? null,
    frozenSince: standings.get(row.id)?.frozenAt?.toISOString() ?? null,
    forged: standings.get(row.id)?.forged ?? true,
    restUntil: row.rest_until?.toISOString() ?? null,
    reach: row.reach,
  }))
}

async function lockouts(context: SyncContext): Promise<StatusView['lockouts']> {
  const { rows } = await context.database.pool.query<{
    open: number
    proven: number
    p50: number | null
    p99: number | null
    max: number | null
  }>(
    `select count(*) filter (where proven_at is null and ended_at is null)::int as open,
            count(*) filter (where proven_at > now() - interval '24 hours')::int as proven,
            percentile_cont(0.5) within group (order by ms) as p50, percentile_cont(0.99) within group (order by ms) as p99, max(ms) as max
       from (select *, case when proven_at > now() - interval '24 hours' then extract(epoch from proven_at - arrived_at) * 1000 end::float8 as ms from lockout) l`,
  )
  const row = rows[0]
  const round = (value: number | null | undefined): number | null =>
    value === null || value === undefined ? null : Math.round(value)
  return {
    open: row?.open ?? 0,
    proven24h: row?.proven ?? 0,
    p50Ms: round(row?.p50),
    p99Ms: round(row?.p99),
    maxMs: round(row?.max),
  }
}
