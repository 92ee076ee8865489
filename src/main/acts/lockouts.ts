/** Acts about lock-outs. */
import type { LockoutActs } from '../../api/acts/lockouts.ts'
import { signOffByHand } from '../../sync/failures.ts'
import { exportLockouts } from '../../sync/lockout-export.ts'
import { findLockout, lockoutViews } from '../lockout-views.ts'
import type { ActsParts } from './parts.ts'

export function lockoutActs({ engine }: ActsParts): LockoutActs {
  const { context } = engine
  return {
    lockouts: (filter, page) => lockoutViews(context, filter, page),
    lockout: (id) => findLockout(context, id),
    signOffLockout: (actor, id, reason) => signOffByHand(context, id, actor.subject, reason),
    exportLockouts: (actor, filter) => exportLockouts(context, filter, actor.subject),
  }
}
