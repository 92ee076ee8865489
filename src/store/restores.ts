/** Whether this store was restored from a backup and has not caught up yet: until then the targets know more than it does. */
import type pg from 'pg'
import type { Vault } from '../vault/vault.ts'
import { type RestoreRow, restoreGuard } from './guards.ts'

export interface OpenRestore {
  readonly row: RestoreRow
  /** The row was changed outside Gatehouse: nothing that it says counts, and the store has not caught up. */
  readonly forged: boolean
}

/** The latest restore, unless it is settled; null for nearly every store. */
export async function openRestore(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  lock = false,
): Promise<OpenRestore | null> {
  const { rows } = await client.query<RestoreRow>(
    `select * from restore order by restored_at desc, id limit 1${lock ? ' for update' : ''}`,
  )
  const [row] = rows
  if (row === undefined) return null
  const forged = !vault.verifyGuard('restore', restoreGuard(row), row.guard)
  return !forged && row.settled_at !== null ? null : { row, forged }
}

/** Inserts the row, or writes what has changed of it. */
export async function saveRestore(client: pg.ClientBase, vault: Vault, row: Omit<RestoreRow, 'guard'>): Promise<void> {
  await client.query(
    `insert into restore (id, made_at, restored_at, relocked_at, stock_taken, settled_at, stock_at, heard, guard)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (id) do update set relocked_at = excluded.relocked_at, stock_taken = excluded.stock_taken,
       settled_at = excluded.settled_at, stock_at = excluded.stock_at, heard = excluded.heard, guard = excluded.guard`,
    [
      row.id,
      row.made_at,
      row.restored_at,
      row.relocked_at,
      row.stock_taken,
      row.settled_at,
      row.stock_at,
      row.heard,
      vault.guard('restore', restoreGuard(row)),
    ],
  )
}

/** Sources that have delivered everybody since the restore. */
export function heardSources({ row, forged }: OpenRestore): readonly string[] {
  return forged || row.heard === null ? [] : (JSON.parse(row.heard) as string[])
}

/** Part of the transaction that ends a complete delivery: signed, since what a source's own row says of its deliveries is not. */
export async function noteHeard(client: pg.ClientBase, vault: Vault, source: string): Promise<void> {
  const open = await openRestore(client, vault, true)
  if (open === null || open.forged) return
  const heard = heardSources(open)
  if (!heard.includes(source))
    await saveRestore(client, vault, { ...open.row, heard: JSON.stringify([...heard, source].sort()) })
}
