/** Punches of time and attendance: numbered without a gap, found by a digest that is another each day; what is said in them is sealed. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table subject drop constraint subject_role_check;
alter table subject add constraint subject_role_check
  check (role in ('viewer', 'operator', 'admin', 'security', 'attendance'));

create table punch (
  n bigint primary key,
  day text not null check (day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
  person_digest bytea not null,
  event_digest bytea unique,
  sealed bytea not null,
  guard bytea not null
);
create index punch_by_person on punch (person_digest);
create index punch_by_day on punch (day);

create table punch_log (
  singleton boolean primary key default true check (singleton),
  last_n bigint not null default 0,
  guard bytea not null
);

create table punch_position (
  source text primary key,
  position bigint not null,
  guard bytea not null
);
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
