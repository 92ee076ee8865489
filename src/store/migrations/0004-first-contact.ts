/** Targets that wait for a person: whether one may be written to, and that it may have forgotten. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table target
  add column mode text check (mode in ('observe', 'enabled')),
  add column mode_at timestamptz,
  add column mode_by uuid,
  add column first_release_at timestamptz,
  add column restored_at timestamptz,
  add column mode_guard bytea;

-- Reasons to wait are words of the program, and signed with the plan: a list of them here would only have to be kept in step.
alter table plan_change drop constraint if exists plan_change_held_for_check;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
