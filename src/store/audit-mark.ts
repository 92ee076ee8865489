/** Up to where the audit trail was found whole, signed: what is cut off below it is noticed, also by a process that was not there. */
import type pg from 'pg'
import type { Vault } from '../vault/vault.ts'

export interface AuditMark {
  readonly seq: number
  readonly hash: Buffer
}

/** Null when nothing was verified yet. */
export async function readAuditMark(pool: pg.Pool, vault: Vault): Promise<AuditMark | 'forged' | null> {
  const { rows } = await pool.query<{ seq: string; hash: Buffer; guard: Buffer }>(
    'select seq, hash, guard from audit_mark',
  )
  const [row] = rows
  if (row === undefined) return null
  const mark = { seq: Number(row.seq), hash: row.hash }
  return vault.verifyGuard('audit_mark', [mark.seq, mark.hash], row.guard) ? mark : 'forged'
}

export async function writeAuditMark(pool: pg.Pool, vault: Vault, { seq, hash }: AuditMark): Promise<void> {
  await pool.query(
    `insert into audit_mark (seq, hash, guard) values ($1, $2, $3)
     on conflict (singleton) do update set seq = excluded.seq, hash = excluded.hash, guard = excluded.guard`,
    [seq, hash, vault.guard('audit_mark', [seq, hash])],
  )
}

/** Whether the trail still has this very entry. */
export async function holdsEntry(pool: pg.Pool, { seq, hash }: AuditMark): Promise<boolean> {
  const { rowCount } = await pool.query('select from audit where seq = $1 and hash = $2', [seq, hash])
  return rowCount === 1
}
