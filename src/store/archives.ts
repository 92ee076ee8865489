/** Archived deliveries: a guarded row each, which holds the wrapped key of the sealed file of the same id. */
import type pg from 'pg'
import type { KeyId, PullId } from '../model/id.ts'
import type { Vault, WrappedKey } from '../vault/vault.ts'
import { type ArchiveRow, archiveGuard } from './guards.ts'

export interface NewArchive {
  readonly key: WrappedKey
  readonly source: string
  readonly pull: PullId
  readonly fingerprint: Buffer
  readonly bytes: number
  readonly createdAt: Date
  readonly expiresAt: Date
}

export async function insertArchive(client: pg.ClientBase, vault: Vault, archive: NewArchive): Promise<void> {
  const { key, source, pull, fingerprint, bytes, createdAt, expiresAt } = archive
  const row: Omit<ArchiveRow, 'guard'> = {
    id: key.id,
    source,
    pull_id: pull,
    fingerprint,
    bytes: String(bytes),
    created_at: createdAt,
    expires_at: expiresAt,
    epoch: key.epoch,
    wrapped: key.wrapped,
  }
  await client.query(
    `insert into archive (id, source, pull_id, fingerprint, bytes, created_at, expires_at, epoch, wrapped, guard)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      row.id,
      row.source,
      row.pull_id,
      row.fingerprint,
      row.bytes,
      row.created_at,
      row.expires_at,
      row.epoch,
      row.wrapped,
      vault.guard('archive', archiveGuard(row)),
    ],
  )
}

export function isGenuineArchive(vault: Vault, row: ArchiveRow): boolean {
  return vault.verifyGuard('archive', archiveGuard(row), row.guard)
}

export async function findArchive(pool: pg.Pool, id: KeyId): Promise<ArchiveRow | null> {
  const { rows } = await pool.query<ArchiveRow>('select * from archive where id = $1', [id])
  return rows[0] ?? null
}

/** The archives of one delivery, however often it came. */
export async function archivesOf(pool: pg.Pool, source: string, fingerprint: Buffer): Promise<readonly ArchiveRow[]> {
  const { rows } = await pool.query<ArchiveRow>('select * from archive where source = $1 and fingerprint = $2', [
    source,
    fingerprint,
  ])
  return rows
}

/** One page, newest first; `after` is the last id of the page before. */
export async function listArchives(
  pool: pg.Pool,
  source: string | null,
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly ArchiveRow[]> {
  const { rows } = await pool.query<ArchiveRow>(
    `select * from archive where ($1::text is null or source = $1)
        and ($2::uuid is null or (created_at, id) < (select created_at, id from archive where id = $2))
      order by created_at desc, id desc limit $3`,
    [source, page.after ?? null, page.limit],
  )
  return rows
}

const batch = 500

/** All of them, a batch at a time; some may have been destroyed when they are yielded. */
export async function* eachArchive(pool: pg.Pool): AsyncGenerator<ArchiveRow> {
  let after: KeyId | null = null
  for (;;) {
    const { rows }: { rows: ArchiveRow[] } = await pool.query<ArchiveRow>(
      'select * from archive where $1::uuid is null or id > $1 order by id limit $2',
      [after, batch],
    )
    yield* rows
    after = rows.at(-1)?.id ?? null
    if (rows.length < batch) return
  }
}

/** Destroys the key: from now on no copy of the file can be opened. The source it was of, or null when it is gone already. */
export async function deleteArchive(client: pg.ClientBase, id: KeyId): Promise<string | null> {
  const { rows } = await client.query<{ source: string }>('delete from archive where id = $1 returning source', [id])
  return rows[0]?.source ?? null
}
