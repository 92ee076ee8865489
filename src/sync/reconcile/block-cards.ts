/** Blocks single cards of an account that stays open: their blocks only, then a separate read that proves them; the rest follows as other work. */
import type { ActualAccount } from '../../connector/contract.ts'
import { certain } from '../certain.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { toUndo } from '../drift/reverts.ts'
import { backoffMs, type Outcome, outcomeOf } from './outcome.ts'
import { blockedCards, isUntried, ownedAfterLock, shutAmong } from './owned.ts'
import { cardsToShut } from './put-back.ts'
import { bearsName, lastKnown, look, mayLandLate, sendLock } from './shut-out.ts'
import type { WorkItem } from './work-item.ts'

/** Also for an account of which no card is to be blocked any more: that is urgent no longer, and left to other work. */
export async function blockCards(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  signal: AbortSignal,
): Promise<Outcome> {
  const { now } = context
  const { accounts } = target.connection
  const startedAt = now()
  const ids = blockedCards(item)
  const isForced = toUndo(item.owned).some(({ shut }) => shut !== undefined)
  const rest = (fields: Partial<Outcome>): Outcome => outcomeOf(item, startedAt, { retryInMs: 0, ...fields })
  if (ids.length === 0 && !isForced) return rest({})
  const stillOn = (actual: ActualAccount | null) =>
    cardsToShut(context, item, actual).flatMap(({ credential, isOn }) => (isOn ? [credential] : []))
  const areShut = (actual: ActualAccount | null): boolean =>
    shutAmong(item, actual, ids).length === ids.length && stillOn(actual).length === 0
  // A write that was feared may have landed by now.
  const secondLook = item.claim.verify_due
  const untried = isUntried(item)
  const seen = secondLook || untried ? await accounts.read(item.externalId, signal) : await look(target, item, signal)
  // An account of that id that we never made, and that bears another name, is not this person's.
  if (untried && seen !== null && !bearsName(target, item, seen)) return rest({ actual: seen, isStrange: true })
  const known = seen ?? lastKnown(item, startedAt)
  const owned = (actual: ActualAccount | null) => ownedAfterLock(context, target, item, known, actual)
  if ((secondLook || untried) && areShut(seen)) return rest({ actual: seen, owned: owned(seen) })
  const strange = cardsToShut(context, item, known).map(({ card }) => card)
  const cards = [...ids.map((id) => certain(item.cards.get(id))), ...strange]
  const written = await sendLock(target, item, { known, cards }, now, signal)
  const actual = await accounts.read(item.externalId, signal)
  const out = areShut(actual)
  const waits = written.unknown || mayLandLate(item)
  const unexplained = Object.keys(written.failures).length === 0
  return rest({
    acceptedAt: written.acceptedAt,
    refusedByReader: written.refusedByReader,
    actual,
    owned: owned(actual),
    failures: out ? {} : unexplained ? { card: { kind: 'transient', code: 'engine.not-shut' } } : written.failures,
    retryInMs: out ? (waits ? target.lateWriteMs : 0) : backoffMs(item.claim.attempts, true),
    verifyInMs: written.unknown ? target.lateWriteMs : null,
    undoneCards: secondLook ? [...ids.filter((id) => !shutAmong(item, seen, [id]).includes(id)), ...stillOn(seen)] : [],
  })
}
