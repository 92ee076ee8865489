/** Finds in a long audit trail what people decided lately about changes by hand. */
import { type Kysely, sql } from 'kysely'

const statements = `
create index audit_sides on audit (actor, at) where action in ('drift.accepted', 'drift.reverted') and actor <> 'engine';
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
