/** Acts about targets. */
import type { DriftChoice, TargetActs } from '../../api/acts/targets.ts'
import { type Actor, holdsRole } from '../../auth/actor.ts'
import type { DriftClass } from '../../model/drift.ts'
import type { AccountId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { levelTotals } from '../../store/totals.ts'
import { settleTarget } from '../../sync/drift/restored.ts'
import { acceptByHand, type DriftChosen, revertByHand, withdrawByHand } from '../../sync/drift/take-side.ts'
import { freezeByHand, pauseByHand, resumeByHand, unfreezeByHand } from '../../sync/stop.ts'
import { enableTarget, observeTarget } from '../../sync/target-modes.ts'
import { driftViews } from '../drift-views.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function targetActs({ engine }: ActsParts): TargetActs {
  const { context, levels, brakes } = engine
  return {
    enableTarget: (actor, target, reason) => enableTarget(context, target, actor.subject, reason),
    observeTarget: (actor, target, reason) => observeTarget(context, target, actor.subject, reason),
    settleTarget: (actor, target, reason) =>
      withLevels(engine, () => settleTarget(context, target, actor.subject, reason, brakes)),
    drifts: (target, page) => withLevels(engine, () => driftViews(context, target, page)),
    acceptDrift: (actor, target, chosen, reason) => acceptByHand(context, target, meant(chosen), by(actor, reason)),
    revertDrift: (actor, target, chosen, reason) =>
      withLevels(engine, () => revertByHand(context, target, meant(chosen), by(actor, reason))),
    withdrawDrift: (actor, target, chosen, reason) => withdrawByHand(context, target, meant(chosen), by(actor, reason)),
    pauseTarget: (actor, target, reason) => pauseByHand(context, target, actor.subject, reason),
    resumeTarget: (actor, target, reason) => resumeByHand(context, target, actor.subject, reason),
    freeze: (actor, target, reason) => freezeByHand(context, target, actor.subject, reason),
    unfreeze: (actor, target, reason) => unfreezeByHand(context, target, actor.subject, reason),
    async levels(target) {
      if (target !== undefined && !context.targets.has(target)) throw new Refusal('target.unknown')
      await levels.reload()
      const used = new Set(context.policy.levels())
      const people = await levelTotals(context.database.pool)
      return levels
        .all()
        .filter((level) => target === undefined || level.target === target)
        .map((level) => ({
          target: level.target,
          id: level.id,
          externalId: level.external_id,
          name: level.name,
          usedByRules: used.has(`${level.target}/${level.name}`),
          people: people.get(level.id) ?? 0,
        }))
    },
  }
}

/** The schema of the route took only what there is. */
function meant({ id, account, class: is }: DriftChoice): DriftChosen {
  return { id, account: account as AccountId | undefined, class: is as DriftClass | undefined }
}

function by(actor: Actor, reason: string) {
  return { subject: actor.subject, isAdmin: holdsRole(actor, 'admin'), reason }
}
