/** Finds in a long audit trail which configuration was released last. */
import { type Kysely, sql } from 'kysely'

const statements = `
create index audit_released on audit (seq) where action = 'config.released';
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
