/** Cards at a target that no credential of the person stands for: told apart by keyed names, which say nothing of them. */
import type { ActualAccount } from '../connector/contract.ts'
import { cardKey } from '../model/card.ts'
import type { AccountId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'

/** By its number where it is known, else by the target's own id. */
export function shownKey({ card, ref }: Pick<ActualAccount['cards'][number], 'card' | 'ref'>): string {
  return card === null ? `ref ${ref}` : cardKey(card)
}

const unnumbered = 'card:~'

/**
 * The part of a drift about such a card. One whose number the target shows to nobody is marked: its id there may be another card's one day,
 * so nobody says of it that it may stay.
 */
export function strangePart(vault: Vault, account: AccountId, shown: Parameters<typeof shownKey>[0]): string {
  const name = strangeName(vault, account, shownKey(shown))
  return shown.card === null ? `${unnumbered}${name.slice(1)}` : `card:${name}`
}

export function isUnnumbered(part: string): boolean {
  return part.startsWith(unnumbered)
}

/** The same for the same card on the same account, until the keys are replaced. */
export function strangeName(vault: Vault, account: AccountId, key: string): string {
  return vault.digest('drift-card', [account, key]).toString('base64url').slice(0, 16)
}
