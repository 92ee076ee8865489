/** What a person's row says, signed, of the rows that belong to them: none can be taken away or moved unnoticed, and no card be put back as it was. */
import type { AccountId } from '../model/id.ts'
import type { Dossier } from './dossier.ts'
import type { AccountRow, CredentialRow, GrantRow, SourceRecordRow } from './guards.ts'

const separator = ' '

export const recordHolding = ({ id }: Pick<SourceRecordRow, 'id'>): string => `record:${id}`
/** With its state, so that an older row of a card that was lost since is missed by it. */
export const cardHolding = ({ id, state, held_at }: Pick<CredentialRow, 'id' | 'state' | 'held_at'>): string =>
  `card:${id}:${held_at === null ? state : 'held'}`
export const grantHolding = ({ id }: Pick<GrantRow, 'id'>): string => `grant:${id}`
export const accountHolding = ({ id }: Pick<AccountRow, 'id'>): string => `account:${id}`

/** As it is stored; of rights only those that have not ended. */
export function holdingsOf({ records, credentials, grants, accounts }: Dossier): string {
  return [
    ...records.map(({ row }) => recordHolding(row)),
    ...credentials.map(({ row }) => cardHolding(row)),
    ...grants.flatMap(({ row }) => (row.ended_at === null ? [grantHolding(row)] : [])),
    ...accounts.map(({ row }) => accountHolding(row)),
  ]
    .sort()
    .join(separator)
}

/** What `holdings` names and the dossier has not; nothing where a row of before names nothing. */
export function missingOf(holdings: string | null, dossier: Dossier): readonly string[] {
  if (holdings === null) return []
  const there = new Set(holdingsOf(dossier).split(separator))
  return namesOf(holdings).filter((name) => !there.has(name))
}

/** Of whom the row of an account is gone altogether. */
export function lacksAccount(dossier: Dossier): boolean {
  return accountsAmong(missingOf(dossier.person.holdings, dossier)).length > 0
}

/** Whether what a person's row names is all that the dossier has; a row of before names nothing, and is believed. */
export function isWhole(dossier: Dossier): boolean {
  const { holdings } = dossier.person
  return holdings === null || holdings === holdingsOf(dossier)
}

export function accountsAmong(names: readonly string[]): readonly AccountId[] {
  return names.flatMap((name) => (name.startsWith('account:') ? [name.slice('account:'.length) as AccountId] : []))
}

export function namesOf(holdings: string): readonly string[] {
  return holdings === '' ? [] : holdings.split(separator)
}
