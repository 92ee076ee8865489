/** A person decides about a held plan: lets it go, or refuses it. */
import type pg from 'pg'
import { recordAudit } from '../audit/record.ts'
import type { PlanId, SubjectId } from '../model/id.ts'
import type { PlanRow } from '../store/guards.ts'
import { decidePlan, loadPlan } from '../store/plans.ts'
import { inTransaction } from '../store/transaction.ts'
import { applyPlan, refuseForged } from './apply-plan.ts'
import type { SyncContext } from './context.ts'

/**
 * A person lets a held plan go.
 * @throws Error `plan.not-held` when it was decided already, `plan.observed` when nothing of it may be written yet,
 * `plan.unknown`, `plan.forged`.
 */
export async function releasePlan(
  context: SyncContext,
  id: PlanId,
  subject: SubjectId,
  reason: string,
): Promise<{ applied: number; dropped: number }> {
  const row = await inTransaction(context.database.pool, async (client) => {
    const found = await openPlan(client, context, id)
    if (!(await touchesEnabled(client, context, id))) throw new Error('plan.observed')
    await refuseForged(context, id, { held: true, digest: found.hash })
    await decidePlan(client, context.vault, found, 'released', subject)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'plan.released',
      object: id,
      details: { reason, hash: found.hash.toString('hex') },
    })
    return found
  })
  return applyPlan(context, id, {
    held: true,
    digest: row.hash,
    actor: subject,
    arrivedAt: context.now(),
    resolveFirst: true,
  })
}

async function openPlan(client: pg.ClientBase, context: SyncContext, id: PlanId): Promise<PlanRow> {
  const row = await loadPlan(client, context.vault, id, true)
  if (row === null) throw new Error('plan.unknown')
  if (row.state !== 'held') throw new Error('plan.not-held')
  return row
}

async function touchesEnabled(client: pg.ClientBase, context: SyncContext, id: PlanId): Promise<boolean> {
  const enabled = [...context.targets.values()].flatMap((target) => (target.enabled ? [target.id] : []))
  const { rowCount } = await client.query(
    'select 1 from plan_change where plan_id = $1 and held_for is not null and target = any($2::text[]) limit 1',
    [id, enabled],
  )
  return rowCount === 1
}

/** A person refuses a held plan: nothing of it happens; a later pull that wants the same makes a new one. @throws Error `plan.not-held`, `plan.unknown`, `plan.forged`. */
export async function rejectPlan(context: SyncContext, id: PlanId, subject: SubjectId, reason: string): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    const row = await openPlan(client, context, id)
    await decidePlan(client, context.vault, row, 'rejected', subject)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'plan.rejected',
      object: id,
      details: { reason },
    })
  })
}
