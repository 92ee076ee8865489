/** Finds in a long audit trail what was decided lately about changes by hand, by people and by the configuration. */
import { type Kysely, sql } from 'kysely'

const statements = `
create index audit_sides on audit (at) where action in ('drift.accepted', 'drift.reverted');
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
