/** Keys that are turned over, and people who are erased: what is under way, what was removed where, and what holds a re-import. */
import { type Kysely, sql } from 'kysely'

const statements = `
create index person_key_epoch on person_key (epoch, id);
create index archive_epoch on archive (epoch, id);

create table erasure (
  id uuid primary key,
  person_id uuid not null unique,
  key_id uuid not null,
  asked_at timestamptz not null,
  asked_by text not null,
  epoch text,
  deleted_at timestamptz,
  unreadable_at timestamptz,
  lifted_at timestamptz,
  statement text,
  closing text,
  guard bytea not null
);
create index erasure_open on erasure (asked_at) where deleted_at is null;
create index erasure_epoch on erasure (epoch) where deleted_at is not null and unreadable_at is null;

create table erasure_account (
  account_id uuid primary key,
  erasure_id uuid not null references erasure on delete cascade,
  target text not null,
  outcome text,
  at timestamptz,
  guard bytea not null
);
create index erasure_account_erasure on erasure_account (erasure_id);

create table tombstone (
  purpose text not null,
  digest bytea not null,
  erasure_id uuid not null,
  guard bytea not null,
  primary key (purpose, digest, erasure_id)
);
create index tombstone_erasure on tombstone (erasure_id);
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
