/** Lock-outs as callers see them: ids and times, no personal data. */
import type { AskedLockouts, LockoutView } from '../api/acts/lockouts.ts'
import type { Paged } from '../api/acts/paged.ts'
import { Refusal } from '../model/refusal.ts'
import type { LockoutRow } from '../store/guards.ts'
import { lockoutPage } from '../store/lockout-pages.ts'
import { lockoutsById } from '../store/lockouts.ts'
import type { SyncContext } from '../sync/context.ts'
import { lockoutStatement } from '../sync/lockout-export.ts'
import { checkedCursor } from './cursor.ts'

/** The last 50 of a person, newest first. */
export async function lockoutsOf(context: SyncContext, person: string): Promise<LockoutView[]> {
  const { rows } = await context.database.pool.query<LockoutRow>(
    'select * from lockout where person_id = $1 order by arrived_at desc, id limit 50',
    [person],
  )
  return rows.map((row) => lockoutView(context, row))
}

/** A target that is configured no more has lock-outs still. @throws Refusal `target.unknown`. */
export async function lockoutViews(
  context: SyncContext,
  filter: AskedLockouts,
  page: { readonly after?: string; readonly limit: number },
): Promise<Paged<LockoutView>> {
  const [section, id] = checkedCursor(page.after, 'lockout')?.split('/') ?? []
  const after = id === undefined ? null : { open: section === 'open', id }
  const { rows, next } = await lockoutPage(context.database.pool, filter, after, page.limit)
  if (rows.length === 0 && filter.target !== undefined && !context.targets.has(filter.target))
    throw new Refusal('target.unknown')
  return {
    rows: rows.map((row) => lockoutView(context, row)),
    next: next === null ? null : `${next.open ? 'open' : 'over'}/${next.id}`,
  }
}

export async function findLockout(context: SyncContext, id: string): Promise<LockoutView> {
  const [row] = await lockoutsById(context.database.pool, [id])
  if (row === undefined) throw new Refusal('lockout.unknown')
  return lockoutView(context, row)
}

export function lockoutView(context: SyncContext, row: LockoutRow): LockoutView {
  const stated = lockoutStatement(context, row)
  const { lockout: id, state } = stated
  const times = stated.state === 'not-provable' ? stated.claimed : stated
  const { person, account, credential, target, cause, proof, requests, waitingMs } = times
  const { arrivedAt, decidedAt, startedAt, acceptedAt, provenAt, endedAt } = times
  return {
    ...{ id, person, account, credential, target, cause, state, proof, requests, waitingMs },
    ...{ arrivedAt, decidedAt, startedAt, acceptedAt, provenAt, endedAt },
  }
}

/** Of the targets of these lock-outs, those where nothing happens until they are resumed. */
export async function pausedAmong(context: SyncContext, lockouts: readonly string[]): Promise<readonly string[]> {
  if (lockouts.length === 0) return []
  const { rows } = await context.database.pool.query<{ target: string }>(
    'select distinct target from lockout where id = any($1::uuid[]) order by target',
    [lockouts],
  )
  const standings = await context.standings.all()
  const isPaused = (target: string) => (standings.get(target)?.pausedBecause ?? null) !== null
  return rows.map((row) => row.target).filter(isPaused)
}
