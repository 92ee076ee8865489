/** Acts about targets. */
import type { TargetActs } from '../../api/acts/targets.ts'
import { Refusal } from '../../model/refusal.ts'
import { settleTarget } from '../../sync/drift/restored.ts'
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
    pauseTarget: (actor, target, reason) => pauseByHand(context, target, actor.subject, reason),
    resumeTarget: (actor, target, reason) => resumeByHand(context, target, actor.subject, reason),
    freeze: (actor, target, reason) => freezeByHand(context, target, actor.subject, reason),
    unfreeze: (actor, target, reason) => unfreezeByHand(context, target, actor.subject, reason),
    async levels(target) {
      if (target !== undefined && !context.targets.has(target)) throw new Refusal('target.unknown')
      await levels.reload()
      const used = new Set(context.policy.levels())
      return levels
        .all()
        .filter((level) => target === undefined || level.target === target)
        .map((level) => ({
          target: level.target,
          id: level.id,
          externalId: level.external_id,
          name: level.name,
          usedByRules: used.has(`${level.target}/${level.name}`),
        }))
    },
  }
}
