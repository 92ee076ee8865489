/** What people, records, cards and accounts are found by: each identifier compared in one way, and stored as a keyed digest only. */
import { type Card, cardKey } from '../model/card.ts'
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

export function cardDigest(vault: Vault, card: Card): Buffer {
  return vault.index('card', cardKey(card))
}

/** Of the id that an account has at its target. */
export function accountDigest(vault: Vault, target: string, externalId: string): Buffer {
  return vault.index('account', `${target}/${externalId}`)
}
