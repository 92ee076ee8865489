/** What an erased person is known again by, so that no delivery brings them back unasked. */
import type { SourceRecord } from '../../model/source-record.ts'
import type { Tombstone } from '../../store/erasures.ts'
import type { Vault } from '../../vault/vault.ts'
import { normalised } from '../identifiers.ts'

/**
 * The identifiers that records are correlated by, and no others: mailboxes and cards pass on to other people, who must not be held
 * for that.
 */
export function tombstonesOf(vault: Vault, source: string, record: SourceRecord): readonly Tombstone[] {
  const tombstones: Tombstone[] = [
    { purpose: 'record-key', digest: vault.tombstone('record-key', `${source}/${record.key}`) },
  ]
  if (record.personKey !== undefined)
    tombstones.push({ purpose: 'person-key', digest: vault.tombstone('person-key', `${source}/${record.personKey}`) })
  const number = normalised(record.fields.employeeNumber ?? '')
  if (number !== '') tombstones.push(numberTombstone(vault, number))
  return tombstones
}

export function numberTombstone(vault: Vault, employeeNumber: string): Tombstone {
  return { purpose: 'employee-number', digest: vault.tombstone('employee-number', normalised(employeeNumber)) }
}
