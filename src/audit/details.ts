/** Seals what an entry says beyond its ids, so that the trail itself shows no personal data. */
import type { Place, Vault } from '../vault/vault.ts'
import type { AuditContent } from './entry.ts'

/** The longest details that fit, in bytes of JSON: a page of 2,000 entries must fit into memory. */
export const detailsBytesMax = 64 * 1024

// Sealed once and never written again, so the version stays 0. Moving from audit_pending to audit keeps the place.
const place = (row: string): Place => ({ table: 'audit', column: 'details', row, version: 0 })

/** @throws RangeError when they are too long; put them where they belong and name the row's id here. */
export function sealDetails(vault: Vault, row: string, details: Readonly<Record<string, unknown>>): Buffer {
  const text = JSON.stringify(details)
  if (Buffer.byteLength(text) > detailsBytesMax) throw new RangeError('the details of an audit entry are too long')
  return vault.sealSystem(place(row), text)
}

/** @throws VaultError `vault.open-failed` when the entry is not as it was recorded, or belongs to another gateway. */
export function openDetails(
  vault: Vault,
  entry: Pick<AuditContent, 'details' | 'detailsRow'>,
): Record<string, unknown> {
  return JSON.parse(vault.openSystem(place(entry.detailsRow), entry.details)) as Record<string, unknown>
}
