/** Archived deliveries as callers see them: whose, since when, until when, how large; never what is in them. */
import { ActError, type ArchiveView, type Paged } from '../api/acts.ts'
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

const refusals: Readonly<Record<string, readonly [status: 404 | 409, message: string]>> = {
  'archive.unknown': [404, 'There is no such archive: it was destroyed, or never there.'],
  'archive.forged': [409, 'The row of this archive was changed outside Gatehouse: it can not be opened.'],
  'archive.damaged': [409, 'The sealed file is not whole, or not the one that was written: none of it is given out.'],
  'archive.not-here': [404, 'The sealed file is not in the data folder of this process.'],
}

/** What opening or destroying can fail with, for the caller. */
export async function onArchive<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    const refusal = error instanceof Error ? refusals[error.message] : undefined
    if (refusal === undefined) throw error
    throw new ActError(refusal[0], (error as Error).message, refusal[1])
  })
}
