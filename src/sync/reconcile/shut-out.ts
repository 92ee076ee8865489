/** Shuts one account out: lock fields only, then a separate read that proves it; nothing else of the account matters until then. */
import type { ActualAccount } from '../../connector/contract.ts'
import { isShown } from '../../connector/profile.ts'
import type { Card } from '../../model/card.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { isShut } from './compare.ts'
import { backoffMs, type Failures, failureOf, type Outcome, outcomeOf } from './outcome.ts'
import { hasRemovals, isUntried, ownedAfterLock } from './owned.ts'
import type { WorkItem } from './work-item.ts'

/** Cards may move by hand from one person to another: what was seen longer ago is no ground to block one. */
const freshMs = 24 * 3_600_000
/** An operator's lock is worth one more request, to see what was closed before it; not waiting for a target that does not answer. */
const lookMs = 500

export async function shutOut(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  signal: AbortSignal,
): Promise<Outcome> {
  const { now } = context
  const { accounts } = target.connection
  const startedAt = now()
  // Nothing new is desired: this is the second look, after a write that may have landed late.
  const secondLook = item.row.applied_version === item.row.desired_version
  const untried = isUntried(item)
  let known = lastKnown(item, startedAt)
  if (secondLook || untried) {
    known = await accounts.read(item.externalId, signal)
    // An account of that id that we never made, and that bears another name, is not this person's way in.
    const out = isOut(known) || (untried && !bearsName(target, item, known))
    if (out) return ended(context, target, item, known, known, { startedAt, provenAt: now() })
  } else if (item.byOperator) known = (await look(target, item, signal)) ?? known
  const written = await sendLock(target, item, { known }, now, signal)
  const actual = await accounts.read(item.externalId, signal)
  const unexplained = Object.keys(written.failures).length === 0
  // One that is not shown, while its lock-out failed, may only be hidden from us.
  const out = actual === null ? unexplained : isShut(actual)
  return ended(context, target, item, known ?? item.lastSeen, actual, {
    startedAt,
    blocked: written.blocked,
    refusedByReader: written.refusedByReader,
    acceptedAt: written.acceptedAt,
    provenAt: out ? now() : null,
    failures: out ? {} : unexplained ? { lock: { kind: 'transient', code: 'engine.not-shut' } } : written.failures,
    ...(out ? {} : { retryInMs: backoffMs(item.claim.attempts, true) }),
    verifyInMs: written.unknown ? target.lateWriteMs : null,
    reopened: secondLook,
  })
}

/** An earlier write may still be carried out, whatever is read now. */
export function mayLandLate({ claim }: WorkItem): boolean {
  return claim.verify_at !== null && !claim.verify_due
}

/** What the target showed, unless that is too long ago. */
export function lastKnown({ row, lastSeen }: WorkItem, at: Date): ActualAccount | null {
  return at.getTime() - (row.actual_at?.getTime() ?? 0) < freshMs ? lastSeen : null
}

/** Null when the target has no such account, or can't be asked quickly. */
export async function look(
  target: TargetSetup,
  { externalId }: WorkItem,
  signal: AbortSignal,
): Promise<ActualAccount | null> {
  try {
    return await target.connection.accounts.read(externalId, AbortSignal.any([signal, AbortSignal.timeout(lookMs)]))
  } catch (thrown) {
    if (signal.aborted) throw thrown
    return null
  }
}

/** Whether the account shows the name that ours would have. */
export function bearsName(target: TargetSetup, { facts, desired }: WorkItem, actual: ActualAccount | null): boolean {
  const profile = target.connection.accounts.render(facts.facts)
  // Where ours was deleted, the id may be anybody's by now: no name at all is not enough.
  if (desired.gone && Object.values(profile).every((value) => value === '')) return false
  return isShown(profile, actual?.profile ?? {})
}

function isOut(actual: ActualAccount | null): boolean {
  return actual === null || isShut(actual)
}

export interface Written {
  readonly failures: Failures
  /** A request whose answer never came may still be carried out, whatever is read now. */
  readonly unknown: boolean
  readonly acceptedAt: Date | null
  /** Cards that were blocked by it, by the target's own ids. */
  readonly blocked: readonly string[]
  /** A reader may not have taken it, by the target's own word. */
  readonly refusedByReader: boolean
}

/** Of the account as a whole, or of these cards of it. @throws ConnectorError when the target refuses us or asks us to wait: then it is not read either, and its row says when to come back. */
export async function sendLock(
  target: TargetSetup,
  { externalId }: WorkItem,
  what: { readonly known: ActualAccount | null; readonly cards?: readonly Card[] },
  now: () => Date,
  signal: AbortSignal,
): Promise<Written> {
  try {
    const order = { kind: 'lock', externalId, at: now(), ...what } as const
    const { parts, blocked = [], reach } = await target.connection.accounts.apply(order, signal)
    const failed = parts.flatMap(({ failure, part }) => (failure === undefined ? [] : [{ part, failure }]))
    return {
      failures: Object.fromEntries(
        failed.map(({ part, failure }) => [part.kind, { kind: failure.kind, code: failure.code }]),
      ),
      unknown: failed.some(({ failure }) => failure.outcomeUnknown),
      acceptedAt: failed.length === 0 ? now() : null,
      blocked,
      refusedByReader: reach === 'accepted',
    }
  } catch (thrown) {
    if (signal.aborted) throw thrown
    const failure = failureOf(thrown)
    if (failure.kind === 'unauthenticated' || failure.kind === 'throttled') throw failure
    return {
      failures: { lock: { kind: failure.kind, code: failure.code } },
      unknown: failure.outcomeUnknown,
      acceptedAt: null,
      blocked: [],
      refusedByReader: false,
    }
  }
}

function ended(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  before: ActualAccount | null,
  actual: ActualAccount | null,
  { blocked = [], ...fields }: Partial<Outcome> & { startedAt: Date; blocked?: readonly string[] },
): Outcome {
  const out = fields.provenAt != null
  // Rights and cards are taken away after the lock-out, as any other work; not before a late write can have come and gone.
  const rest = out && (item.desired.gone === true || (actual !== null && hasRemovals(context.levels, item)))
  const isWaited = fields.verifyInMs != null || mayLandLate(item)
  return outcomeOf(item, fields.startedAt, {
    appliedVersion: out && !rest ? item.row.desired_version : null,
    retryInMs: rest ? (isWaited ? target.lateWriteMs : 0) : null,
    actual,
    owned: ownedAfterLock(context, target, item, before, actual, blocked),
    ...fields,
  })
}
