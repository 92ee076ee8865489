/** Compares what a target shows of an account with what it should show, and names what somebody else changed. */
import type { ActualAccount, ListedAccount } from '../../connector/contract.ts'
import { isShown } from '../../connector/profile.ts'
import { cardKey } from '../../model/card.ts'
import type { DriftClass } from '../../model/drift.ts'
import type { AccessLevelId, CredentialId } from '../../model/id.ts'
import type { Drift } from '../../store/drifts.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { isShut, sameValidity } from '../reconcile/compare.ts'
import { photoShown, photoWanted } from '../reconcile/photo-part.ts'
import { bearsName } from '../reconcile/shut-out.ts'
import type { WorkItem } from '../reconcile/work-item.ts'
import { shownKey, strangePart } from '../strange-card.ts'

export interface Found extends Drift {
  readonly class: DriftClass
}

const cardClasses: ReadonlySet<string> = new Set<DriftClass>([
  'card-added',
  'card-removed',
  'card-blocked',
  'card-unblocked',
])
const levelClasses: ReadonlySet<string> = new Set<DriftClass>(['level-added', 'level-removed'])

/** Whether this look at an account can say anything about such a drift: of what a list does not tell, its silence proves nothing. */
export function canTell(
  context: SyncContext,
  { class: is, part }: Found | Drift,
  actual: ListedAccount | null,
): boolean {
  const told = actual?.told
  if (told === undefined) return true
  if (is === ('account-unreadable' satisfies DriftClass)) return false
  if (is === ('blocked' satisfies DriftClass)) return told.lock
  if (cardClasses.has(is)) return told.cards
  return !levelClasses.has(is) || told.levels.has(externalLevel(context, part))
}

/** The vendor's id of the level that a part names by ours, where we know it. */
function externalLevel({ levels }: SyncContext, part: string): string {
  const named = part.slice('level:'.length)
  return levels.externalId(named as AccessLevelId) ?? named
}

/**
 * Of an extra account only whether it is there and shut; of one that is to be shut only whether it is. What the target refused is no
 * drift, and neither is what waits to be taken away.
 */
export function driftsBetween(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  actual: ListedAccount | null,
): Found[] {
  const { desired, row } = item
  if (desired.lock === 'closed') {
    if (isSomebodyElses(target, item, actual)) return []
    return actual !== null && !isShut(actual) ? [{ class: 'opened', part: '' }] : []
  }
  if (actual === null) return [{ class: 'account-missing', part: '' }]
  const found: Found[] = []
  if (actual.lock === 'closed') found.push({ class: 'blocked', part: '' })
  if (row.is_primary) {
    const { validity, facts } = item.facts
    if (!sameValidity(validity, actual.validity, context.now())) found.push({ class: 'validity-changed', part: '' })
    if (!isShown(target.connection.accounts.render(facts), actual.profile) || isOtherPhoto(target, item, actual))
      found.push({ class: 'profile-changed', part: '' })
    found.push(...cardDrifts(context, item, actual), ...levelDrifts(context, target, item, actual))
  }
  const refused = refusedParts(item)
  return found.filter((each) => !refused.has(partOf(each)) && canTell(context, each, actual))
}

/** A picture that could not be written is no drift either; and of one that nobody looked at, nothing is said. */
function isOtherPhoto(target: TargetSetup, item: WorkItem, actual: ListedAccount): boolean {
  const wanted = photoWanted(target, item)
  if (wanted === undefined || actual.photo === undefined || refusedParts(item).has('photo')) return false
  return photoShown(item.lastSeen, actual) !== wanted
}

function refusedParts({ row }: WorkItem): ReadonlySet<string> {
  return new Set(Object.keys(row.failures === null ? {} : (JSON.parse(row.failures) as object)))
}

/** Ours was deleted there, and what has its id now bears another name. As long as it is there by us, it is the way in of who left, whatever its name. */
export function isSomebodyElses(target: TargetSetup, item: WorkItem, actual: ListedAccount | null): boolean {
  return item.desired.gone === true && !item.owned.made && !bearsName(target, item, actual)
}

/** As in the failures of an account. */
function partOf({ class: is, part }: Found): string {
  if (part !== '') return part
  return is === 'profile-changed' ? 'profile' : is === 'validity-changed' ? 'validity' : 'lock'
}

function cardDrifts({ vault }: SyncContext, item: WorkItem, actual: ActualAccount): Found[] {
  const { desired, cards, owned, row } = item
  const shown = new Map(actual.cards.map((shown) => [shownKey(shown), shown.state] as const))
  const found: Found[] = []
  const accounted = new Set<string>()
  for (const id of Object.keys(desired.cards) as CredentialId[]) {
    const card = cards.get(id)
    // Of a card whose row somebody deleted nobody knows what it is.
    if (card === undefined) continue
    const key = cardKey(card)
    const state = shown.get(key)
    accounted.add(key)
    const part = `card:${id}`
    if (state === undefined) found.push({ class: 'card-removed', part })
    else if (state !== desired.cards[id])
      found.push({ class: state === 'blocked' ? 'card-blocked' : 'card-unblocked', part })
  }
  for (const id of owned.cards) {
    const card = cards.get(id)
    if (card !== undefined) accounted.add(cardKey(card))
  }
  for (const each of actual.cards) {
    if (accounted.has(shownKey(each))) continue
    // A card that nobody knows has no id of ours: it is told from others, and names nobody.
    found.push({ class: 'card-added', part: strangePart(vault, row.id, each) })
  }
  return found
}

function levelDrifts(
  context: SyncContext,
  target: TargetSetup,
  { desired, owned }: WorkItem,
  actual: ActualAccount,
): Found[] {
  const there = new Set([...actual.levels, ...actual.inheritedLevels])
  const removed = desired.levels.filter((id) => {
    const external = context.levels.externalId(id)
    return external !== undefined && !there.has(external)
  })
  const ours = new Set<AccessLevelId>([...desired.levels, ...owned.levels])
  const added = actual.levels.flatMap((external): Found[] => {
    const id = context.levels.byExternalId(target.id, external)
    if (id !== undefined && ours.has(id)) return []
    return [{ class: 'level-added', part: `level:${id ?? external}` }]
  })
  return [...removed.map((id): Found => ({ class: 'level-removed', part: `level:${id}` })), ...added]
}
