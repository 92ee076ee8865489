/** Finds in a long audit trail also what people withdrew lately of what they had let stand. */
import { type Kysely, sql } from 'kysely'

const statements = `
drop index audit_sides;
create index audit_sides on audit (at) where action in ('drift.accepted', 'drift.reverted', 'drift.withdrawn');
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
