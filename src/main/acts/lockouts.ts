/** Acts about lock-outs. */
import type { LockoutActs } from '../../api/acts/lockouts.ts'
import { findLockout } from '../lockout-views.ts'
import type { ActsParts } from './parts.ts'

export function lockoutActs({ engine }: ActsParts): LockoutActs {
  return { lockout: (id) => findLockout(engine.context, id) }
}
