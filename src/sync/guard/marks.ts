/** What is noted of an account to tell a later change by: counts, whether there is a PIN, and the system's own mark. Of all else the note stays as it was. */
import type pg from 'pg'
import type { ActualAccount } from '../../connector/contract.ts'
import type { SyncContext } from '../context.ts'
import type { NotedAccount } from '../reconcile/noted-account.ts'
import type { WorkItem } from '../reconcile/work-item.ts'

/** Not where a worker, or another look, has noted something since. One that was never read stays so. */
export async function noteMarks(
  client: pg.ClientBase,
  { vault }: SyncContext,
  { row, key, lastSeen }: WorkItem,
  { marks, pin }: ActualAccount,
  { changedAt, begunAt }: { readonly changedAt: Date | null; readonly begunAt: Date },
): Promise<void> {
  if (lastSeen === null) return
  const version = (row.actual_version ?? 0) + 1
  const { kept: _, ...before } = lastSeen
  const noted: NotedAccount = {
    ...before,
    pin,
    ...(marks === undefined ? {} : { marks }),
    ...(changedAt === null ? {} : { changedAt: changedAt.toISOString() }),
    lookedAt: begunAt.toISOString(),
  }
  const place = { table: 'account', column: 'actual', row: row.id, version }
  await client.query(
    'update account set actual = $2, actual_version = $3 where id = $1 and actual_version is not distinct from $4',
    [row.id, vault.seal(key, place, JSON.stringify(noted)), version, row.actual_version],
  )
}
