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

-- Since when something is not as desired, and the desired version of which somebody said that it may stay so.
alter table account add column failing_since timestamptz, add column discarded_version int;
create index account_failing on account (id) where failures is not null;

alter table lockout add column signed_off_at timestamptz, add column signed_off_by uuid, add column sign_off_guard bytea;
create index lockout_signed_off on lockout (signed_off_at) where signed_off_at is not null;

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
