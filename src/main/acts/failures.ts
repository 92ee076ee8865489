/** Acts about what was given up or refused. */
import type { FailureActs } from '../../api/acts/failures.ts'
import type { AccountId } from '../../model/id.ts'
import { discardByHand, retryAllFailures, retryFailure } from '../../sync/failures.ts'
import { failureViews } from '../failure-views.ts'
import type { ActsParts } from './parts.ts'

export function failureActs({ engine: { context } }: ActsParts): FailureActs {
  return {
    failures: (target, page) => failureViews(context, target, page),
    async retryFailures(actor, which, reason) {
      if (!('account' in which)) return retryAllFailures(context, which.target, actor.subject, reason)
      await retryFailure(context, which.account as AccountId, actor.subject, reason)
      return 1
    },
    discardFailure: (actor, account, reason) => discardByHand(context, account as AccountId, actor.subject, reason),
  }
}
