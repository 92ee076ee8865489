/** Whom the accounts of a look may belong to, so that nobody is given a second account before a person has decided. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table match_run add column leads text, add column settled text;
alter table target add column match_id uuid;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
