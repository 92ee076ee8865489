/** Takes an account off its target whose person is erased, or left for good, and reads back that it is gone; what was never ours stays, and is said. */
import type { ActualAccount, Applied } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { shutAgain } from '../drift/relock.ts'
import { nothingOwned } from '../owned-row.ts'
import { bringAbout } from './bring-about.ts'
import { isShut } from './compare.ts'
import { backoffMs, type Outcome, outcomeOf } from './outcome.ts'
import { hasRemovals, isUntried, looksOurs } from './owned.ts'
import { isStillGone } from './still-gone.ts'
import type { WorkItem } from './work-item.ts'

/** What a target will not take is offered again this much later: nothing but its removal ends it. */
const tryAgainMs = 15 * 60_000
/** So often is looked whether the target's own rules still give the account something. */
const ruleMs = 60 * 60_000

/** Its person came back, or nobody can tell whether they are gone: it stays, shut, with all that is on it. */
const stillNeeded = { kind: 'rejected', code: 'account.still-needed' } as const

/** Rules of the target give it rights: somebody there still counts on it, and it stays, shut. */
const keptByRule = { kind: 'rejected', code: 'account.kept-by-rule' } as const

export async function removeAccount(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  signal: AbortSignal,
): Promise<Outcome> {
  const { accounts } = target.connection
  const startedAt = context.now()
  const done = (fields: Partial<Outcome>): Outcome =>
    outcomeOf(item, startedAt, { appliedVersion: item.row.desired_version, ...fields })
  const { verify_at } = item.claim
  // A creation that nobody saw the end of may still land: what is gone now could be there then.
  if (verify_at !== null && verify_at > context.now())
    return done({ appliedVersion: null, retryInMs: target.lateWriteMs })
  const before = await accounts.read(item.externalId, signal)
  if (before === null) return done({ ...gone(context), removal: 'removed' })
  if (before.untouchable) return done({ actual: before, removal: 'untouchable' })
  const isStranger = !item.owned.made && (isUntried(item) || !looksOurs(context, target, item, before))
  if (isStranger) return done({ actual: before, removal: 'not-ours' })
  const stays = item.erasure === null ? await staysForNow(context, target, item, before, signal) : null
  if (stays !== null) return done({ actual: before, ...stays, appliedVersion: null })

  const failure = failureIn(await order(accounts, item.externalId, signal))
  const acceptedAt = context.now()
  const after = await accounts.read(item.externalId, signal)
  if (after === null) return done({ ...gone(context), acceptedAt, removal: 'removed' })
  return done({
    appliedVersion: null,
    actual: after,
    acceptedAt,
    failures: { account: { kind: failure?.kind ?? 'transient', code: failure?.code ?? 'engine.not-removed' } },
    retryInMs: failure?.kind === 'rejected' ? tryAgainMs : backoffMs(item.claim.attempts, false),
  })
}

/** A leaver's account is shut and empty of what is ours before it is deleted, and kept where deleting it would go behind the back of the target's own rules. */
async function staysForNow(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  before: ActualAccount,
  signal: AbortSignal,
): Promise<Partial<Outcome> | null> {
  if (!isShut(before)) {
    // Opened since it was proven shut: that is a lock-out of its own, and overtakes this.
    await shutAgain(context, target.id, [{ id: item.row.id, cards: 'all' }])
    return { retryInMs: backoffMs(item.claim.attempts, false) }
  }
  if (!(await isStillGone(context, item))) return { failures: { account: stillNeeded }, retryInMs: tryAgainMs }
  // What is ours goes first, each by itself: a card that a deletion took along might not be free afterwards.
  if (hasRemovals(context.levels, item)) {
    const outcome = await bringAbout(context, target, item, signal)
    const isOff = outcome.appliedVersion !== null && Object.keys(outcome.failures).length === 0
    return { ...outcome, retryInMs: isOff ? 0 : (outcome.retryInMs ?? tryAgainMs) }
  }
  if (before.inheritedLevels.length === 0) return null
  return { failures: { account: keptByRule }, retryInMs: ruleMs }
}

/** What the target will never take is noted of the account, like what it says of a part. */
async function order(
  accounts: TargetSetup['connection']['accounts'],
  externalId: string,
  signal: AbortSignal,
): Promise<Applied | ConnectorError> {
  try {
    return await accounts.apply({ kind: 'remove', externalId }, signal)
  } catch (thrown) {
    if (thrown instanceof ConnectorError && thrown.kind === 'rejected') return thrown
    throw thrown
  }
}

function failureIn(answer: Applied | ConnectorError): ConnectorError | undefined {
  if (answer instanceof ConnectorError) return answer
  return answer.parts.find((part) => part.failure !== undefined)?.failure
}

/** Nobody gets in with an account that isn't there. */
function gone({ now }: SyncContext): Partial<Outcome> {
  return { actual: null, owned: nothingOwned, provenAt: now() }
}
