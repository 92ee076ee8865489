/** What the brakes on whole sources decide by, lock-outs that a suspect source may not cause yet, and what a plan would do at a glance. */
import { type Kysely, sql } from 'kysely'

const statements = `
create table source_standing (
  source text primary key,
  lockouts text not null,
  suspect_at timestamptz,
  cleared_at timestamptz,
  records int,
  shape bytea,
  columns_full bytea,
  columns_delta bytea,
  offered_full bytea,
  offered_delta bytea,
  reading bytea,
  altered int not null default 0,
  lost int not null default 0,
  braked text,
  guard bytea not null
);

-- Since when the source is suspect whose lock-out of this account waits.
alter table account add column suspect_at timestamptz;
create index account_held on account (wanted_by, person_id) where suspect_at is not null;

alter table plan add column outline text;
create index plan_origin on plan (origin, created_at);

-- The reasons to wait are a type of the program; what is written here is never read without it.
alter table plan_change drop constraint if exists plan_change_held_for_check;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
