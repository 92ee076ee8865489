/** Which keys a database is under, and what is kept of those before. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table gateway add column key_set uuid, add column key_set_guard bytea;
alter table person_key add column former bytea;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
