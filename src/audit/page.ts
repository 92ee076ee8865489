/** A page of the trail with its details opened, for whoever may read them; what nobody can read any more is shown as that. */
import type pg from 'pg'
import { keysOfObjects } from '../store/object-keys.ts'
import type { DataKey, Vault } from '../vault/vault.ts'
import { openDetails } from './details.ts'
import type { AuditEntry } from './entry.ts'
import { readAuditPage } from './read.ts'

export interface OpenedEntry extends Omit<AuditEntry, 'details'> {
  /** Null: see `openDetails`. */
  readonly details: Readonly<Record<string, unknown>> | null
}

/** As `readAuditPage`. */
export async function openAuditPage(
  pool: pg.Pool,
  vault: Vault,
  after: number,
  limit: number,
): Promise<readonly OpenedEntry[]> {
  const entries = await readAuditPage(pool, after, limit)
  const closed = entries.filter((entry) => openDetails(vault, entry) === null)
  const keys: ReadonlyMap<string, readonly DataKey[]> =
    closed.length === 0
      ? new Map()
      : await keysOfObjects(
          pool,
          vault,
          closed.map(({ object }) => object),
        )
  return entries.map((entry) => ({ ...entry, details: openDetails(vault, entry, keys.get(entry.object)) }))
}
