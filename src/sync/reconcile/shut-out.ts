/** Shuts one account out: lock fields only, then a separate read that proves it; nothing else of the account matters until then. */
import type { TargetSetup } from '../context.ts'
import { isShut } from './compare.ts'
import { backoffMs, type Failures, failureOf, type Outcome } from './outcome.ts'
import type { WorkItem } from './work-item.ts'

export async function shutOut(
  target: TargetSetup,
  item: WorkItem,
  now: () => Date,
  signal: AbortSignal,
): Promise<Outcome> {
  const { accounts } = target.connection
  const startedAt = now()
  let failures: Failures = {}
  let unknown = false
  let acceptedAt: Date | null = null
  try {
    const { parts } = await accounts.apply(
      { kind: 'lock', externalId: item.externalId, known: item.lastSeen, at: startedAt },
      signal,
    )
    const failed = parts.flatMap(({ failure, part }) => (failure === undefined ? [] : [{ part, failure }]))
    unknown = failed.some(({ failure }) => failure.outcomeUnknown)
    failures = Object.fromEntries(
      failed.map(({ part, failure }) => [part.kind, { kind: failure.kind, code: failure.code }]),
    )
    if (failed.length === 0) acceptedAt = now()
  } catch (thrown) {
    const failure = failureOf(thrown)
    unknown = failure.outcomeUnknown
    failures = { lock: { kind: failure.kind, code: failure.code } }
    // A target that refuses us, or asks us to wait, is not read either: its row says when to come back.
    if (failure.kind === 'unauthenticated' || failure.kind === 'throttled') throw failure
  }
  const actual = await accounts.read(item.externalId, signal)
  const shut = actual === null || isShut(actual)
  return {
    appliedVersion: shut ? item.row.desired_version : null,
    actual,
    owned: {
      ...item.owned,
      closed: true,
      blocked: Object.keys(item.desired.cards) as (keyof typeof item.desired.cards)[],
    },
    failures: shut
      ? {}
      : Object.keys(failures).length > 0
        ? failures
        : { lock: { kind: 'transient', code: 'engine.not-shut' } },
    retryInMs: shut ? null : backoffMs(item.claim.attempts, true),
    dead: false,
    verifyInMs: unknown ? target.lateWriteMs : null,
    startedAt,
    acceptedAt,
    provenAt: shut ? now() : null,
  }
}
