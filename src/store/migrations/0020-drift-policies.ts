/** What was found may be taken for known, and how far single reads of accounts have come is told. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table drift add column accepted_at timestamptz, add column accepted_by uuid;
create index drift_accepted on drift (account_id) where accepted_at is not null;
alter table target add column deep_sweep text;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
