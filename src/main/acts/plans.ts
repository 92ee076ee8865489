/** Acts about plans. */
import type { PlanActs } from '../../api/acts/plans.ts'
import type { PlanId } from '../../model/id.ts'
import { rejectPlan, releasePlan } from '../../sync/plan/release-plan.ts'
import { findPlan, planChanges, plans, planView } from '../plan-views.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function planActs({ engine }: ActsParts): PlanActs {
  const { context } = engine
  return {
    plans: (filter, page) => plans(context, filter, page),
    plan: async (id) => planView(await findPlan(context, id)),
    planChanges: (id, page) => withLevels(engine, () => planChanges(context, id, page)),
    releasePlan: (actor, id, reason) =>
      withLevels(engine, () => releasePlan(context, id as PlanId, actor.subject, reason)),
    rejectPlan: (actor, id, reason) => rejectPlan(context, id as PlanId, actor.subject, reason),
  }
}
