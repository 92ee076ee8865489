/** Entries of the trail with their details opened, for whoever may read them; what nobody can read any more is shown as that. */
import type pg from 'pg'
import { keysOfObjects } from '../store/object-keys.ts'
import type { DataKey, Vault } from '../vault/vault.ts'
import { openDetails } from './details.ts'
import type { AuditEntry } from './entry.ts'
import { readAuditPage } from './read.ts'

/** Null: see `openDetails`. */
export type Opened = Readonly<Record<string, unknown>> | null

export interface OpenedEntry extends Omit<AuditEntry, 'details'> {
  readonly details: Opened
}

/** As `readAuditPage`. */
export async function openAuditPage(
  pool: pg.Pool,
  vault: Vault,
  after: number,
  limit: number,
): Promise<readonly OpenedEntry[]> {
  const entries = await readAuditPage(pool, after, limit)
  const opened = await openEntries(pool, vault, entries)
  return entries.map((entry, index) => ({ ...entry, details: opened[index] ?? null }))
}

/** What the details of each of these say, in their order. */
export async function openEntries(pool: pg.Pool, vault: Vault, entries: readonly AuditEntry[]): Promise<Opened[]> {
  const closed = entries.filter((entry) => openDetails(vault, entry) === null)
  const keys: ReadonlyMap<string, readonly DataKey[]> =
    closed.length === 0
      ? new Map()
      : await keysOfObjects(
          pool,
          vault,
          closed.map(({ object }) => object),
        )
  return entries.map((entry) => openDetails(vault, entry, keys.get(entry.object)))
}
