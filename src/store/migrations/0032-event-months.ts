/** Two who make a place for the same month at once: the second, who waited for the first, must see that it is there. */
import { type Kysely, sql } from 'kysely'

// As before, but for the second look: `to_regclass` answers from what the backend remembers, which nothing renews while it waits for an
// advisory lock; a query sees what was committed meanwhile.
const statements = `
create or replace function make_event_month(c text, m text) returns void language plpgsql security definer set search_path = gatehouse, pg_temp as $$
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
  if exists (select from pg_class where relname = name and relnamespace = 'gatehouse'::regnamespace) then return; end if;
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
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
