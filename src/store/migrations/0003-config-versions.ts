/** Versions of the configuration get a number and a state: one is in force, others are proposed, rejected or past. */
import { type Kysely, sql } from 'kysely'

// What was kept before named only what had been carried out, and can't be run: `gatehouse config adopt` begins anew.
const statements = `
delete from config_version;
alter table config_version
  add column number int not null,
  add column state text not null check (state in ('proposed', 'released', 'rejected', 'superseded')),
  add column decided_at timestamptz,
  add column decided_by uuid,
  add column effect text,
  add column resolved bytea,
  alter column created_at drop default;
create index config_version_state on config_version (state, number);
`

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
