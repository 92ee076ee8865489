/** The state of the gateway on one screen, from PostgreSQL alone. */
import type { WakeUps } from '../../queues/wake-ups.ts'
import type { StatusView } from '../api/acts/status.ts'
import { alarmAction } from '../model/alarm.ts'
import { breakerFailures, targetsAwaited } from '../store/targets.ts'
import type { SyncContext } from '../sync/context.ts'
import { deepProgress, hoursOf } from '../sync/drift/deep-sweep.ts'
import { sweepCounts } from '../sync/drift/sweep-counts.ts'
import { countSignedOff } from '../sync/failures.ts'
import { countWaiting } from '../sync/match/waiting.ts'
import { modesOf } from '../sync/target-modes.ts'
import type { Totals } from './totals.ts'

export interface StatusFacts {
  readonly version: string
  readonly startedAt: Date
  readonly roles: readonly string[]
}

export async function status(
  context: SyncContext,
  totals: Totals,
  wakeUps: Pick<WakeUps, 'health'>,
  facts: StatusFacts,
): Promise<Omit<StatusView, 'events' | 'subscriptions'>> {
  const { pool } = context.database
  const small = await totals.small()
  const { backend, ok } = await wakeUps.health()
  return {
    version: facts.version,
    at: new Date().toISOString(),
    startedAt: facts.startedAt.toISOString(),
    roles: facts.roles,
    queue: { backend, ok },
    database: {
      used: pool.totalCount - pool.idleCount,
      max: pool.options.max,
      waiting: pool.waitingCount,
    },
    people: await totals.people(),
    sources: await sources(context, totals),
    sourcesWaitFor: await targetsAwaited(pool, [...context.targets.keys()]),
    targets: await targets(context, totals),
    lockouts: await lockouts(context, totals),
    plans: { held: small.plans_held },
    frozenSince: (await context.standings.frozenEverywhere())?.toISOString() ?? null,
    alarms: await alarms(context),
    audit: { entries: small.audit_entries, pending: small.audit_pending },
  }
}

async function alarms({ database: { pool } }: SyncContext): Promise<StatusView['alarms']> {
  const { rows } = await pool.query<{ code: string; scope: string; raised_at: Date; count: number | null }>(
    'select code, scope, raised_at, count from alarm where cleared_at is null order by raised_at limit 200',
  )
  return rows.map(({ code, scope, raised_at, count }) => ({
    ...{ code, scope, count, since: raised_at.toISOString(), action: alarmAction(code) },
  }))
}

async function sources(context: SyncContext, totals: Totals): Promise<StatusView['sources']> {
  const { rows } = await context.database.pool.query<{ scope: string }>(
    `select scope from alarm where code = 'source.late' and cleared_at is null`,
  )
  const late = new Set(rows.map(({ scope }) => scope))
  return (await totals.sources()).map(({ id, delivery_at, complete_at, outcome, records }) => ({
    id,
    lastDeliveryAt: delivery_at?.toISOString() ?? null,
    lastCompleteAt: complete_at?.toISOString() ?? null,
    lastOutcome: outcome,
    records,
    overdue: late.has(id),
  }))
}

async function targets(context: SyncContext, totals: Totals): Promise<StatusView['targets']> {
  const { pool } = context.database
  const accounts = new Map((await totals.accounts()).map((total) => [total.target, total]))
  const work = await totals.work()
  const modes = await modesOf(pool, context)
  const undecided = await countWaiting(pool, context, modes)
  const standings = await context.standings.all()
  return (await totals.targets()).map(
    ({ id, failures, rest_until, reach, swept_at, sweep_counts, deep_sweep, restored_at, drifts }) => {
      const lanes = work.filter(({ target }) => target === id)
      const count = (of: readonly { readonly waiting: number }[]) => of.reduce((sum, { waiting }) => sum + waiting, 0)
      return {
        id,
        mode: modes.get(id)?.is ?? 'observe',
        accounts: accounts.get(id)?.applied ?? 0,
        waiting: count(lanes),
        urgentWaiting: count(lanes.filter(({ lane }) => lane === 'urgent')),
        dead: lanes.reduce((sum, { dead }) => sum + dead, 0),
        failing: accounts.get(id)?.failing ?? 0,
        unreachable: failures >= breakerFailures,
        pausedBecause: standings.get(id)?.pausedBecause ?? null,
        frozenSince: standings.get(id)?.frozenAt?.toISOString() ?? null,
        forged: standings.get(id)?.forged ?? true,
        restUntil: rest_until !== null && rest_until > new Date() ? rest_until.toISOString() : null,
        reach,
        sweptAt: swept_at?.toISOString() ?? null,
        waitsForMatch: undecided.get(id) ?? 0,
        withoutPerson: sweepCounts(sweep_counts)?.withoutPerson ?? 0,
        deepSweep: deepView(deep_sweep, context.now()),
        drifts,
        restoredAt: restored_at?.toISOString() ?? null,
      }
    },
  )
}

function deepView(text: string | null, now: Date): StatusView['targets'][number]['deepSweep'] {
  const progress = deepProgress(text)
  if (progress === null) return null
  const { begunAt, endedAt, total, read, unreadable, accountsPerHour } = progress
  return { begunAt, endedAt, total, read, unreadable, accountsPerHour, hours: hoursOf(progress, now) }
}

async function lockouts(context: SyncContext, totals: Totals): Promise<StatusView['lockouts']> {
  const open = await totals.lockouts()
  const proofs = await totals.proofs()
  const times = proofs.map(({ cause, proven, p50, p99, max }) => ({
    cause,
    proven,
    p50Ms: p50,
    p99Ms: p99,
    maxMs: max,
  }))
  const all = times.find(({ cause }) => cause === 'all')
  return {
    open: open.reduce((sum, total) => sum + total.open, 0),
    openAt: open.map((total) => ({ target: total.target, open: total.open, since: total.oldest.toISOString() })),
    proven24h: all?.proven ?? 0,
    p50Ms: all?.p50Ms ?? null,
    p99Ms: all?.p99Ms ?? null,
    maxMs: all?.maxMs ?? null,
    byCause: times.filter(({ cause }) => cause !== 'all'),
    signedOff: await countSignedOff(context),
  }
}
