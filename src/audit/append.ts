/** Moves pending entries into the chain: one appender at a time, each entry once, and nothing that fails its guard unseen. */
import type pg from 'pg'
import { schemaName } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'
import type { AuditAction } from './actions.ts'
import { type ContentRow, contentColumns, toContent } from './columns.ts'
import { type AuditContent, type AuditHead, isMac, link } from './entry.ts'
import { contentArrays, contentOf, guarded } from './record.ts'

/**
 * - `audit.guard-failed`: a pending row was not written by Gatehouse, or was changed; it is in the trail under this action.
 * - `audit.entry-repeated`: a pending row that is in the trail already was put back.
 * - `audit.head-failed`: somebody without the keyring wrote the last entry.
 * - `audit.head-lost`: an entry that this process appended is gone (deleted, or a backup was restored) or is another one now.
 */
export type AppendFinding = Extract<
  AuditAction,
  'audit.guard-failed' | 'audit.entry-repeated' | 'audit.head-failed' | 'audit.head-lost'
>

export interface Appended {
  /** Pending rows taken; less than the limit means that no more were there. */
  readonly taken: number
  readonly head: AuditHead | null
  /** Each is an entry of the trail by now, with what is known about it in its details. */
  readonly findings: readonly AppendFinding[]
}

export const appendBatch = 500

const lockKey = `hashtextextended('${schemaName} audit appender', 0)`
const lock = `select pg_try_advisory_xact_lock(${lockKey}) as held`

/** Nobody appends until the end of the caller's transaction. */
export async function holdAppender(client: pg.ClientBase): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(${lockKey})`)
}

// Taken by number, not after the last number taken: numbers become visible in the order of commits.
const take = `delete from ${schemaName}.audit_pending where id in
  (select id from ${schemaName}.audit_pending order by id limit $1)
  returning id::text as id, guard, ${contentColumns}`

// By the table's column: `seq` alone would be the text, and sort 9 behind 10.
const last = `select seq::text as seq, hash, mac from ${schemaName}.audit order by audit.seq desc limit 1`

const insert = `insert into ${schemaName}.audit (at, actor, action, object, details, details_row, seq, hash, mac)
  select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::uuid[],
    $7::bigint[], $8::bytea[], $9::bytea[])`

interface PendingRow extends ContentRow {
  readonly id: string
  readonly guard: Buffer
}

interface Finding {
  readonly action: AppendFinding
  readonly object: string
  readonly details: Readonly<Record<string, unknown>>
}

/**
 * One batch in one transaction: taken, checked, numbered, chained. Null when another appender is at work.
 * `known` is the head that an earlier call returned. @throws what `pg` throws; then nothing has changed.
 */
export async function appendOnce(
  pool: pg.Pool,
  vault: Vault,
  limit = appendBatch,
  known: AuditHead | null = null,
): Promise<Appended | null> {
  const client = await pool.connect()
  // A connection that breaks between two queries is noticed by the second one.
  const ignore = () => undefined
  client.on('error', ignore)
  let broken: boolean | undefined = true
  try {
    // Each statement must see what the previous holder of the lock committed.
    await client.query('begin isolation level read committed')
    try {
      const result = await appendBatchIn(client, vault, limit, known)
      await client.query('commit')
      broken = undefined
      return result
    } catch (error) {
      await client.query('rollback')
      broken = undefined
      throw error
    }
  } finally {
    client.off('error', ignore)
    client.release(broken)
  }
}

async function appendBatchIn(
  client: pg.ClientBase,
  vault: Vault,
  limit: number,
  known: AuditHead | null,
): Promise<Appended | null> {
  // A process that hangs here must not hold up the others for ever.
  await client.query(`set local idle_in_transaction_session_timeout = '30s'`)
  const { rows: locks } = await client.query<{ held: boolean }>(lock)
  if (locks[0]?.held !== true) return null

  const { rows: heads } = await client.query<{ seq: string; hash: Buffer; mac: Buffer }>(last)
  const found = heads[0] === undefined ? null : { ...heads[0], seq: Number(heads[0].seq) }
  const findings: Finding[] = []
  if (found !== null && !isMac(vault, found)) {
    findings.push({ action: 'audit.head-failed', object: String(found.seq), details: {} })
  }
  if (known !== null && !(await holds(client, known))) {
    const details = { hash: known.hash.toString('hex'), found: found?.seq ?? 0 }
    findings.push({ action: 'audit.head-lost', object: String(known.seq), details })
  }

  const { rows } = await client.query<PendingRow>(take, [limit])
  const contents = await check(client, vault, rows, findings)
  const now = new Date()
  contents.unshift(...findings.map((finding) => contentOf(vault, now, { actor: 'engine', ...finding })))

  const entries = []
  let head: AuditHead | null = found
  for (const content of contents) {
    const entry = link(vault, head, content)
    entries.push(entry)
    head = entry
  }
  if (entries.length > 0) {
    const chain = [entries.map(({ seq }) => seq), entries.map(({ hash }) => hash), entries.map(({ mac }) => mac)]
    await client.query(insert, [...contentArrays(entries), ...chain])
  }
  return {
    taken: rows.length,
    head: head === null ? null : { seq: head.seq, hash: head.hash },
    findings: findings.map(({ action }) => action),
  }
}

async function holds(client: pg.ClientBase, known: AuditHead): Promise<boolean> {
  const { rowCount } = await client.query(`select from ${schemaName}.audit where seq = $1 and hash = $2`, [
    known.seq,
    known.hash,
  ])
  return rowCount === 1
}

/** The contents of the rows that are ours and new, by number; the others become findings. */
async function check(
  client: pg.ClientBase,
  vault: Vault,
  rows: PendingRow[],
  findings: Finding[],
): Promise<AuditContent[]> {
  if (rows.length === 0) return []
  // DELETE returns rows in whatever order it met them.
  rows.sort((a, b) => Number(a.id) - Number(b.id))
  const { rows: present } = await client.query<{ row: string }>(
    `select details_row::text as row from ${schemaName}.audit where details_row = any($1::uuid[])`,
    [rows.map((row) => row.details_row)],
  )
  const seen = new Set(present.map(({ row }) => row))
  const contents: AuditContent[] = []
  for (const row of rows) {
    const content = toContent(row)
    const { at, actor, action: claimed, object, details, detailsRow } = content
    const claims = { at, actor, action: claimed, object, detailsRow, detailsBytes: details.length }
    if (!vault.verifyGuard('audit_pending', guarded(content), row.guard)) {
      findings.push({ action: 'audit.guard-failed', object: row.id, details: claims })
    } else if (seen.has(detailsRow)) {
      findings.push({ action: 'audit.entry-repeated', object: row.id, details: claims })
    } else {
      seen.add(detailsRow)
      contents.push(content)
    }
  }
  return contents
}
