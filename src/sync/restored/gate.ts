/** Keeps bulk work from a target whose store was restored, until those who are out were shut out and what is there was read anew. */
import type pg from 'pg'
import type { AccountId } from '../../model/id.ts'
import type { OpenRestore } from '../../store/restores.ts'

/** Whether each lock-out that the restore began was tried at least once: one that the target refuses for ever must not hold up all else. */
export async function isRelocked(
  client: pg.ClientBase | pg.Pool,
  { row }: OpenRestore,
  target: string,
): Promise<boolean> {
  if (row.relocked_at === null) return false
  const { rowCount } = await client.query(
    `select from lockout l join account a on a.id = l.account_id and a.frozen_at is null
      where l.target = $1 and l.started_at is null and l.ended_at is null and l.decided_at <= $2 limit 1`,
    [target, row.relocked_at],
  )
  return rowCount === 0
}

/** Targets whose accounts were read anew since the restore. */
export function stockTaken({ row, forged }: OpenRestore): readonly string[] {
  return forged ? [] : (JSON.parse(row.stock_taken) as string[])
}

/** The last account of a target that was read anew, in the order of ids; null: none yet. */
export function stockAt({ row, forged }: OpenRestore, target: string): AccountId | null {
  if (forged || row.stock_at === null) return null
  return (JSON.parse(row.stock_at) as Readonly<Record<string, AccountId>>)[target] ?? null
}
