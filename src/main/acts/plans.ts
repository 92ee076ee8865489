/** Acts about plans. */
import type { PlanActs } from '../../api/acts/plans.ts'
import type { PlanId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { askAgain } from '../../sync/plan/ask-again.ts'
import { rejectPlan, releasePlan } from '../../sync/plan/release-plan.ts'
import { configurationPlan } from '../config-views.ts'
import { planChanges } from '../plan-changes.ts'
import { plan, plans } from '../plan-views.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function planActs({ engine, configuration }: ActsParts): PlanActs {
  const { context } = engine

  /** A proposed configuration is listed among the plans, and decided about where its edits are shown. */
  async function isConfiguration(id: string): Promise<boolean> {
    return (await configurationPlan(configuration))?.id === id
  }
  async function refuseConfiguration(id: string): Promise<void> {
    if (await isConfiguration(id)) throw new Refusal('plan.is-configuration')
  }

  return {
    async plans(actor, { state }, page) {
      const found = await plans(context, actor, state === undefined ? {} : { state }, page)
      const isFirst = page.after === undefined && (state === undefined || state === 'held')
      const proposed = isFirst ? await configurationPlan(configuration) : null
      return proposed === null ? found : { ...found, rows: [proposed, ...found.rows] }
    },
    async plan(actor, id) {
      const proposed = await configurationPlan(configuration)
      return proposed?.id === id ? proposed : plan(context, actor, id)
    },
    async planChanges(actor, id, filter, page) {
      if (await isConfiguration(id)) return { rows: [], next: null }
      return withLevels(engine, () => planChanges(context, actor, id, filter, page))
    },
    async releasePlan(actor, id, reason) {
      await refuseConfiguration(id)
      return withLevels(engine, () => releasePlan(context, id as PlanId, actor.subject, reason))
    },
    async rejectPlan(actor, id, reason) {
      await refuseConfiguration(id)
      return rejectPlan(context, id as PlanId, actor.subject, reason)
    },
    async askAgain({ subject }, id, reason) {
      await refuseConfiguration(id)
      const request = { subject, reason, brakes: engine.brakes }
      const planned = await withLevels(engine, () => askAgain(context, id as PlanId, request))
      return { plan: planned?.id ?? null, state: planned?.state ?? null }
    },
  }
}
