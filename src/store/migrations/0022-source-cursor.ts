/** Where a source that tells its changes is read on: lost, everything is read; put forward by somebody, a leaver would be passed over. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table source_standing add column cursor bytea;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
