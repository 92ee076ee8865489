/** Makes a backup: all tables as they are at one moment, row by row through COPY, sealed under a key that only the keyring opens. */
import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream'
import { constants, createZstdCompress } from 'node:zlib'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { Refusal } from '../../model/refusal.ts'
import type { Vault } from '../../vault/vault.ts'
import { schemaName } from '../database.ts'
import { type BackupHeader, encodeHeader } from './header.ts'
import { encodeRecord, recordKinds } from './records.ts'
import { backedUpTables } from './tables.ts'

/** A snapshot that is held for ever keeps PostgreSQL from clearing up what was deleted since. */
const stalledAfterMs = 60_000

/** Whatever the server's own settings are, both sides write and read values alike. */
export const copySettings =
  '-c datestyle=ISO -c timezone=UTC -c bytea_output=hex -c extra_float_digits=3 -c client_encoding=UTF8'

/**
 * Returns the whole file, piece by piece; memory stays flat. It is read on a connection of its own, in one read-only transaction, which
 * holds up nobody. The iteration fails when the database does, or when nobody takes the next piece for a minute.
 * @throws Refusal `backup.busy` while another backup is made; what `pg` throws.
 */
export async function startBackup(database: pg.ClientConfig, vault: Vault, now: Date): Promise<AsyncIterable<Buffer>> {
  const client = new pg.Client({
    ...database,
    options: `-c search_path=${schemaName} -c statement_timeout=0 ${copySettings}`,
    application_name: 'gatehouse backup',
  })
  // A connection that breaks fails the query that is under way, or the next one.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const lock = await client.query<{ mine: boolean }>(
      `select pg_try_advisory_lock(hashtext('gatehouse.backup'), 0) as mine`,
    )
    if (lock.rows[0]?.mine !== true) throw new Refusal('backup.busy')
    await client.query('begin isolation level repeatable read read only')
    const { rows } = await client.query<{ name: string }>('select name from kysely_migration order by name')
    const schema = rows.map(({ name }) => name)
    return endingWith(client, sealed(client, vault, { madeAt: now.toISOString(), schema }))
  } catch (error) {
    await client.end()
    throw error
  }
}

/** Closes the connection with the iteration, however that ends, and when it does not go on. */
function endingWith(client: pg.Client, bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const close = (): void => void client.end().catch(() => undefined)
  let stalled = setTimeout(close, stalledAfterMs)
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for await (const chunk of bytes) {
          clearTimeout(stalled)
          stalled = setTimeout(close, stalledAfterMs)
          yield chunk
        }
        // Waited for: whoever has all of it may have the next one made at once.
        await client.end()
      } finally {
        clearTimeout(stalled)
        close()
      }
    },
  }
}

async function* sealed(
  client: pg.Client,
  vault: Vault,
  of: Pick<BackupHeader, 'madeAt' | 'schema'>,
): AsyncGenerator<Buffer> {
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } })
  // What is written first is known only with the key, and the key is made for what is written.
  const { row, sealed: frames } = vault.sealFile(zstd)
  const header = encodeHeader({ ...of, gateway: vault.gatewayId, key: row })
  // An error of either side ends the other, and is thrown where the frames are read.
  pipeline(records(client, header), zstd, () => undefined)
  yield header
  yield* frames
}

async function* records(client: pg.Client, header: Buffer): AsyncGenerator<Buffer> {
  const counts: Record<string, number> = {}
  yield* encodeRecord(recordKinds.header, createHash('sha256').update(header).digest())
  for (const table of backedUpTables) {
    const columns = await columnsOf(client, table)
    yield* encodeRecord(recordKinds.table, json({ table, columns }))
    const quoted = columns.map((column) => pg.escapeIdentifier(column)).join(', ')
    const stream = client.query(copyTo(`copy (select ${quoted} from ${pg.escapeIdentifier(table)}) to stdout`))
    for await (const chunk of stream) yield* encodeRecord(recordKinds.rows, chunk as Buffer)
    counts[table] = stream.rowCount
    yield* encodeRecord(recordKinds.tableEnd, json({ rows: stream.rowCount }))
  }
  yield* encodeRecord(recordKinds.end, json({ counts }))
}

/** Those that hold something: what PostgreSQL computes, it computes again. */
async function columnsOf(client: pg.Client, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute
      where attrelid = to_regclass($1) and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [`${schemaName}.${pg.escapeIdentifier(table)}`],
  )
  return rows.map(({ name }) => name)
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
