/** Lock-outs whose times can be proven: a guard over the decision, and one over the steps that followed; and where their trace began. */
import { type Kysely, sql } from 'kysely'

// Without a guard, as rows from before have none, a lock-out is shown as not provable.
const statements = `
alter table lockout add guard bytea, add steps_guard bytea, add trace text;
create index lockout_unproven on lockout (id) where proven_at is null and ended_at is null;
create index lockout_person on lockout (person_id);
create index lockout_decided on lockout (decided_at, id);
create index pull_last on pull (source, finished_at);
create index lockout_proven on lockout (proven_at) where proven_at is not null;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
