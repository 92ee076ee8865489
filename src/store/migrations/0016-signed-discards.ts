/** That an account may stay as it is was believed, whoever wrote it. What was written before is signed once, as it is. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table account add column discarded_guard bytea;
create index account_discarded on account (id) where discarded_version is not null;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
