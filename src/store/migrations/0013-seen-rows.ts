/** What a delivery in progress has named is known to the process that reads it, and to nobody else. */
import { type Kysely, sql } from 'kysely'

const statements = `
drop table pull_seen;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
