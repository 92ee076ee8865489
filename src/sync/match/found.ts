/** What a look found of an account, sealed with its row until the next look. */
import type { ActualAccount, ListedAccount } from '../../connector/contract.ts'
import type { MatchRow } from '../../store/guards.ts'
import type { Vault } from '../../vault/vault.ts'

export interface Found {
  readonly account: ActualAccount
  /** It was read singly: all that the target shows is there. */
  readonly whole: boolean
}

const placeOf = (row: string) => ({ table: 'match_row', column: 'found', row, version: 1 }) as const

export function sealFound(vault: Vault, row: string, account: ListedAccount): Buffer {
  // What a list left out of it is of no use to anybody who opens this.
  const { told, ...shown } = account
  return vault.sealSystem(placeOf(row), JSON.stringify(told === undefined ? { ...shown, whole: true } : shown))
}

/** Null for what nobody looked at further, or was linked meanwhile. */
export function openFound(vault: Vault, { id, found }: Pick<MatchRow, 'id' | 'found'>): Found | null {
  if (found === null) return null
  const { whole = false, ...account } = JSON.parse(vault.openSystem(placeOf(id), found)) as ActualAccount & {
    whole?: boolean
  }
  return { account, whole }
}
