/** Plans as callers see them: counts, limits and changes; accounts and people by random id only. */
import type { Paged } from '../api/acts/paged.ts'
import type { PlanChangeView, PlanView } from '../api/acts/plans.ts'
import type { AccessLevelId, PlanId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import type { PlanRow } from '../store/guards.ts'
import { loadPlan } from '../store/plans.ts'
import type { SyncContext } from '../sync/context.ts'
import { refuseForged } from '../sync/plan/apply-plan.ts'
import type { Hold, KindCount } from '../sync/plan/brake.ts'
import { checkedCursor } from './cursor.ts'

export function planView(row: PlanRow): PlanView {
  const counts = JSON.parse(row.counts) as KindCount[]
  const holds = JSON.parse(row.holds) as Hold[]
  return {
    id: row.id,
    origin: row.origin,
    state: row.state,
    hash: row.hash.toString('hex'),
    createdAt: row.created_at.toISOString(),
    decidedAt: row.decided_at?.toISOString() ?? null,
    decidedBy: row.decided_by,
    kinds: counts.map(({ kind, target, accounts }) => {
      const reasons = holds.filter((hold) => hold.kind === kind && hold.target === target)
      const brake = reasons.find(({ why }) => why === 'brake')
      return {
        kind,
        target,
        changes: accounts,
        limit: brake?.limit ?? null,
        held: reasons.length > 0,
        why:
          reasons.length === 0
            ? null
            : reasons.map(({ why, accounts: held }) => (why === 'brake' ? 'brake' : `${why}: ${held}`)).join(', '),
      }
    }),
    total: counts.reduce((sum, { accounts }) => sum + accounts, 0),
  }
}

export async function plans(
  context: SyncContext,
  filter: { state?: string },
  page: { after?: string; limit: number },
): Promise<Paged<PlanView>> {
  const { rows } = await context.database.pool.query<PlanRow>(
    `select * from plan where ($1::text is null or state = $1)
        and ($2::uuid is null or (created_at, id) < (select created_at, id from plan where id = $2)) order by created_at desc, id desc limit $3`,
    [filter.state ?? null, checkedCursor(page.after, 'id'), page.limit],
  )
  return { rows: rows.map(planView), next: rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null }
}

export async function findPlan(context: SyncContext, id: string): Promise<PlanRow> {
  const row = await loadPlan(context.database.pool, context.vault, id as PlanId)
  if (row === null) throw new Refusal('plan.unknown')
  return row
}

/** `after` is `account/part` of the last row. */
export async function planChanges(
  context: SyncContext,
  id: string,
  page: { after?: string; limit: number },
): Promise<Paged<PlanChangeView>> {
  const plan = await findPlan(context, id)
  // Who releases must have seen what is released.
  if (plan.state === 'held') await refuseForged(context, plan.id, { held: true, digest: plan.hash })
  const after = checkedCursor(page.after, 'change')
  const [account, part] = after === null ? [null, null] : [after.slice(0, 36), after.slice(37)]
  const { rows } = await context.database.pool.query<Omit<PlanChangeView, 'name'>>(
    `select c.account_id as account, a.person_id as person, c.target, c.kind, c.part, c.before, c.after, c.held_for is not null as held, c.dropped
       from plan_change c left join account a on a.id = c.account_id
      where c.plan_id = $1 and ($2::uuid is null or (c.account_id, c.part) > ($2, $3)) order by c.account_id, c.part limit $4`,
    [id, account, part, page.limit],
  )
  const last = rows.at(-1)
  return {
    rows: rows.map((row) => ({ ...row, name: levelName(context, row.part) })),
    next: rows.length === page.limit && last !== undefined ? `${last.account}/${last.part}` : null,
  }
}

function levelName({ levels }: SyncContext, part: string): string | null {
  return part.startsWith('level:') ? (levels.nameOf(part.slice('level:'.length) as AccessLevelId) ?? null) : null
}
