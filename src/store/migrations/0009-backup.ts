/** That a store was restored from a backup, and how far it has caught up with the targets since. */
import { type Kysely, sql } from 'kysely'

const statements = `
create table restore (
  id uuid primary key,
  made_at timestamptz not null,
  restored_at timestamptz not null,
  relocked_at timestamptz,
  stock_taken text not null default '[]',
  settled_at timestamptz,
  guard bytea not null
);
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
