/** The table of each class took its rights from the defaults, as every new table does: whoever was given them could change and delete single events by its name. */
import { type Kysely, sql } from 'kysely'

const statements = `
do $$ declare part regclass; grantee regrole; begin
  for part, grantee in select distinct c.oid::regclass, a.grantee::regrole
    from pg_partition_tree('event') t join pg_class c on c.oid = t.relid, aclexplode(c.relacl) a
    where t.parentrelid is not null and a.grantee <> c.relowner and a.grantee <> 0 loop
    execute format('revoke all on %s from %s', part, grantee);
  end loop; end $$;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
