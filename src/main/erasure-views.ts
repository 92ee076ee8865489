/** Erasures as an admin sees them: before, under way, and done. */
import type { ErasurePreview, ErasureView } from '../api/acts/erasures.ts'
import type { Paged } from '../api/acts/paged.ts'
import { Refusal } from '../model/refusal.ts'
import { findErasure, isGenuineErasure, listErasures, removalsOf } from '../store/erasures.ts'
import type { ErasureAccountRow, ErasureRow } from '../store/guards.ts'
import type { SyncContext } from '../sync/context.ts'
import { epochMs } from '../sync/keys/epochs.ts'
import { modesOf } from '../sync/target-modes.ts'
import { currentEpoch } from '../vault/keyring.ts'
import { checkedCursor } from './cursor.ts'
import { openDossier } from './person-views.ts'

export async function previewErasure(context: SyncContext, id: string): Promise<ErasurePreview> {
  const { database, keyring, backupHorizonMs, now } = context
  const dossier = await openDossier(context, id)
  const modes = await modesOf(database.pool, context)
  const standing = await context.standings.all()
  const accounts = []
  for (const { row } of dossier.accounts) {
    const pausedBecause = standing.get(row.target)?.pausedBecause ?? null
    const observed = modes.get(row.target)?.is === 'enabled' ? null : 'it is only observed, or not configured any more'
    const made = row.desired !== null || row.owned !== null
    accounts.push({ target: row.target, made, waits: made ? (pausedBecause ?? observed) : null })
  }
  const sources = [...new Set(dossier.records.map(({ row }) => row.source))].sort()
  const { rows } = await database.pool.query<{ until: Date | null }>(
    'select max(expires_at) as until from archive where source = any($1::text[]) and expires_at > $2',
    [sources, now()],
  )
  const epochEnd = Date.parse(currentEpoch(keyring.current).createdAt) + epochMs
  return {
    person: dossier.person.id,
    accounts,
    sources,
    records: dossier.records.length,
    cards: dossier.credentials.length,
    archivesUntil: rows[0]?.until?.toISOString() ?? null,
    backupsUntil: new Date(Math.max(epochEnd, now().getTime()) + backupHorizonMs).toISOString(),
  }
}

export async function erasures(
  { database, vault }: SyncContext,
  page: { after?: string; limit: number },
): Promise<Paged<ErasureView>> {
  checkedCursor(page.after, 'id')
  const found = await listErasures(database.pool, page)
  const removals = await removalsOf(
    database.pool,
    found.map(({ id }) => id),
  )
  const byErasure = Map.groupBy(removals, ({ erasure_id }) => erasure_id)
  const rows = found.map((row) => viewOf(vault, row, byErasure.get(row.id) ?? []))
  return { rows, next: rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null }
}

/** @throws Refusal `erasure.unknown`. */
export async function erasureView({ database, vault }: SyncContext, id: string): Promise<ErasureView> {
  const row = await findErasure(database.pool, id)
  if (row === null) throw new Refusal('erasure.unknown')
  return viewOf(vault, row, await removalsOf(database.pool, [id]))
}

function viewOf(vault: SyncContext['vault'], row: ErasureRow, removals: readonly ErasureAccountRow[]): ErasureView {
  return {
    id: row.id,
    person: row.person_id,
    askedAt: row.asked_at.toISOString(),
    askedBy: row.asked_by,
    state: isGenuineErasure(vault, row) ? stateOf(row) : 'forged',
    accounts: removals.map(({ target, outcome, at }) => ({ target, outcome, at: at?.toISOString() ?? null })),
    deletedAt: row.deleted_at?.toISOString() ?? null,
    backupsUnreadableSince: row.unreadable_at?.toISOString() ?? null,
    liftedAt: row.lifted_at?.toISOString() ?? null,
    statement: row.statement,
    closing: row.closing,
  }
}

function stateOf({ deleted_at, unreadable_at }: ErasureRow): ErasureView['state'] {
  if (deleted_at === null) return 'removing'
  return unreadable_at === null ? 'deleted' : 'closed'
}
