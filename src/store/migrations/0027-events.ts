/** The log of events: one row per event, filed by class and month, what is known of each source, and the keys by which none is kept twice. */
import { type Kysely, sql } from 'kysely'

const statements = `
create table event_source (
  source text primary key,
  position bigint not null default 0,
  cursor bytea,
  turn int not null default 0,
  former_to bigint not null default 0,
  renewed_to bigint not null default 0,
  heard_at timestamptz,
  received_at timestamptz,
  malformed bigint not null default 0,
  device_skew_ms int,
  furthest_skew_ms int,
  system_skew_ms int,
  skew_at timestamptz,
  guard bytea not null
);

create table event_month (
  source text not null,
  class text not null check (class in ('access', 'door', 'alarm', 'credential', 'system')),
  month text not null check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  events bigint not null,
  first_position bigint not null,
  last_position bigint not null,
  forgotten_at timestamptz,
  guard bytea not null,
  primary key (source, class, month)
);

create table event_key (
  source text not null,
  digest bytea not null,
  received_on date not null,
  primary key (source, digest)
);
create index event_key_age on event_key (received_on);

create table event (
  source text not null,
  position bigint not null,
  class text not null,
  type text not null,
  at timestamptz not null,
  received_at timestamptz not null,
  strange_card boolean not null,
  person_digest bytea,
  card_digest bytea,
  door_digest bytea,
  whose bytea,
  sealed bytea not null,
  guard bytea not null
) partition by list (class);
create index event_by_time on event (at, source, position);
create index event_by_type on event (type, at);
create index event_by_person on event (person_digest) where person_digest is not null;
create index event_by_card on event (card_digest) where card_digest is not null;
create index event_by_door on event (door_digest) where door_digest is not null;
create index event_by_strange on event (at) where strange_card;
do $$ declare c text; begin
  foreach c in array array['access', 'door', 'alarm', 'credential', 'system'] loop
    execute format('create table event_%s partition of event for values in (%L) partition by range (received_at)', c, c);
  end loop; end $$;

-- Whoever may read and add events may make a place for them, and forget a month as a whole, and nothing else: these two run as the owner.
create function make_event_month(c text, m text) returns void language plpgsql security definer set search_path = gatehouse, pg_temp as $$
declare
  name text := format('event_%s_%s', c, replace(m, '-', ''));
  grantee regrole;
begin
  if not has_table_privilege(session_user, 'event', 'insert') then raise exception 'no right to add events'; end if;
  if c not in ('access', 'door', 'alarm', 'credential', 'system') or m !~ '^[0-9]{4}-(0[1-9]|1[0-2])$' then
    raise exception 'no such month of events';
  end if;
  if to_regclass(name) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtext('gatehouse.event-months'), 0);
  if to_regclass(name) is not null then return; end if;
  execute format('create table %I (like event_%s including defaults including constraints)', name, c);
  for grantee in select distinct a.grantee::regrole from pg_class k, aclexplode(k.relacl) a
    where k.oid = name::regclass and a.grantee <> k.relowner and a.grantee <> 0 loop
    execute format('revoke all on %I from %s', name, grantee);
  end loop;
  execute format('create unique index on %I (source, position)', name);
  -- Unlike a partition that is made at once, one that is attached waits for nobody who reads or adds.
  execute format('alter table event_%s attach partition %I for values from (%L) to (%L)', c, name,
    (m || '-01')::timestamp at time zone 'UTC', ((m || '-01')::timestamp + interval '1 month') at time zone 'UTC');
end $$;

create function drop_event_month(c text, m text) returns void language plpgsql security definer set search_path = gatehouse, pg_temp as $$
begin
  if not has_table_privilege(session_user, 'event', 'insert') then raise exception 'no right to add events'; end if;
  if c not in ('access', 'door', 'alarm', 'credential', 'system') or m !~ '^[0-9]{4}-(0[1-9]|1[0-2])$' then
    raise exception 'no such month of events';
  end if;
  execute format('drop table if exists %I', format('event_%s_%s', c, replace(m, '-', '')));
end $$;

do $$ declare grantee regrole; begin
  for grantee in select distinct a.grantee::regrole from pg_class c, aclexplode(c.relacl) a
    where c.oid = 'event'::regclass and a.grantee <> c.relowner and a.grantee <> 0 loop
    execute format('revoke all on event from %s', grantee);
    execute format('grant select, insert, update (person_digest, card_digest, door_digest, whose, sealed, guard) on event to %s', grantee);
  end loop; end $$;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
