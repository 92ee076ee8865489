/** What belongs to a person is named in their own row, signed with it. Rows of before are signed when they are next saved: the patrol comes to all. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table person add column holdings text;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
