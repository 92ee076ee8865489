/** Accounts that are marked as frozen are found without looking through all. */
import { type Kysely, sql } from 'kysely'

const statements = `
create index account_frozen on account (id) where frozen_at is not null;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
