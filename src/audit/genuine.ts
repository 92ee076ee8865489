/** Entries of the trail read one by one by what they say, each verified for itself: what somebody else wrote is none, and is told. */
import type pg from 'pg'
import { schemaName } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'
import type { AppendFinding } from './append.ts'
import type { Break } from './chain.ts'
import { type ContentRow, contentColumns, toContent } from './columns.ts'
import { type AuditContent, hashEntry, isMac } from './entry.ts'
import { guarded } from './record.ts'

/** How it shows that somebody else wrote an entry that is not chained yet, or one that is. */
export type Forgery = Extract<AppendFinding, 'audit.guard-failed'> | `audit.${Extract<Break, 'forged'>}`

export interface PendingRow extends ContentRow {
  readonly guard: Buffer
}

export interface ChainedRow extends ContentRow {
  readonly seq: string
  readonly hash: Buffer
  readonly mac: Buffer
  readonly previous: Buffer | null
}

export const pendingColumns = `guard, ${contentColumns}`
export const chainedColumns = `seq::text as seq, hash, mac, ${contentColumns},
  (select hash from ${schemaName}.audit before where before.seq = audit.seq - 1) as previous`

export function isGenuinePending(vault: Vault, row: PendingRow): boolean {
  return vault.verifyGuard('audit_pending', guarded(toContent(row)), row.guard)
}

/** That it has its place behind the one before it, and that the holder of the keyring put it there. */
export function isGenuineChained(vault: Vault, row: ChainedRow): boolean {
  const seq = Number(row.seq)
  const previous = row.previous === null ? null : { seq: seq - 1, hash: row.previous }
  return hashEntry(previous, seq, toContent(row)).equals(row.hash) && isMac(vault, { ...row, seq })
}

/** Rows verified at a time: whoever adds some by the million fills no memory. */
const pageSize = 1000

export interface Entries {
  readonly genuine: readonly AuditContent[]
  readonly forged: ReadonlySet<Forgery>
}

/**
 * Those of which `condition` is true, with its `values` from $1 on; each once. It decides which index is used. What is not chained yet is
 * read first: what is chained meanwhile is then met there.
 */
export async function genuineEntries(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  condition: string,
  values: readonly unknown[],
): Promise<Entries> {
  const genuine = new Map<string, AuditContent>()
  const forged = new Set<Forgery>()
  const take = (row: ContentRow, isGenuine: boolean, as: Forgery) => {
    if (isGenuine) genuine.set(row.details_row, toContent(row))
    else forged.add(as)
  }
  const p = values.length
  for (let after: string | null = null; ; ) {
    const { rows }: pg.QueryResult<PendingRow & { id: string }> = await client.query(
      `select id::text as id, ${pendingColumns} from ${schemaName}.audit_pending
        where ${condition} and ($${p + 1}::bigint is null or id > $${p + 1}) order by audit_pending.id limit ${pageSize}`,
      [...values, after],
    )
    for (const row of rows) take(row, isGenuinePending(vault, row), 'audit.guard-failed')
    if (rows.length < pageSize) break
    after = rows.at(-1)?.id ?? null
  }
  for (let after: ChainedRow | undefined; ; ) {
    const { rows }: pg.QueryResult<ChainedRow> = await client.query(
      `select ${chainedColumns} from ${schemaName}.audit
        where ${condition} and ($${p + 1}::timestamptz is null or (at, seq) > ($${p + 1}, $${p + 2}::bigint))
        order by audit.at, audit.seq limit ${pageSize}`,
      [...values, after?.at, after?.seq],
    )
    for (const row of rows) take(row, isGenuineChained(vault, row), 'audit.forged')
    if (rows.length < pageSize) break
    after = rows.at(-1)
  }
  return { genuine: [...genuine.values()], forged }
}
