/** Entries of the trail with their details opened, for whoever may read them; what nobody can read any more is shown as that. */
import type pg from 'pg'
import { keysByIds, keysOfObjects } from '../store/object-keys.ts'
import type { Vault } from '../vault/vault.ts'
import { keyOfDetails, openDetails } from './details.ts'
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
  if (closed.length === 0) return entries.map((entry) => openDetails(vault, entry))
  const sealed = new Map(closed.map((entry) => [entry, keyOfDetails(vault, entry)]))
  const byId = await keysByIds(
    pool,
    vault,
    [...sealed.values()].filter((id) => id !== null),
  )
  const byObject = await keysOfObjects(
    pool,
    vault,
    closed.map(({ object }) => object),
  )
  return entries.map((entry) =>
    openDetails(vault, entry, byId.get(sealed.get(entry) ?? '') ?? byObject.get(entry.object)),
  )
}
