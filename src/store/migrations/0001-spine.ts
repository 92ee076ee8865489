/** The first schema: people, accounts, plans, work, audit. Every column is declared in `../catalogue.ts`. */
import { type Kysely, sql } from 'kysely'

const statements = `
create table gateway (
  singleton boolean primary key default true check (singleton),
  id uuid not null,
  created_at timestamptz not null default now()
);

create table config_version (
  id uuid primary key,
  digest bytea not null,
  config bytea not null,
  created_at timestamptz not null default now(),
  guard bytea not null
);

create table subject (
  id uuid primary key,
  name bytea not null,
  name_digest bytea not null unique,
  role text not null check (role in ('viewer', 'operator', 'admin')),
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  guard bytea not null
);

create table api_token (
  id uuid primary key,
  subject_id uuid not null references subject,
  mac bytea not null unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  guard bytea not null
);

create table source (
  id text primary key,
  fingerprint bytea,
  fingerprint_at timestamptz,
  delivery_at timestamptz,
  complete_at timestamptz,
  complete_records int,
  written_at timestamptz,
  registered_at timestamptz not null default now()
);

create table target (
  id text primary key,
  identity_rule text,
  paused_at timestamptz,
  pause_code text,
  rest_until timestamptz,
  breaker_until timestamptz,
  breaker_failures int not null default 0,
  reach text,
  owner uuid,
  owner_until timestamptz,
  levels_at timestamptz
);

create table access_level (
  id uuid primary key,
  target text not null,
  external_id text not null,
  name text not null,
  gone_at timestamptz,
  guard bytea not null,
  unique (target, external_id)
);

create table person_key (
  id uuid primary key,
  epoch text not null,
  wrapped bytea not null
);

create table person (
  id uuid primary key,
  key_id uuid not null,
  state text not null check (state in ('future', 'active', 'suspended', 'left', 'unknown')),
  left_at timestamptz,
  next_change_at timestamptz,
  protected boolean not null default false,
  locked_at timestamptz,
  unlocked_until timestamptz,
  guard bytea not null
);
create index person_next_change on person (next_change_at) where next_change_at is not null;

create table blind_index (
  purpose text not null,
  digest bytea not null,
  person_id uuid not null,
  guard bytea not null,
  primary key (purpose, digest, person_id)
);
create index blind_index_person on blind_index (person_id);

create table source_record (
  id uuid primary key,
  source text not null,
  key_digest bytea not null,
  row_digest bytea not null,
  person_id uuid,
  key_id uuid not null,
  record bytea not null,
  version int not null,
  presence text not null check (presence in ('present', 'missing', 'gone')),
  missing_since timestamptz,
  guard bytea not null,
  unique (source, key_digest)
);
create index source_record_row on source_record (source, row_digest);
create index source_record_person on source_record (person_id);
create index source_record_absent on source_record (source, presence) where presence <> 'present';

create table credential (
  id uuid primary key,
  person_id uuid not null,
  digest bytea not null,
  card bytea not null,
  state text not null check (state in ('issued', 'active', 'suspended', 'lost', 'returned')),
  source text,
  waits boolean not null default false,
  guard bytea not null
);
create index credential_person on credential (person_id);
create index credential_digest on credential (digest);

create table account (
  id uuid primary key,
  target text not null,
  person_id uuid,
  key_id uuid not null,
  is_primary boolean not null default true,
  external_digest bytea not null,
  external_id bytea not null,
  wanted text not null,
  wanted_facts bytea not null,
  wanted_facts_version int not null,
  wanted_by text not null,
  pending boolean not null,
  desired text,
  desired_facts bytea,
  desired_facts_version int,
  desired_version int not null default 0,
  desired_mac bytea,
  owned text,
  owned_guard bytea,
  applied_version int not null default 0,
  actual bytea,
  actual_version int,
  actual_at timestamptz,
  failures text,
  frozen_at timestamptz,
  guard bytea not null,
  unique (target, external_digest)
);
create index account_person on account (person_id);
create index account_pending on account (wanted_by, id) where pending;
create index account_unapplied on account (target) where desired_version > applied_version;

create table individual_grant (
  id uuid primary key,
  person_id uuid not null,
  access_level_id uuid not null,
  until timestamptz,
  reason bytea not null,
  subject_id uuid not null,
  revoked_at timestamptz,
  guard bytea not null
);
create index individual_grant_person on individual_grant (person_id) where revoked_at is null;

create table pull (
  id uuid primary key,
  source text not null,
  mode text not null,
  arrived_at timestamptz not null,
  settled_ms int not null,
  finished_at timestamptz,
  outcome text,
  complete boolean,
  records int not null default 0,
  changed int not null default 0,
  problems int not null default 0,
  missing int not null default 0
);

create table pull_problem (
  pull_id uuid not null references pull on delete cascade,
  place text not null,
  field text,
  code text not null
);
create index pull_problem_pull on pull_problem (pull_id);

create unlogged table pull_seen (pull_id uuid not null, record_id uuid not null);

-- The row is the key: without it, every copy of its file is unreadable.
create table archive (
  id uuid primary key,
  source text not null,
  pull_id uuid not null,
  fingerprint bytea not null,
  bytes bigint not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  epoch text not null,
  wrapped bytea not null,
  guard bytea not null
);
create index archive_source on archive (source, fingerprint);
create index archive_expires on archive (expires_at);

create table plan (
  id uuid primary key,
  origin text not null,
  pull_id uuid,
  state text not null check (state in ('held', 'passed', 'released', 'rejected', 'superseded')),
  hash bytea not null,
  counts text not null,
  holds text not null,
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  decided_by uuid,
  applied_at timestamptz,
  guard bytea not null
);
create index plan_open on plan (origin) where state = 'held';

create table plan_change (
  plan_id uuid not null,
  account_id uuid not null,
  target text not null,
  kind text not null,
  part text not null,
  before text,
  after text,
  held_for text check (held_for in ('brake', 'unconfirmed', 'protected', 'observe')),
  dropped boolean not null default false
);
create index plan_change_plan on plan_change (plan_id, account_id);

create table lockout (
  id uuid primary key,
  account_id uuid not null,
  person_id uuid,
  target text not null,
  version int not null,
  cause text not null,
  arrived_at timestamptz not null,
  decided_at timestamptz not null,
  started_at timestamptz,
  accepted_at timestamptz,
  proven_at timestamptz,
  proof text,
  requests int not null default 0,
  waiting_ms int not null default 0,
  ended_at timestamptz
);
create index lockout_open on lockout (target) where proven_at is null and ended_at is null;
create index lockout_account on lockout (account_id);

create table account_work (
  account_id uuid primary key,
  target text not null,
  lane text not null check (lane in ('urgent', 'bulk')),
  due_at timestamptz not null default now(),
  verify_at timestamptz,
  intents jsonb not null default '[]',
  attempts int not null default 0,
  lease_owner uuid,
  lease_until timestamptz,
  lease_counter bigint not null default 0,
  dead_at timestamptz
);
create index account_work_due on account_work (target, lane, due_at) where dead_at is null;

create table outbox (
  id bigint generated always as identity primary key,
  target text not null,
  lane text not null check (lane in ('urgent', 'bulk')),
  delay_ms int not null default 0,
  urgent boolean generated always as (lane = 'urgent') stored
);
create function notify_outbox() returns trigger language plpgsql as $$
begin
  perform pg_notify('gatehouse_outbox', '');
  return null;
end $$;
create trigger outbox_notify after insert on outbox for each statement execute function notify_outbox();

create table alarm (
  code text not null,
  scope text not null,
  raised_at timestamptz not null default now(),
  cleared_at timestamptz,
  primary key (code, scope)
);

create table audit_pending (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  object text not null,
  details bytea not null,
  details_row uuid not null,
  guard bytea not null
);

create table audit (
  seq bigint primary key,
  at timestamptz not null,
  actor text not null,
  action text not null,
  object text not null,
  details bytea not null,
  details_row uuid not null,
  hash bytea not null,
  mac bytea not null
);
create unique index audit_details_row on audit (details_row);
create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is append-only';
end $$;
create trigger audit_append_only before update or delete or truncate on audit for each statement execute function refuse_audit_change();
alter table audit enable always trigger audit_append_only;
-- Whoever was given these tables by default privileges may add, and take from the waiting list, and nothing else.
do $$ declare grantee regrole; begin
  for grantee in select distinct a.grantee::regrole from pg_class c, aclexplode(c.relacl) a
    where c.oid in ('audit'::regclass, 'audit_pending'::regclass) and a.grantee <> c.relowner and a.grantee <> 0 loop
    execute format('revoke update, delete, truncate, references, trigger on audit from %s', grantee);
    execute format('revoke update, truncate, references, trigger on audit_pending from %s', grantee);
  end loop; end $$;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
