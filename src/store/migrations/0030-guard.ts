/** What people present, watched: how far the log was looked through, windows in which enrolling is expected, accounts that are suspended, and who approved that one is let in again. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table account add column suspension uuid;
create index account_suspended on account (suspension) where suspension is not null;

create table event_guard (
  source text primary key,
  position bigint not null default 0,
  guard bytea not null
);

create table enrolment (
  id uuid primary key,
  person_id uuid not null,
  opened_at timestamptz not null,
  opened_by uuid not null,
  until timestamptz not null,
  reason bytea not null,
  closed_at timestamptz,
  closed_by uuid,
  guard bytea not null
);
create index enrolment_person on enrolment (person_id, until);

create table suspension (
  id uuid primary key,
  account_id uuid not null,
  person_id uuid not null,
  target text not null,
  state text not null check (state in ('waits', 'shut', 'lifted')),
  waits_for text check (waits_for in ('brake', 'protected')),
  cause text not null,
  finding uuid not null,
  found_at timestamptz not null,
  last_found_at timestamptz not null,
  shut_at timestamptz,
  kept_at timestamptz,
  kept_by uuid,
  lifted_at timestamptz,
  guard bytea not null
);
create unique index suspension_open on suspension (account_id) where state <> 'lifted';
create index suspension_target on suspension (target, shut_at);
create index suspension_person on suspension (person_id);

create table suspension_approval (
  id uuid primary key,
  suspension_id uuid not null,
  finding uuid not null,
  person_id uuid not null,
  subject_id uuid not null,
  reason bytea not null,
  at timestamptz not null,
  guard bytea not null,
  unique (suspension_id, finding, subject_id)
);
create index suspension_approval_person on suspension_approval (person_id);
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
