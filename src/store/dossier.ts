/** Everything the store holds about one person, opened and checked: what a decision is made from, and written back through. */

import type { Validity } from '../model/account.ts'
import type { Card } from '../model/card.ts'
import type { PersonFacts } from '../model/person.ts'
import type { SourceRecord } from '../model/source-record.ts'
import type { DataKey, WrappedKey } from '../vault/vault.ts'
import type { AccountRow, CredentialRow, GrantRow, PersonRow, SourceRecordRow } from './guards.ts'

/** `fresh` rows are inserted, `changed` ones updated; a row keeps its mark until it is saved. */
export type Mark = 'stored' | 'changed' | 'fresh'

export interface DossierRecord {
  mark: Mark
  readonly row: SourceRecordRow
  record: SourceRecord
}

export interface DossierCredential {
  mark: Mark
  readonly row: CredentialRow
  readonly card: Card
}

/** A right that somebody was given by name; those that have ended are not loaded, but one that ends now stays here until it is saved. */
export interface DossierGrant {
  mark: Mark
  readonly row: GrantRow
}

/** What the profile and validity parts of an account are written from. */
export interface AccountFacts {
  readonly facts: PersonFacts
  readonly validity: Validity
}

export interface DossierAccount {
  mark: Mark
  readonly row: AccountRow
}

export interface Dossier {
  mark: Mark
  readonly person: PersonRow
  readonly key: DataKey
  /** The wrapped key of a new person, to be inserted. */
  readonly newKey: WrappedKey | null
  readonly records: DossierRecord[]
  readonly credentials: DossierCredential[]
  readonly grants: DossierGrant[]
  readonly accounts: DossierAccount[]
  /** A row of theirs was taken away, moved or put back: they can be shut out, and nothing else is decided about them. */
  readonly torn: boolean
  /** Digests to find the person by that are not stored yet. */
  readonly newIndexes: { readonly purpose: string; readonly digest: Buffer }[]
}

/** Marks a stored row for update; a fresh one stays fresh. */
export function touch(of: { mark: Mark }): void {
  if (of.mark === 'stored') of.mark = 'changed'
}
