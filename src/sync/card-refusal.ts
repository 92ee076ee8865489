/** Whether a target could take a card at all, asked of its connector before anything is written. */
import type { AccountsCapability } from '../connector/contract.ts'
import { ConnectorError } from '../connector/errors.ts'
import type { Card } from '../model/card.ts'

/** Why not; null when it could. */
export function cardRefusal(accounts: Pick<AccountsCapability, 'checkCard'>, card: Card): ConnectorError | null {
  try {
    accounts.checkCard(card)
    return null
  } catch (error) {
    if (error instanceof ConnectorError) return error
    throw error
  }
}
