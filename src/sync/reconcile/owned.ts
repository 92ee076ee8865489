/** What of an account is ours: only what we brought about is taken away again, and only our own blocks are lifted. */
import type { ActualAccount } from '../../connector/contract.ts'
import { cardKey } from '../../model/card.ts'
import type { AccessLevelId, CredentialId } from '../../model/id.ts'
import type { LevelCatalogue, SyncContext, TargetSetup } from '../context.ts'
import type { Owned } from '../owned-row.ts'
import type { Parts } from '../parts.ts'
import { profileDigest, withoutPhoto } from '../resolve/profile-digest.ts'
import { strangeBlocks } from './strange-blocks.ts'
import type { WorkItem } from './work-item.ts'

/**
 * Ours before this run: what was noted, and what an earlier run set out to bring about and may have, though its end was never noted
 * (killed, or without an answer): whatever of that the target did not show when it was last noted.
 */
export function ownedBefore(levels: LevelCatalogue, item: WorkItem): Pick<Owned, 'levels' | 'cards'> {
  return claimed(levels, item, item.intents, item.lastSeen)
}

/**
 * Ours is what was ours before, or what was not there before we wrote; and of that, only what is there now. `left` are cards that are no
 * longer desired, and whose block is still ours.
 */
export function ownedAfter(
  context: SyncContext,
  item: WorkItem,
  before: ActualAccount | null,
  after: ActualAccount,
  left: readonly CredentialId[] = leftBlocked(item),
): Owned {
  const { levels } = context
  const earlier = ownedBefore(levels, item)
  const now = claimed(levels, item, [item.desired], before)
  const ours = { levels: union(earlier.levels, now.levels), cards: union(earlier.cards, now.cards) }
  const { closed, blocked } = ownedBlocks(item, before)
  return {
    made: true,
    ...thereOf(levels, item, ours, after),
    closed,
    blocked: [...blocked, ...left],
    ...strangeBlocks(context, item, after),
    ...keptOf(item),
  }
}

/**
 * After a lock-out, which gives and takes nothing: what was ours before and is there now, and the blocks; also those that are to be
 * lifted by the bulk work that comes after it, or nobody would lift them. `blockedRefs` are the cards that it says it blocked.
 */
export function ownedAfterLock(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  before: ActualAccount | null,
  after: ActualAccount | null,
  blockedRefs: readonly string[] = [],
): Owned {
  const { closed, blocked } = ownedBlocks(item, before)
  const toLift = [...item.cards.keys()].filter(
    (id) => item.desired.cards[id] === 'on' && blockedByUs(item, id) && seenCard(item, after, id)?.state === 'blocked',
  )
  return {
    made: item.owned.made || (after !== null && looksOurs(context, target, item, after)),
    ...thereOf(context.levels, item, ownedBefore(context.levels, item), after),
    closed: closed || (closedByUs(item) && after?.lock === 'closed'),
    blocked: union(blocked, [...leftBlocked(item), ...blockedAlong(item, before), ...toLift]),
    ...strangeBlocks(context, item, after, blockedRefs),
    ...keptOf(item),
  }
}

/** A lock-out of the whole account blocks every card on it, also one that is desired no more and waits to be taken away. */
function blockedAlong(item: WorkItem, before: ActualAccount | null): CredentialId[] {
  if (item.desired.lock !== 'closed') return []
  const others = [...item.cards.keys()].filter((id) => item.desired.cards[id] === undefined)
  return others.filter((id) => seenCard(item, before, id)?.state === 'on')
}

/** What no run changes: the PIN that is set, what is undone or left out, and what was found, which is kept until somebody desires it, who knows when. */
function keptOf({
  owned: { maybe, pin, reverts, leaves, given },
}: WorkItem): Pick<Owned, 'maybe' | 'pin' | 'reverts' | 'leaves' | 'given'> {
  return {
    ...(maybe === undefined ? {} : { maybe }),
    ...(pin === undefined ? {} : { pin }),
    ...(reverts === undefined ? {} : { reverts }),
    ...(leaves === undefined ? {} : { leaves }),
    ...(given === undefined ? {} : { given }),
  }
}

/** Something of ours is on the account that is no longer desired there. */
export function hasRemovals(levels: LevelCatalogue, item: WorkItem): boolean {
  const ours = ownedBefore(levels, item)
  const { desired } = item
  return (
    ours.levels.some((id) => !desired.levels.includes(id)) || ours.cards.some((id) => desired.cards[id] === undefined)
  )
}

/** No run has made this account, or set out to: one of its id is somebody else's. */
export function isUntried({ owned, intents }: WorkItem): boolean {
  return !owned.made && intents.length === 0
}

/**
 * Our own unanswered create is known by a profile that an earlier run set out to write, though another be desired by now; or by what
 * the target took of it, a mailbox that somebody else has left out. Anything else of that id is somebody else's account.
 */
