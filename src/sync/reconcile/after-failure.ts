/** What a failed call means for the target as a whole, and for the account that it was about. */
import type { ConnectorError } from '../../connector/errors.ts'
import { errorCode } from '../../model/error-code.ts'
import type { Trouble } from '../../model/trouble.ts'
import { noteFailure, restTarget } from '../../store/targets.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { pauseTarget } from '../stop.ts'
import { backoffMs, type Failures, failureOf, type Outcome, outcomeOf, triesAlike } from './outcome.ts'
import { blockedCards } from './owned.ts'
import type { WorkItem } from './work-item.ts'

/** How long a target rests that told us to wait, and not how long. */
const restMs = 1_000
/** A conflict is looked at anew so often at once; it, and an error that nobody foresaw, is given up as bulk work after so many, the last of which ended alike. */
const conflictsAtOnce = 3
const attemptsMax = 6

/** Notes on the target's row what every worker must know, and tells when to try the account again. `trouble` is the target's, not the account's. */
export async function afterFailure(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  thrown: unknown,
  signal: AbortSignal,
  trouble: Trouble,
): Promise<Outcome> {
  const { pool } = context.database
  const { attempts, lane } = item.claim
  const urgent = lane === 'urgent'
  // Aborted for a lock-out, or because we stop: the request may still be carried out.
  if (signal.aborted) return outcomeOf(item, context.now(), { retryInMs: 0, verifyInMs: target.lateWriteMs })
  const failure = failureOf(thrown)
  const { kind, code } = failure
  if (isNews(item, failure, trouble))
    context.log('warn', 'work.retry', { target: target.id, account: item.row.id, code, attempt: attempts })
  if (code === 'engine.unexpected')
    context.log('error', 'engine.unexpected', { target: target.id, code: errorCode(thrown) })
  const later = backoffMs(attempts, urgent)
  const alike = triesAlike(item, 'account', code)
  const failed = (fields: Partial<Outcome>): Outcome =>
    outcomeOf(item, context.now(), {
      failures: { account: { kind, code } },
      verifyInMs: failure.outcomeUnknown ? target.lateWriteMs : null,
      retryInMs: later,
      ...fields,
    })
  switch (kind) {
    case 'transient':
      await noteFailure(pool, target.id)
      return failed({ dead: !urgent && code === 'engine.unexpected' && alike >= attemptsMax })
    case 'throttled': {
      const waitMs = failure.retryAfterMs ?? restMs
      await restTarget(pool, target.id, waitMs)
      return failed(urgent ? {} : { retryInMs: waitMs })
    }
    case 'unauthenticated':
      await inTransaction(pool, (client) => pauseTarget(client, context, target.id, code))
      context.log('error', 'target.paused', { target: target.id, code })
      return failed({ verifyInMs: null })
    case 'conflict':
      return failed({
        retryInMs: attempts < conflictsAtOnce ? 0 : later,
        dead: !urgent && alike >= attemptsMax,
      })
    case 'rejected':
      // A lock-out is never given up: it is tried on, and its alarm stays on.
      return failed({ dead: item.desired.lock !== 'closed' && !(urgent && blockedCards(item).length > 0) })
  }
}

/** A target that is away, or asks to wait, is told once, not for each account; an account that it refuses, once for each reason. */
function isNews({ row }: WorkItem, { kind, code }: ConnectorError, trouble: Trouble): boolean {
  if (kind === 'transient' || kind === 'throttled') return trouble.failed(code)
  return row.failures !== JSON.stringify({ account: { kind, code } } satisfies Failures)
}
