/** What an erased person is known again by, so that no delivery brings them back unasked. */
import type { SourceRecord } from '../../model/source-record.ts'
import type { Tombstone } from '../../store/erasures.ts'
import { type Identifier, identifiersOf, normalised } from '../../store/identifiers.ts'
import type { Vault } from '../../vault/vault.ts'

/**
 * The identifiers that records are correlated by, and no others: mailboxes and cards pass on to other people, who must not be held
 * for that.
 */
export function tombstonesOf(vault: Vault, source: string, record: SourceRecord): readonly Tombstone[] {
  return identifiersOf(source, record).map(({ purpose, value }) => ({
    purpose,
    digest: vault.tombstone(purpose, value),
  }))
}

/** As `tombstonesOf`, and what remains of the same identifiers of whoever was erased before keys were replaced. */
export function anyTombstonesOf(vault: Vault, source: string, record: SourceRecord): readonly Tombstone[] {
  return identifiersOf(source, record).flatMap((identifier) => allTombstones(vault, identifier))
}

export function numberTombstones(vault: Vault, employeeNumber: string): readonly Tombstone[] {
  return allTombstones(vault, { purpose: 'employee-number', value: normalised(employeeNumber) })
}

function allTombstones(vault: Vault, { purpose, value }: Identifier): readonly Tombstone[] {
  return [vault.tombstone(purpose, value), ...vault.olderTombstones(purpose, value)].map((digest) => ({
    purpose,
    digest,
  }))
}
