/** A person wants to decide again about what was rejected: it is planned anew, as far as it is still wanted. */
import { recordAudit } from '../../audit/record.ts'
import type { PlanId, SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { loadPlan } from '../../store/plans.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { Brakes, SyncContext } from '../context.ts'
import { brakesOf, type Origin } from '../origin.ts'
import { type Planned, plan } from './plan.ts'

export interface AskAgain {
  readonly subject: SubjectId
  readonly reason: string
  /** For what no source caused. */
  readonly brakes: Brakes
}

/**
 * The rejected plan stays as it was decided; the new one is of all that its origin wants by now, and waits like any other. Null when that
 * is nothing any more, or when a delivery of its source is just being read, whose own plan has it.
 * @throws Refusal `plan.not-rejected`, `plan.unknown`, `plan.forged`.
 */
export async function askAgain(
  context: SyncContext,
  id: PlanId,
  { subject, reason, brakes }: AskAgain,
): Promise<Planned | null> {
  const origin = await inTransaction(context.database.pool, async (client) => {
    const row = await loadPlan(client, context.vault, id, true)
    if (row === null) throw new Refusal('plan.unknown')
    if (row.state !== 'rejected') throw new Refusal('plan.not-rejected')
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'plan.asked-again',
      object: id,
      details: { reason },
    })
    return row.origin as Origin
  })
  const of = brakesOf(context, origin, brakes)
  return plan(context, { origin, pull: null, brakes: of, arrivedAt: context.now(), afresh: true })
}
