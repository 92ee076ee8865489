/** Whether an account had been changed before a run of ours came to it: that is noted neither as seen nor as ours, so that whoever looks next finds it. */
import type { ActualAccount } from '../../connector/contract.ts'
import { type Card, cardKey } from '../../model/card.ts'
import type { DriftClass } from '../../model/drift.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { driftsBetween, type Found } from '../drift/compare-drift.ts'
import { isSameDrift, toUndo } from '../drift/reverts.ts'
import { cardStates } from '../reconcile/compare.ts'
import type { KeptMarks } from '../reconcile/noted-account.ts'
import { looksOurs } from '../reconcile/owned.ts'
import type { WorkItem } from '../reconcile/work-item.ts'

/** A write without an answer is looked at again by then, where nobody stops the work. */
const lookedAtMs = 3_600_000

/** What somebody else gave, and a run of ours takes away only where it is to be undone. */
const additions: ReadonlySet<DriftClass> = new Set(['card-added', 'level-added'])

/**
 * `first`: the account before the run wrote anything; undefined where it did not look first. Null: its record is as it was noted, or what
 * changed it is a write of ours whose end nobody noted.
 */
export function keptMarks(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  first: ActualAccount | null | undefined,
): KeptMarks | null {
  const { lastSeen } = item
  if (first == null) return null
  // Of one that is there by us something was noted: somebody took that away.
  if (lastSeen === null) return item.owned.made ? 'silent' : null
  const [was, is] = [lastSeen.marks?.revision ?? null, first.marks?.revision ?? null]
  if (was === null || is === null || was === is || mayBeOurs(context, target, item, first)) return null
  if (lastSeen.kept !== undefined) return lastSeen.kept
  const before = driftsBetween(context, target, item, lastSeen)
  const found = driftsBetween(context, target, item, first)
  const isSame = isWithin(before, found) && isWithin(found, before) && shownAs(lastSeen) === shownAs(first)
  return isSame ? 'silent' : 'visible'
}

/**
 * Whether a run that was cut off, or had no answer, wrote to the account: then it shows something that is desired and that it lacked when it
 * was last noted, or lacks what was to be taken away. That such a run set out is said by a list which anybody may write: by itself that
 * proves nothing.
 */
export function wasWrittenTo(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  first: ActualAccount | null | undefined,
): boolean {
  const { lastSeen, owned, intents, pin } = item
  if (first == null || (intents.length === 0 && owned.wrote?.unread !== true)) return false
  if (lastSeen === null) return !owned.made
  // A PIN does not show.
  if (pin !== null) return true
  const lacks = (seen: ActualAccount, wanted = item.desired): readonly Found[] =>
    driftsBetween(context, target, { ...item, desired: wanted }, seen).filter((each) => !additions.has(each.class))
  const left = toTakeAway(context, item, lastSeen)
  const missing = lacks(lastSeen)
  // Nothing was to be done: whoever puts an older state of the account on the list had it done to no account.
  if (left.length + missing.length === 0) return false
  if (!isWithin(missing, lacks(first)) || !isWithin(left, toTakeAway(context, item, first))) return true
  // Something newer is desired since the run that was cut off.
  const isEarlier = looksOurs(context, target, item, first) && !looksOurs(context, target, item, lastSeen)
  return isEarlier || intents.some((wanted) => !isWithin(lacks(lastSeen, wanted), lacks(first, wanted)))
}

/** What is ours there, and desired no more. */
function toTakeAway({ levels }: SyncContext, { owned, desired, cards }: WorkItem, seen: ActualAccount): Found[] {
  const shown = cardStates(seen)
  // Of a card whose row somebody deleted nobody knows what it is.
  const isShown = (card: Card | undefined): boolean => card !== undefined && shown.has(cardKey(card))
  return [
    ...owned.levels
      .filter((id) => !desired.levels.includes(id) && seen.levels.includes(levels.externalId(id) ?? ''))
      .map((id): Found => ({ class: 'level-added', part: `level:${id}` })),
    ...owned.cards
      .filter((id) => desired.cards[id] === undefined && isShown(cards.get(id)))
      .map((id): Found => ({ class: 'card-added', part: `card:${id}` })),
  ]
}

/** What changed the record may be a write whose end nobody noted, or what such a one left to be undone. */
function mayBeOurs(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  first: ActualAccount | null | undefined,
): boolean {
  const { owned } = item
  const since = context.now().getTime() - Date.parse(owned.wrote?.to ?? '')
  if (owned.wrote?.unread === true && since < lookedAtMs) return true
  // What is to be undone was told when it was found.
  return toUndo(owned).length > 0 || wasWrittenTo(context, target, item, first)
}

/** Of what differs from what is desired both before and after, whether it is the same. */
function shownAs({ profile, validity }: ActualAccount): string {
  return JSON.stringify([Object.entries(profile).toSorted(), validity.from, validity.until])
}

function isWithin(some: readonly Found[], others: readonly Found[]): boolean {
  return some.every((each) => others.some((other) => isSameDrift(each, other)))
}
