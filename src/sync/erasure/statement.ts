/** What is stated about an erasure, signed so that anybody with the public key can check it: what was removed where, and when backups close. */
import type pg from 'pg'
import { signLine } from '../../audit/signed-line.ts'
import { checkErasures, saveErasure } from '../../store/erasures.ts'
import type { ErasureAccountRow, ErasureRow } from '../../store/guards.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'

interface KeptArchive {
  readonly id: string
  readonly source: string
  readonly expires_at: Date
}

/** Deliveries are kept or destroyed as a whole: those of the person's sources may hold them until their own end, which is named. */
export async function statementOf(
  client: pg.ClientBase,
  { vault, now }: SyncContext,
  erasure: Omit<ErasureRow, 'guard'>,
  removals: readonly ErasureAccountRow[],
  sources: readonly string[],
): Promise<string> {
  const { rows: archives } = await client.query<KeptArchive>(
    'select id, source, expires_at from archive where source = any($1::text[]) and expires_at > $2 order by expires_at, id',
    [sources, now()],
  )
  return signLine(vault, 'erasure/1', {
    erasure: erasure.id,
    person: erasure.person_id,
    askedAt: erasure.asked_at.toISOString(),
    askedBy: erasure.asked_by,
    accounts: removals.map(({ target, account_id, outcome, at }) => ({ target, account: account_id, outcome, at })),
    deletedAt: erasure.deleted_at,
    epoch: erasure.epoch,
    archives: archives.map(({ id, source, expires_at }) => ({ archive: id, source, until: expires_at.toISOString() })),
  })
}

/** Part of the transaction that destroys an epoch: from now on backups of the erased whose keys lay under it don't open either. */
export async function closeErasures(
  client: pg.ClientBase,
  context: SyncContext,
  epochs: readonly string[],
): Promise<void> {
  const { vault, now } = context
  const { rows } = await client.query<ErasureRow>(
    'select * from erasure where epoch = any($1::text[]) and deleted_at is not null and unreadable_at is null order by id for update',
    [epochs],
  )
  const { genuine, forged } = checkErasures(vault, rows)
  await tellForged(client, context, ...forged)
  for (const { guard: _, ...row } of genuine) {
    const unreadable_at = now()
    const closing = signLine(vault, 'erasure-closed/1', {
      erasure: row.id,
      person: row.person_id,
      epoch: row.epoch,
      backupsUnreadableSince: unreadable_at.toISOString(),
    })
    await saveErasure(client, vault, { ...row, unreadable_at, closing })
  }
}
