/** What operators stop, sign off and are told: guarded standings of targets and of everything, notices of alarms, a mark in the audit trail. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table target add column frozen_at timestamptz, add column standing_version int not null default 0, add column standing_guard bytea;
alter table gateway add column frozen_at timestamptz, add column standing_version int not null default 0, add column standing_guard bytea;

alter table alarm add column count int, add column cleared_guard bytea;
-- Nothing says who marked them as over.
delete from alarm where cleared_at is not null;

create table alarm_notice (
  seq bigint generated always as identity primary key,
  id uuid not null unique,
  code text not null,
  scope text not null,
  is_on boolean not null,
  at timestamptz not null,
  count int,
  attempts int not null default 0,
  first_try_at timestamptz,
  next_try_at timestamptz not null default now(),
  logged_at timestamptz,
  guard bytea not null
);

create table audit_mark (
  singleton boolean primary key default true check (singleton),
  seq bigint not null,
  hash bytea not null,
  guard bytea not null
);
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
