/** Which configuration the audit trail says was released last: nobody takes that back who may only write to the database as Gatehouse does. */
import type pg from 'pg'
import { schemaName } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'
import type { AuditAction } from './actions.ts'
import { toContent } from './columns.ts'
import { openDetails } from './details.ts'
import type { AuditContent } from './entry.ts'
import {
  type ChainedRow,
  chainedColumns,
  isGenuineChained,
  isGenuinePending,
  type PendingRow,
  pendingColumns,
} from './genuine.ts'

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
  const { rows } = await client.query<PendingRow>(
    `select ${pendingColumns} from ${schemaName}.audit_pending where action = '${action}' order by id desc`,
  )
  const genuine = rows.find((row) => isGenuinePending(vault, row))
  return genuine === undefined ? null : toContent(genuine)
}

async function lastChained(client: pg.ClientBase, vault: Vault): Promise<AuditContent | null> {
  let below: string | null = null
  for (;;) {
    const { rows }: pg.QueryResult<ChainedRow> = await client.query<ChainedRow>(chained, [below])
    const row: ChainedRow | undefined = rows[0]
    if (row === undefined) return null
    // What somebody else wrote is passed over: they could write as many as they like.
    if (isGenuineChained(vault, row)) return toContent(row)
    below = row.seq
  }
}

// The action stands here as in the index, which a parameter would not match.
const chained = `select ${chainedColumns}
  from ${schemaName}.audit where action = '${action}' and ($1::bigint is null or seq < $1) order by audit.seq desc limit 1`
