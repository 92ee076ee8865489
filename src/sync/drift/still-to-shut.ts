/**
 * Before a card that nobody may use is shut on somebody else's account, it is asked again whether nobody may: it was found since, perhaps,
 * and a note from before, put back by a thief, is as genuine as it ever was.
 */
import type pg from 'pg'
import type { CredentialId } from '../../model/id.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { cardsOfNobodyInside, digestsOfCards } from '../../store/card-holders.ts'
import type { AccountRow } from '../../store/guards.ts'
import type { Vault } from '../../vault/vault.ts'
import type { Owned } from '../owned-row.ts'
import { toUndo, withoutShutting } from './reverts.ts'

interface Noted {
  readonly row: Pick<AccountRow, 'target'>
  readonly owned: Owned
}

/** With the cards that are not to be shut there any more, whose notes are dropped. What can't be told of any card, is to be shut. */
export async function stillToShut<Item extends Noted>(
  pool: pg.Pool,
  vault: Vault,
  items: readonly Item[],
): Promise<readonly (Item & { readonly usable?: readonly CredentialId[] })[]> {
  const shutBy = ({ owned }: Noted) => toUndo(owned).flatMap(({ shut }) => shut ?? [])
  const asked = items.filter((item) => shutBy(item).length > 0)
  if (asked.length === 0) return items
  const digests = await digestsOfCards(pool, asked.flatMap(shutBy))
  const usableAt = new Map<string, ReadonlySet<CredentialId>>()
  for (const target of new Set(asked.map(({ row }) => row.target))) {
    const { cards, forged } = await cardsOfNobodyInside(pool, vault, target, [...digests.values()])
    for (const person of forged) await raiseAlarm(pool, vault, 'guard.failed', person)
    const usable = [...digests].filter(([, digest]) => !cards.some((card) => card.digest.equals(digest)))
    usableAt.set(target, new Set(usable.map(([id]) => id)))
  }
  return items.map((item) => {
    const usable = usableAt.get(item.row.target) ?? new Set<CredentialId>()
    const own = shutBy(item).filter((card) => usable.has(card))
    return own.length === 0 ? item : { ...item, owned: withoutShutting(item.owned, usable), usable: own }
  })
}
