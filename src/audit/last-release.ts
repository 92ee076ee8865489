/** Which configuration the audit trail says was released last: nobody takes that back who may only write to the database as Gatehouse does. */
import type pg from 'pg'
import { schemaName } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'
import type { AuditAction } from './actions.ts'
import { type ContentRow, contentColumns, toContent } from './columns.ts'
import { openDetails } from './details.ts'
import { type AuditContent, hashEntry, isMac } from './entry.ts'
import { guarded } from './record.ts'

export interface LastRelease {
  /** Of the version's row. */
  readonly version: string
  /** Null when the entry's details do not open. */
  readonly number: number | null
}

const action: AuditAction = 'config.released'

/**
 * Null when the trail has none that is Gatehouse's own. Entries that are not yet chained count: they are committed with what they tell.
 * The caller reads within one snapshot what it compares this with, or an entry may be in neither table.
 */
export async function lastRelease(client: pg.ClientBase, vault: Vault): Promise<LastRelease | null> {
  const entry = (await lastPending(client, vault)) ?? (await lastChained(client, vault))
  if (entry === null) return null
  const number = openDetails(vault, entry)?.number
  return { version: entry.object, number: typeof number === 'number' ? number : null }
}

async function lastPending(client: pg.ClientBase, vault: Vault): Promise<AuditContent | null> {
  const { rows } = await client.query<ContentRow & { guard: Buffer }>(
    `select guard, ${contentColumns} from ${schemaName}.audit_pending where action = '${action}' order by id desc`,
  )
  const genuine = rows.find((row) => vault.verifyGuard('audit_pending', guarded(toContent(row)), row.guard))
  return genuine === undefined ? null : toContent(genuine)
}

async function lastChained(client: pg.ClientBase, vault: Vault): Promise<AuditContent | null> {
  let below: string | null = null
  for (;;) {
    const { rows }: pg.QueryResult<ChainedRow> = await client.query<ChainedRow>(chained, [below])
    const row: ChainedRow | undefined = rows[0]
    if (row === undefined) return null
    const content = toContent(row)
    const seq = Number(row.seq)
    const previous = row.previous === null ? null : { seq: seq - 1, hash: row.previous }
    // What somebody else wrote is passed over: they could write as many as they like.
    if (hashEntry(previous, seq, content).equals(row.hash) && isMac(vault, { ...row, seq })) return content
    below = row.seq
  }
}

interface ChainedRow extends ContentRow {
  readonly seq: string
  readonly hash: Buffer
  readonly mac: Buffer
  readonly previous: Buffer | null
}

// The action stands here as in the index, which a parameter would not match.
const chained = `select seq::text as seq, hash, mac, ${contentColumns},
    (select hash from ${schemaName}.audit before where before.seq = audit.seq - 1) as previous
  from ${schemaName}.audit where action = '${action}' and ($1::bigint is null or seq < $1) order by audit.seq desc limit 1`
