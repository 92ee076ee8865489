/** Archived deliveries as callers see them: whose, since when, until when, how large; never what is in them. */
import type { ArchiveView } from '../api/acts/archives.ts'
import type { Paged } from '../api/acts/paged.ts'
import { isGenuineArchive, listArchives } from '../store/archives.ts'
import type { SyncContext } from '../sync/context.ts'
import { checkedCursor } from './cursor.ts'

export async function archives(
  { database, vault }: SyncContext,
  source: string | undefined,
  page: { after?: string; limit: number },
): Promise<Paged<ArchiveView>> {
  checkedCursor(page.after, 'id')
  const found = await listArchives(database.pool, source ?? null, page)
  const rows = found.map((row) => ({
    id: row.id,
    source: row.source,
    pull: row.pull_id,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    bytes: Number(row.bytes),
    state: isGenuineArchive(vault, row) ? ('kept' as const) : ('forged' as const),
  }))
  return { rows, next: rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null }
}