export function looksOurs(
  { vault }: SyncContext,
  target: TargetSetup,
  { intents, facts }: WorkItem,
  actual: ActualAccount,
): boolean {
  if (actual.untouchable) return false
  const rendered = target.connection.accounts.render(facts.facts)
  const shown = Object.keys(rendered).map((field) => [field, actual.profile[field] ?? ''] as const)
  const written = shown.filter(([, value]) => value !== '')
  // A run may have set out to clear what is empty now, or not have known of it. That nothing is there makes nothing ours.
  const known = written.length === 0 ? [] : [Object.fromEntries(shown), Object.fromEntries(written)]
  const digests = [...known, actual.profile].map((profile) => profileDigest(vault, profile))
  if (intents.some(({ profile }) => digests.includes(withoutPhoto(profile)))) return true
  const isPartOfIt = written.length > 0 && written.every(([field, value]) => rendered[field] === value)
  return isPartOfIt && intents.some(({ profile }) => withoutPhoto(profile) === profileDigest(vault, rendered))
}

function thereOf(
  levels: LevelCatalogue,
  item: WorkItem,
  ours: Pick<Owned, 'levels' | 'cards'>,
  actual: ActualAccount | null,
): Pick<Owned, 'levels' | 'cards'> {
  return {
    levels: ours.levels.filter((id) => showsLevel(levels, actual, id)),
    cards: ours.cards.filter((id) => seenCard(item, actual, id) !== undefined),
  }
}

/** Blocks that we make, and that nobody else had made before: `before` is what the target showed when it was last read. */
function ownedBlocks(item: WorkItem, before: ActualAccount | null): Pick<Owned, 'closed' | 'blocked'> {
  const { desired } = item
  return {
    closed: desired.lock === 'closed' && (before?.lock !== 'closed' || closedByUs(item)),
    blocked: idsOf(desired.cards).filter((id) => desired.cards[id] === 'blocked' && !keepsBlock(item, before, id)),
  }
}

/** Cards that are desired no more, and that a block of ours is or may be on, wherever they lie now. */
export function leftBlocked(item: WorkItem): CredentialId[] {
  return item.owned.blocked.filter((id) => item.desired.cards[id] === undefined && item.cards.has(id))
}

/** Cards whose block is ours to lift when they are given or taken away; what is lost stays blocked when it is taken away. */
export function liftable(item: WorkItem): CredentialId[] {
  const ids = [...item.cards.keys()].filter((id) => blockedByUs(item, id))
  return ids.filter((id) => item.desired.cards[id] !== undefined || !item.lost.has(id))
}

/** An account that somebody else closed stays closed. */
export function keepsClosed(item: WorkItem, before: ActualAccount | null): boolean {
  return before?.lock === 'closed' && !closedByUs(item)
}

/** A card that somebody else blocked stays blocked. */
export function keepsBlock(item: WorkItem, before: ActualAccount | null, id: CredentialId): boolean {
  return seenCard(item, before, id)?.state === 'blocked' && !blockedByUs(item, id)
}

/** Noted as ours, or set out for by a run whose end was never noted, while the target last showed it open. */
function closedByUs({ owned, intents, lastSeen }: WorkItem): boolean {
  return owned.closed || (lastSeen?.lock !== 'closed' && intents.some(({ lock }) => lock === 'closed'))
}

function blockedByUs(item: WorkItem, id: CredentialId): boolean {
  return (
    item.owned.blocked.includes(id) ||
    (seenCard(item, item.lastSeen, id)?.state !== 'blocked' &&
      item.intents.some(({ cards }) => cards[id] === 'blocked'))
  )
}

/** Cards of an account that are to be blocked. */
export function blockedCards({ desired, cards }: WorkItem): CredentialId[] {
  return idsOf(desired.cards).filter((id) => desired.cards[id] === 'blocked' && cards.has(id))
}

/** Of these cards, those that are not to be on, and are not. */
export function shutAmong(
  item: WorkItem,
  actual: ActualAccount | null,
  ids: readonly CredentialId[],
): readonly CredentialId[] {
  return ids.filter((id) => item.desired.cards[id] !== 'on' && seenCard(item, actual, id)?.state !== 'on')
}

/** What is noted as ours, and of these states what `before` did not show, came back with an old state, or was found after a restore without a history. */
export function claimed(
  levels: LevelCatalogue,
  item: WorkItem,
  states: readonly Parts[],
  before: ActualAccount | null,
): Pick<Owned, 'levels' | 'cards'> {
  return {
    levels: union(
      item.owned.levels,
      states.flatMap((state) =>
        state.levels.filter(
          (id) =>
            state.cameBack === true ||
            !showsLevel(levels, before, id) ||
            item.maybe.levels.includes(levels.externalId(id) ?? ''),
        ),
      ),
    ),
    cards: union(
      item.owned.cards,
      states.flatMap(({ cards, cameBack }) =>
        idsOf(cards).filter(
          (id) => cameBack === true || seenCard(item, before, id) === undefined || item.maybe.cards.includes(id),
        ),
      ),
    ),
  }
}

function union<T>(a: readonly T[], b: readonly T[]): T[] {
  return [...new Set([...a, ...b])]
}

function idsOf(cards: Parts['cards']): CredentialId[] {
  return Object.keys(cards) as CredentialId[]
}

function showsLevel(levels: LevelCatalogue, actual: ActualAccount | null, id: AccessLevelId): boolean {
  return actual?.levels.includes(levels.externalId(id) ?? '') ?? false
}

function seenCard(
  item: WorkItem,
  actual: ActualAccount | null,
  id: CredentialId,
): ActualAccount['cards'][number] | undefined {
  const card = item.cards.get(id)
  if (card === undefined) return undefined
  return actual?.cards.find((seen) => seen.card !== null && cardKey(seen.card) === cardKey(card))
}
