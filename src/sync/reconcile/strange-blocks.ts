/**
 * Cards on an account that are others', or of unknown format. A lock-out blocks them, too: these blocks are noted, and lifted with the lock.
 * Where the row of a card that is to be blocked was taken away, each that nobody knows may be it, and is blocked.
 */
import type { ActualAccount } from '../../connector/contract.ts'
import { type Card, cardKey } from '../../model/card.ts'
import type { CredentialId } from '../../model/id.ts'
import { unusableAmong } from '../../store/card-holders.ts'
import { cardDigest } from '../../store/identifiers.ts'
import type { SyncContext } from '../context.ts'
import type { Owned } from '../owned-row.ts'
import { shownKey, strangeName } from '../strange-card.ts'
import type { WorkItem } from './work-item.ts'

type Shown = ActualAccount['cards'][number]
type Noted = Pick<Owned, 'strange'>

/**
 * Cards whose block is ours after this run, of those that the target still shows blocked: noted before, and `blocked` now, by the target's
 * own ids. What the target did not say that we blocked was blocked by somebody else, as far as anybody knows, and stays.
 */
export function strangeBlocks(
  { vault }: SyncContext,
  item: WorkItem,
  actual: ActualAccount | null,
  blocked: readonly string[] = [],
): Noted {
  const { owned, row } = item
  const noted = new Set(owned.strange)
  const now = new Set(blocked)
  // What may be the card that is to be blocked is never ours to lift.
  if (noted.size + now.size === 0 || lacksRow(item)) return {}
  const strange = strangeCards(item, actual).flatMap((shown) => {
    const name = strangeName(vault, row.id, shownKey(shown))
    return noted.has(name) || now.has(shown.ref) ? [name] : []
  })
  return strange.length === 0 ? {} : { strange }
}

/** The target's own ids of cards to be unblocked when the account is open again. One that is known here and opens nothing stays as it is. */
export async function strangeToLift(
  { vault, database }: SyncContext,
  item: WorkItem,
  actual: ActualAccount | null,
): Promise<readonly string[]> {
  const { owned, row, desired } = item
  if (desired.lock === 'closed' || owned.strange === undefined || lacksRow(item)) return []
  const noted = new Set(owned.strange)
  const ours = strangeCards(item, actual).filter((shown) => noted.has(strangeName(vault, row.id, shownKey(shown))))
  const digestOf = ({ card }: Shown) => (card === null ? null : cardDigest(vault, card))
  const unusable = await unusableAmong(
    database.pool,
    ours.flatMap((shown) => digestOf(shown) ?? []),
  )
  return ours.flatMap((shown) => (unusable.some((digest) => digestOf(shown)?.equals(digest)) ? [] : [shown.ref]))
}

/** The row of a card that is to be blocked was taken away: nobody can tell any more which card it is. */
function lacksRow({ desired, cards }: WorkItem): boolean {
  return (Object.entries(desired.cards) as [CredentialId, string][]).some(
    ([id, state]) => state === 'blocked' && !cards.has(id),
  )
}

/** Where a row was taken away, any card on the account that we have no row of may be the one to be blocked. */
export function unknownCards(item: WorkItem, actual: ActualAccount | null): readonly Card[] {
  if (!lacksRow(item)) return []
  const known = new Set([...item.cards.values()].map(cardKey))
  return (actual?.cards ?? []).flatMap(({ card }) => (card === null || known.has(cardKey(card)) ? [] : [card]))
}

/** Blocked cards on the account that are none of the person's: of those it is noted by id whose block they bear. */
function strangeCards({ cards }: WorkItem, actual: ActualAccount | null): readonly Shown[] {
  const known = new Set([...cards.values()].map(cardKey))
  return (actual?.cards ?? []).filter(
    ({ card, state }) => state === 'blocked' && (card === null || !known.has(cardKey(card))),
  )
}
