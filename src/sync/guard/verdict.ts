/** Says of one look at an account whether what its person presents at doors changed, and whether anything that everybody can see explains it. */
import type { ActualAccount } from '../../connector/contract.ts'
import { driftChoice } from '../../model/drift.ts'
import type { DriftRow } from '../../store/guards.ts'
import type { SuspensionCause } from '../../store/schema.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { canTell, driftsBetween } from '../drift/compare-drift.ts'
import { isSameDrift } from '../drift/reverts.ts'
import type { NotedAccount } from '../reconcile/noted-account.ts'
import type { WorkItem } from '../reconcile/work-item.ts'
import { hasOtherBiometrics } from './biometrics.ts'

/**
 * `nothing`: it is as it was noted. `visible`: a name, a level or something else that everybody can see changed as well, which is no
 * proof that nothing else did. Anything else is why it was not expected.
 */
export type Verdict = 'nothing' | 'visible' | SuspensionCause

/** What led to the look: something that the system told, or only that it was time. */
export interface Occasion {
  /** Null: no event. */
  readonly at: Date | null
  /** The system says that it was a finger or a face. */
  readonly biometric: boolean
}

/** A reader that was away hears of a change this much later at most, and tells of it then. */
const lateReaderMs = 7 * 86_400_000

export function verdictOn(
  context: SyncContext,
  target: TargetSetup,
  look: {
    readonly item: WorkItem
    /** Null: the target has no such account, which lets nobody in. */
    readonly actual: ActualAccount | null
    readonly known: readonly DriftRow[]
  },
  { at, biometric }: Occasion,
): Verdict {
  const { item, actual } = look
  if (actual === null || item.desired.gone === true) return 'nothing'
  const before = item.lastSeen
  if (before !== null && hasOtherBiometrics(before.marks, actual.marks)) return 'biometrics'
  if (before !== null && !before.pin && actual.pin && !isPinOurs(item)) return 'pin'
  const { fresh, isOther } = visibleChanges(context, target, look, before)
  // Without an event the sweep that found it tells it, as drift.
  const isTold = at === null && target.guard.unexpected === 'report'
  const isCard = !isTold && fresh.some((each) => each.class === 'card-added')
  if (isCard && driftChoice(target.drift, 'card-added') !== 'accept') return 'card'
  const [was, is] = [before?.marks?.revision ?? null, actual.marks?.revision ?? null]
  const isSameRecord = is !== null && is === was
  if (at === null) {
    if (was === null || is === null || isSameRecord || (isOther && before?.kept === undefined)) return 'nothing'
    return before?.kept === 'visible' ? 'visible' : 'record'
  }
  if (isSameRecord && before !== null && wasChangedBefore(item, before, { at, biometric })) return 'nothing'
  if (biometric) return 'event'
  return isOther || before?.kept === 'visible' ? 'visible' : 'event'
}

/** Whether a change that is accounted for may be what is only told now: by a write of ours no finger and no face ever is. */
function wasChangedBefore(
  { owned }: WorkItem,
  before: NotedAccount,
  { at, biometric }: { readonly at: Date; readonly biometric: boolean },
): boolean {
  return [biometric ? undefined : owned.wrote?.to, before.changedAt].some(
    (time) => time !== undefined && at.getTime() - Date.parse(time) < lateReaderMs,
  )
}

/** Whether a run of ours set a PIN there, or is to. */
export function isPinOurs({ owned, desired }: WorkItem): boolean {
  return owned.pin !== undefined || desired.pin !== undefined
}

function visibleChanges(
  context: SyncContext,
  target: TargetSetup,
  {
    item,
    actual,
    known,
  }: { readonly item: WorkItem; readonly actual: ActualAccount | null; readonly known: readonly DriftRow[] },
  before: ActualAccount | null,
) {
  const now = driftsBetween(context, target, item, actual)
  const then = before === null ? [] : driftsBetween(context, target, item, before)
  const fresh = now.filter((each) => ![...then, ...known].some((old) => isSameDrift(old, each)))
  const isOver = known.some((old) => canTell(context, old, actual) && !now.some((each) => isSameDrift(old, each)))
  return { fresh, isOther: fresh.length > 0 || isOver }
}
