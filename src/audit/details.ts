/** Seals what an entry says beyond its ids, so that the trail itself shows no personal data. */
import type { DataKey, Place, Vault } from '../vault/vault.ts'
import { isRowFault } from '../vault/vault-error.ts'
import type { AuditContent } from './entry.ts'

/** The longest details that fit, in bytes of JSON: a page of 2,000 entries must fit into memory. */
export const detailsBytesMax = 64 * 1024

// Sealed once and never written again, so the version stays 0. Moving from audit_pending to audit keeps the place.
const place = (row: string): Place => ({ table: 'audit', column: 'details', row, version: 0 })

/** @throws RangeError when they are too long; put them where they belong and name the row's id here. */
export function sealDetails(
  vault: Vault,
  row: string,
  details: Readonly<Record<string, unknown>>,
  about?: DataKey,
): Buffer {
  const text = JSON.stringify(details)
  if (Buffer.byteLength(text) > detailsBytesMax) throw new RangeError('the details of an audit entry are too long')
  return about === undefined ? vault.sealSystem(place(row), text) : vault.seal(about, place(row), text)
}

/**
 * Null when none of these keys opens them: the entry is not as it was recorded, belongs to another gateway, or is about somebody who was
 * erased. `about`: the keys of whom the entry's object leads to.
 */
export function openDetails(
  vault: Vault,
  entry: Pick<AuditContent, 'details' | 'detailsRow'>,
  about: readonly DataKey[] = [],
): Record<string, unknown> | null {
  const at = place(entry.detailsRow)
  const ways = [
    () => vault.openSystem(at, entry.details),
    // The trail is never written anew, so what it says was sealed by whatever keys there were.
    () => vault.openFormerSystem(at, entry.details),
    ...about.map((key) => () => vault.open(key, at, entry.details)),
  ]
  for (const open of ways) {
    try {
      return JSON.parse(open()) as Record<string, unknown>
    } catch (error) {
      if (!isRowFault(error)) throw error
    }
  }
  return null
}
