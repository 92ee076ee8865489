/** Targets that wait for a person: whether one may be written to, whose its accounts are, what changed there, and that it may have forgotten. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table target
  add column mode text check (mode in ('observe', 'enabled')),
  add column mode_at timestamptz,
  add column mode_by uuid,
  add column first_release_at timestamptz,
  add column restored_at timestamptz,
  add column mode_guard bytea,
  add column swept_at timestamptz,
  add column sweep_counts text,
  add column looked_through uuid;

-- Reasons to wait are words of the program, and signed with the plan: a list of them here would only have to be kept in step.
alter table plan_change drop constraint if exists plan_change_held_for_check;

create table match_run (
  id uuid primary key,
  target text not null,
  state text not null check (state in ('requested', 'running', 'done', 'failed')),
  requested_at timestamptz not null,
  requested_by uuid not null,
  owner uuid,
  finished_at timestamptz,
  accounts int not null default 0,
  code text,
  guard bytea not null
);
create unique index match_run_open on match_run (target) where state in ('requested', 'running');

create table match_row (
  id uuid primary key,
  run_id uuid not null references match_run on delete cascade,
  n int not null,
  external_digest bytea not null,
  found bytea,
  class text,
  person_id uuid,
  reasons text,
  guard bytea
);
create unique index match_row_place on match_row (run_id, n);
create index match_row_external on match_row (run_id, external_digest);

-- What changed at a target behind our back, as long as it is so.
create table drift (
  id uuid primary key,
  target text not null,
  account_id uuid,
  external_digest bytea not null,
  external_id bytea,
  class text not null,
  part text not null,
  found_at timestamptz not null,
  guard bytea not null
);
create unique index drift_what on drift (target, external_digest, class, part);
create index drift_account on drift (account_id);
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
