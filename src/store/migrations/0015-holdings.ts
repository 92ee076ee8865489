/**
 * What was believed unsigned: which rows are a person's, and what was read and heard since a restore. People's rows of before are signed
 * when they are next saved: the patrol comes to all. A restore of before has heard nobody: what its sources offer is read once more.
 */
import { type Kysely, sql } from 'kysely'

const statements = `
alter table person add column holdings text;
alter table restore add column stock_at text, add column heard text;
update source set fingerprint = null where exists (select from restore where settled_at is null);
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
