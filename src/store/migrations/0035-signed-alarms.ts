/** That an alarm is on was believed, whoever wrote it. What was on before is signed once, as it is. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table alarm add column raised_guard bytea;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
