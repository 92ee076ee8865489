/** What a sweep counted, and how far single reads have come, was believed, whoever wrote it. What is not signed counts for none. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table target add column sweep_guard bytea, add column deep_guard bytea;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
