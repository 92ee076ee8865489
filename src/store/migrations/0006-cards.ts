/** Individual grants, an operator's word about a card, single cards as lock-outs, PINs on their way, and locks that outlive their person. */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table individual_grant rename column revoked_at to ended_at;
alter table individual_grant
  add column ending text check (ending in ('revoked', 'expired', 'left')),
  add column created_at timestamptz not null default now();
create index individual_grant_open on individual_grant (id) where ended_at is null;

alter table credential add column held_at timestamptz, add column issued_over text;
create index credential_waits on credential (digest) where waits;

-- Null: the whole account.
alter table lockout add column credential_id uuid;
create index lockout_card on lockout (credential_id) where credential_id is not null;

create table pin_issue (
  id uuid primary key,
  person_id uuid not null,
  pin bytea not null,
  subject_id uuid not null,
  created_at timestamptz not null,
  guard bytea not null
);
create index pin_issue_person on pin_issue (person_id);

create table lock_mark (
  purpose text not null,
  digest bytea not null,
  person_id uuid not null,
  guard bytea not null,
  primary key (purpose, digest, person_id)
);
create index lock_mark_person on lock_mark (person_id);
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
