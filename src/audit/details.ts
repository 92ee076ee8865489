/** Seals what an entry says beyond its ids, so that the trail itself shows no personal data. */
import type { KeyId } from '../model/id.ts'
import { parseJson } from '../model/parse-json.ts'
import type { DataKey, Place, Vault } from '../vault/vault.ts'
import { isRowFault } from '../vault/vault-error.ts'
import type { AuditContent } from './entry.ts'

/** The longest details that fit, in bytes of JSON: a page of 2,000 entries must fit into memory. */
export const detailsBytesMax = 64 * 1024

// Sealed once and never written again, so the version stays 0. Moving from audit_pending to audit keeps the place.
const place = (row: string): Place => ({ table: 'audit', column: 'details', row, version: 0 })
/** Around details of which nothing in clear may say whose key opens them. */
const placeOfWrapped = (row: string): Place => ({ table: 'audit', column: 'wrapped', row, version: 0 })

interface Wrapped {
  readonly key: KeyId
  /** In base64. */
  readonly details: string
}

/** @throws RangeError when they are too long; put them where they belong and name the row's id here. */
export function sealDetails(
  vault: Vault,
  row: string,
  details: Readonly<Record<string, unknown>>,
  about?: DataKey,
  unnamed = false,
): Buffer {
  const text = bounded(JSON.stringify(details))
  if (about === undefined) return vault.sealSystem(place(row), text)
  const inner = vault.seal(about, place(row), text)
  if (!unnamed) return inner
  const wrapped: Wrapped = { key: about.id, details: inner.toString('base64') }
  return vault.sealSystem(placeOfWrapped(row), bounded(JSON.stringify(wrapped)))
}

function bounded(text: string): string {
  if (Buffer.byteLength(text) > detailsBytesMax) throw new RangeError('the details of an audit entry are too long')
  return text
}

type Sealed = Pick<AuditContent, 'details' | 'detailsRow'>

/** Whose key opens details that say so under the gateway's own seal alone; null for others. */
export function keyOfDetails(vault: Vault, entry: Sealed): KeyId | null {
  return unwrapped(vault, entry)?.key ?? null
}

function unwrapped(vault: Vault, { details, detailsRow }: Sealed): Wrapped | null {
  const at = placeOfWrapped(detailsRow)
  const text = firstOf([() => vault.openSystem(at, details), () => vault.openFormerSystem(at, details)])
  return text === null ? null : (parseJson(text) as Wrapped)
}

/**
 * Null when none of these keys opens them: the entry is not as it was recorded, belongs to another gateway, or is about somebody who was
 * erased. `about`: the keys of whom the entry's object leads to, or of whom `keyOfDetails` says.
 */
export function openDetails(
  vault: Vault,
  entry: Sealed,
  about: readonly DataKey[] = [],
): Record<string, unknown> | null {
  const at = place(entry.detailsRow)
  const wrapped = about.length === 0 ? null : unwrapped(vault, entry)
  const details = wrapped === null ? entry.details : Buffer.from(wrapped.details, 'base64')
  const text = firstOf([
    () => vault.openSystem(at, details),
    // The trail is never written anew, so what it says was sealed by whatever keys there were.
    () => vault.openFormerSystem(at, details),
    ...about.map((key) => () => vault.open(key, at, details)),
  ])
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>)
}

function firstOf(ways: readonly (() => string)[]): string | null {
  for (const open of ways) {
    try {
      return open()
    } catch (error) {
      if (!isRowFault(error)) throw error
    }
  }
  return null
}
