/** Subscriptions: whether each is on, how far it has come in each source, and what became of what was delivered. */
import { type Kysely, sql } from 'kysely'

const statements = `
create table subscription (
  id text primary key,
  state text not null default 'enabled' check (state in ('enabled', 'disabled')),
  state_at timestamptz not null default now(),
  state_code text,
  version int not null default 0,
  epoch int not null default 0,
  sources text not null default '[]',
  guard bytea,
  left_at timestamptz,
  owner uuid,
  owner_until timestamptz,
  taken_at timestamptz,
  attempts int not null default 0,
  failing_since timestamptz,
  next_try_at timestamptz,
  kind text,
  code text
);

create table subscription_position (
  subscription text not null,
  source text not null,
  epoch int not null,
  position bigint not null,
  guard bytea not null,
  primary key (subscription, source)
);

create table delivery (
  id bigint generated always as identity primary key,
  subscription text not null,
  outcome text not null check (outcome in ('taken', 'failed', 'refused', 'test')),
  begun_at timestamptz not null,
  ended_at timestamptz not null,
  spans text not null,
  batches int not null,
  events bigint not null,
  erased bigint not null,
  unfiltered bigint not null,
  lost bigint not null,
  attempt int not null,
  status int,
  code text,
  longest_ms int not null
);
create index delivery_of on delivery (subscription, id);
create index delivery_age on delivery (ended_at);
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
