/** What a look found of an account, sealed with its row until the next look. */
import type { ActualAccount, ListedAccount } from '../../connector/contract.ts'
import type { MatchRow } from '../../store/guards.ts'
import type { Vault } from '../../vault/vault.ts'

export interface Found {
  readonly account: ActualAccount
  /** It was read singly: all that the target shows is there. */
  readonly whole: boolean
  /** All is there that a plan may be about, if only by the list. */
  readonly enough: boolean
}

const placeOf = (row: string) => ({ table: 'match_row', column: 'found', row, version: 1 }) as const

/** What is told of it lies inside the seal: whoever puts an earlier look at the account back puts back what that one left out, too. */
export function sealFound(vault: Vault, row: string, account: ListedAccount, enough: boolean): Buffer {
  // What a list left out of it is of no use to anybody who opens this.
  const { told, ...shown } = account
  const whole = told === undefined
  return vault.sealSystem(
    placeOf(row),
    JSON.stringify({ ...shown, ...(whole ? { whole } : {}), ...(enough ? { enough } : {}) }),
  )
}

/** Null for what nobody looked at further, or was linked meanwhile. */
export function openFound(vault: Vault, { id, found }: Pick<MatchRow, 'id' | 'found'>): Found | null {
  if (found === null) return null
  const text = vault.openSystem(placeOf(id), found)
  const {
    whole = false,
    enough = whole,
    ...account
  } = JSON.parse(text) as ActualAccount & Partial<Omit<Found, 'account'>>
  return { account, whole, enough }
}
