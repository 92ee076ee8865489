/** What people, records, cards and accounts are found by: each identifier compared in one way, and stored as a keyed digest only. */
import { type Card, wireKey } from '../model/card.ts'
import type { SourceRecord } from '../model/source-record.ts'
import type { Vault } from '../vault/vault.ts'

/** Leading and trailing blanks and letter case never tell two people apart; leading zeros may. */
export function normalised(employeeNumber: string): string {
  return employeeNumber.trim().toUpperCase()
}

/** Null for a number of blanks, which names nobody. */
export function employeeNumberDigest(vault: Vault, employeeNumber: string): Buffer | null {
  const number = normalised(employeeNumber)
  return number === '' ? null : vault.index('employee-number', number)
}

/** Of the key that a source gives its record. */
export function recordKeyDigest(vault: Vault, source: string, key: string): Buffer {
  return vault.index('record-key', `${source}/${key}`)
}

/** Of the key that all records of one person have in common at a source. */
export function personKeyDigest(vault: Vault, source: string, key: string): Buffer {
  return vault.index('person-key', `${source}/${key}`)
}

/** The same for all cards that a reader can not tell apart, whatever format they are held in. */
export function cardDigest(vault: Vault, card: Card): Buffer {
  return vault.index('card', wireKey(card))
}

/** Of the id that an account has at its target. */
export function accountDigest(vault: Vault, target: string, externalId: string): Buffer {
  return vault.index('account', `${target}/${externalId}`)
}

export interface Identifier {
  readonly purpose: 'record-key' | 'person-key' | 'employee-number'
  readonly value: string
}

/** Those that a record is correlated by. */
export function identifiersOf(source: string, record: SourceRecord): readonly Identifier[] {
  const number = normalised(record.fields.employeeNumber ?? '')
  return [
    { purpose: 'record-key', value: `${source}/${record.key}` },
    ...(record.personKey === undefined
      ? []
      : [{ purpose: 'person-key', value: `${source}/${record.personKey}` } as const]),
    ...(number === '' ? [] : [{ purpose: 'employee-number', value: number } as const]),
  ]
}

/** What was stored of them before keys were replaced and could not be made anew; none in a gateway whose keys never were. */
export function olderIdentifiers(
  vault: Vault,
  source: string,
  record: SourceRecord,
): readonly { readonly purpose: Identifier['purpose']; readonly digest: Buffer }[] {
  return identifiersOf(source, record).flatMap(({ purpose, value }) =>
    vault.olderIndexes(purpose, value).map((digest) => ({ purpose, digest })),
  )
}
