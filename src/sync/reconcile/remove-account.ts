/** Takes the account of somebody who is erased off its target, and reads back that it is gone; what was never ours stays, and is said. */
import type { SyncContext, TargetSetup } from '../context.ts'
import { nothingOwned } from '../owned-row.ts'
import { backoffMs, type Outcome, outcomeOf } from './outcome.ts'
import { isUntried, looksOurs } from './owned.ts'
import type { WorkItem } from './work-item.ts'

/** What a target will not take is offered again this much later: nothing but its removal ends an erasure. */
const tryAgainMs = 15 * 60_000

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

  const { parts } = await accounts.apply({ kind: 'remove', externalId: item.externalId }, signal)
  const failure = parts.find((part) => part.failure !== undefined)?.failure
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

/** Nobody gets in with an account that isn't there. */
function gone({ now }: SyncContext): Partial<Outcome> {
  return { actual: null, owned: nothingOwned, provenAt: now() }
}
