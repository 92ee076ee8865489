/** After a restore, what a target shows of an account of ours counts more than what the store remembers: never the other way round. */
import type { ActualAccount } from '../../connector/contract.ts'
import { isShown } from '../../connector/profile.ts'
import { type Card, cardKey } from '../../model/card.ts'
import type { CredentialId } from '../../model/id.ts'
import type { AccountFacts } from '../../store/dossier.ts'
import { cardDigest } from '../../store/identifiers.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import type { Owned } from '../owned-row.ts'
import type { Parts } from '../parts.ts'
import { sameValidity } from '../reconcile/compare.ts'
import { claimed, looksOurs } from '../reconcile/owned.ts'
import type { WorkItem } from '../reconcile/work-item.ts'
import { writtenDigest } from '../resolve/profile-digest.ts'
import { validityDigest } from '../resolve/validity-digest.ts'

export interface Adopted {
  /** Nothing that the target does not show: what is missing there is wanted at most, and planned. Null: there is no such account. */
  readonly desired: Parts | null
  readonly facts: AccountFacts
  readonly owned: Owned
  /** Something there is still to be taken away, or blocked, as was decided before the backup. */
  readonly rest: boolean
  /** It was shut since the backup, by a lock-out that the store has lost, or by hand. */
  readonly foundShut: boolean
}

/** Null when the account there is not ours, or nobody's to change: the next run on it says so. `wanted` as the records say now. */
export function adopt(
  context: SyncContext,
  target: TargetSetup,
  item: WorkItem,
  wanted: AccountFacts,
  actual: ActualAccount | null,
): Adopted | null {
  const { desired, facts, lastSeen, owned: known } = item
  if (actual === null) {
    const nothing: Owned = { made: false, levels: [], cards: [], blocked: [], closed: false }
    return { desired: null, facts, owned: nothing, rest: false, foundShut: false }
  }
  const states = [...item.intents, desired]
  const ours = known.made || looksOurs(context, target, { ...item, intents: states }, actual)
  if (!ours || actual.untouchable) return null
  const foundShut = actual.lock === 'closed' && lastSeen?.lock !== 'closed'
  const { cards, blocked } = cardsOf(item, actual)
  const levels = desired.levels.filter((id) => showsLevel(context, actual, id) !== false)
  const mine = claimed(context.levels, item, states, lastSeen)
  const owned: Owned = {
    made: true,
    ...(known.adopted === true ? { adopted: true as const } : {}),
    levels: mine.levels.filter((id) => showsLevel(context, actual, id)),
    cards: mine.cards.filter((id) => seen(item, actual, id) !== undefined),
    blocked,
    closed: foundShut,
    maybe: newSince(context, item, actual),
  }
  const now = factsOf(context, target, item, wanted, actual)
  return {
    desired: {
      lock: desired.lock,
      profile: writtenDigest(context.vault, target.connection.accounts, now.facts),
      validity: validityDigest(context.vault, now.validity),
      cards,
      levels,
    },
    facts: now,
    owned,
    rest:
      owned.levels.some((id) => !levels.includes(id)) ||
      owned.cards.some((id) => cards[id] === undefined) ||
      Object.entries(cards).some(
        ([id, state]) => state === 'blocked' && seen(item, actual, id as CredentialId) === 'on',
      ),
    foundShut,
  }
}

/** True, false, or undefined for a level that nobody knows any more. */
function showsLevel({ levels }: SyncContext, actual: ActualAccount, id: Parts['levels'][number]): boolean | undefined {
  const external = levels.externalId(id)
  if (external === undefined) return undefined
  return actual.levels.includes(external) || actual.inheritedLevels.includes(external)
}

function seen({ cards }: WorkItem, actual: ActualAccount | null, id: CredentialId): 'on' | 'blocked' | undefined {
  const card = cards.get(id)
  if (card === undefined) return undefined
  return actual?.cards.find((shown) => shown.card !== null && cardKey(shown.card) === cardKey(card))?.state
}

/** A card that is gone there is desired no more, and one that was blocked since is blocked here too. */
function cardsOf(item: WorkItem, actual: ActualAccount): { cards: Parts['cards']; blocked: CredentialId[] } {
  const cards: Record<CredentialId, 'on' | 'blocked'> = {}
  const blocked: CredentialId[] = []
  for (const [name, state] of Object.entries(item.desired.cards)) {
    const id = name as CredentialId
    const shown = seen(item, actual, id)
    if (shown === undefined) continue
    const since = shown === 'blocked' && seen(item, item.lastSeen, id) !== 'blocked'
    cards[id] = state === 'blocked' || since ? 'blocked' : 'on'
    if (shown === 'blocked' && (since || item.owned.blocked.includes(id))) blocked.push(id)
  }
  return { cards, blocked }
}

/** What the backup's account did not show and does not desire: ours, if somebody comes to desire it; else it is left alone. */
function newSince(
  { levels, vault }: SyncContext,
  { desired, lastSeen, cards: held }: WorkItem,
  actual: ActualAccount,
): NonNullable<Owned['maybe']> {
  const knownLevels = new Set([...(lastSeen?.levels ?? []), ...desired.levels.map((id) => levels.externalId(id))])
  const keys = (cards: readonly (Card | null | undefined)[]) =>
    cards
      .filter((card) => card !== null && card !== undefined)
      .map((card) => cardDigest(vault, card).toString('base64url'))
  const desiredCards = Object.keys(desired.cards).map((id) => held.get(id as CredentialId))
  const knownCards = new Set(keys([...(lastSeen?.cards ?? []).map(({ card }) => card), ...desiredCards]))
  return {
    levels: actual.levels.filter((level) => !knownLevels.has(level)),
    cards: keys(actual.cards.map(({ card }) => card)).filter((key) => !knownCards.has(key)),
  }
}

/** What was wanted and is there already counts as desired; another validity that the target shows does, too. */
function factsOf(
  { now }: SyncContext,
  target: TargetSetup,
  { facts: desired }: WorkItem,
  wanted: AccountFacts,
  actual: ActualAccount,
): AccountFacts {
  const shows = ({ facts }: AccountFacts): boolean => isShown(target.connection.accounts.render(facts), actual.profile)
  // Nobody looked at its picture: it is taken for the one that was desired.
  const { photo: _, ...others } = wanted.facts
  const { photo } = desired.facts
  const written = [desired, wanted].find(({ validity }) => sameValidity(validity, actual.validity, now()))
  return {
    facts: shows(wanted) ? { ...others, ...(photo === undefined ? {} : { photo }) } : desired.facts,
    validity: written === undefined ? actual.validity : written.validity,
  }
}
