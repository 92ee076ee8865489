/** Loads a backup into an empty database, within the caller's transaction: all of it, or nothing. */
import { once } from 'node:events'
import pg from 'pg'
import { type CopyStreamQuery, from as copyFrom } from 'pg-copy-streams'
import { schemaName } from '../database.ts'
import { isKnownMigration, migrateInTransaction } from '../migrate.ts'
import { BackupError } from './backup-error.ts'
import { type BackupCounts, type BackupSink, type OpenedBackup, readBackup } from './read-backup.ts'

export interface LoadedBackup {
  readonly counts: BackupCounts
  /** Migrations that the backup's schema still lacked. */
  readonly migrated: readonly string[]
}

/** @throws BackupError `backup.newer` when it holds what this program does not know. Asks no database. */
export function refuseNewer({ header }: OpenedBackup): void {
  if (!header.schema.every(isKnownMigration)) throw new BackupError('backup.newer')
}

/**
 * Makes the schema as it was when the backup was made, fills it, and brings it up to date. The client owns the database, and is inside
 * a transaction.
 * @throws BackupError `backup.not-empty`, `backup.damaged`; what `pg` throws.
 */
export async function loadBackup(
  client: pg.Client,
  backup: OpenedBackup,
  onRows: (rows: number) => void,
): Promise<LoadedBackup> {
  await clearEmptySchema(client)
  await migrateInTransaction(client, backup.header.schema.at(-1))
  const counts = await readBackup(backup, copying(client, onRows))
  await continueNumbers(client, Object.keys(counts))
  return { counts, migrated: await migrateInTransaction(client) }
}

/** Tables without a single row are what an `init` or a start that failed has left; they may be of another version. */
async function clearEmptySchema(client: pg.Client): Promise<void> {
  await client.query(`create schema if not exists ${schemaName}`)
  const { rows: tables } = await client.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'p') order by relname`,
    [schemaName],
  )
  for (const { name } of tables) {
    if (name.startsWith('kysely_')) continue
    const { rowCount } = await client.query(`select from ${schemaName}.${name} limit 1`)
    if (rowCount !== 0) throw new BackupError('backup.not-empty')
  }
  for (const { name } of tables) await client.query(`drop table if exists ${schemaName}.${name} cascade`)
  const { rows: functions } = await client.query<{ name: string }>(
    'select oid::regprocedure::text as name from pg_proc where pronamespace = $1::regnamespace',
    [schemaName],
  )
  for (const { name } of functions) await client.query(`drop function if exists ${name} cascade`)
}

function copying(client: pg.Client, onRows: (rows: number) => void): BackupSink {
  let current: { readonly copy: CopyStreamQuery; failure: Error | null } | null = null
  let table = ''
  /** The COPY that is under way. @throws what it has failed with. */
  const open = (): CopyStreamQuery => {
    if (current === null) throw new BackupError('backup.damaged')
    if (current.failure !== null) throw current.failure
    return current.copy
  }
  return {
    async begin(name, columns) {
      table = name
      const quoted = columns.map((column) => pg.escapeIdentifier(column)).join(', ')
      const copy = client.query(copyFrom(`copy ${schemaName}.${pg.escapeIdentifier(table)} (${quoted}) from stdin`))
      const begun: NonNullable<typeof current> = { copy, failure: null }
      // It may fail while nobody waits for it.
      copy.on('error', (error) => {
        begun.failure = error
      })
      current = begun
    },
    async rows(bytes) {
      const copy = open()
      if (!copy.write(bytes)) await once(copy, 'drain')
    },
    async end() {
      const copy = open()
      const over = once(copy, 'finish')
      copy.end()
      await over
      onRows(copy.rowCount)
      if (table === 'event_month') await placeEvents(client)
      return copy.rowCount
    },
  }
}

/** Events go where their class and month has its place. */
async function placeEvents(client: pg.Client): Promise<void> {
  await client.query(
    `select ${schemaName}.make_event_month(class, month)
       from (select distinct class, month from ${schemaName}.event_month where forgotten_at is null) m`,
  )
}

/** Rows came with their numbers; the next ones count on from there. */
async function continueNumbers(client: pg.Client, tables: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string }>(
    `select c.relname as table, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relnamespace = $1::regnamespace and c.relname = any($2::text[]) and a.attidentity <> ''`,
    [schemaName, tables],
  )
  for (const { table, column } of rows) {
    const name = `${schemaName}.${pg.escapeIdentifier(table)}`
    await client.query(
      `select setval(pg_get_serial_sequence($1, $2), max(${pg.escapeIdentifier(column)})) from ${name} having count(*) > 0`,
      [name, column],
    )
  }
}
