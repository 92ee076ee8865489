/** Reads the trail as it is stored, page by page, from its start or from any entry on. */
import type pg from 'pg'
import { schemaName } from '../store/database.ts'
import { type ContentRow, contentColumns, toContent } from './columns.ts'
import type { AuditEntry, AuditHead } from './entry.ts'

export const pageSizeMax = 2_000

const page = `select seq::text as seq, substr(hash, 1, 33) as hash, substr(mac, 1, 33) as mac, ${contentColumns}
  from ${schemaName}.audit where seq >= $1 order by audit.seq limit $2`

/** Below every number that an entry can have, so that one smuggled in before the first is met too. */
const lowest = '-9223372036854775808'

interface EntryRow extends ContentRow {
  readonly seq: string
  readonly hash: Buffer
  readonly mac: Buffer
}

/** At most `limit` entries after number `after` (0: from the start), in order. Not verified: see `verify.ts`. */
export async function readAuditPage(pool: pg.Pool, after: number, limit: number): Promise<AuditEntry[]> {
  const { rows } = await pool.query<EntryRow>(page, [after === 0 ? lowest : after + 1, limit])
  return rows.map((row) => ({ ...toContent(row), seq: Number(row.seq), hash: row.hash, mac: row.mac }))
}

/** All entries after number `after` (0: all) by pages, those included that are appended meanwhile. */
export async function* readAuditPages(
  pool: pg.Pool,
  after: number,
  pageSize: number,
): AsyncGenerator<readonly AuditEntry[]> {
  let from = after
  for (;;) {
    const entries = await readAuditPage(pool, from, pageSize)
    yield entries
    const end = entries.at(-1)
    // A number of 0 or less was smuggled in; going on from there would start all over again.
    if (end === undefined || entries.length < pageSize || end.seq <= from) return
    from = end.seq
  }
}

/** The same, one by one. */
export async function* readAudit(pool: pg.Pool, after: number, pageSize = pageSizeMax): AsyncGenerator<AuditEntry> {
  for await (const entries of readAuditPages(pool, after, pageSize)) yield* entries
}

/** The last entry's number and hash, null for an empty trail. As numbers have no gaps, `seq` is also how many there are. */
export async function auditHead(pool: pg.ClientBase | pg.Pool): Promise<AuditHead | null> {
  const { rows } = await pool.query<{ seq: string; hash: Buffer }>(
    `select seq::text as seq, hash from ${schemaName}.audit order by audit.seq desc limit 1`,
  )
  return rows[0] === undefined ? null : { seq: Number(rows[0].seq), hash: rows[0].hash }
}
