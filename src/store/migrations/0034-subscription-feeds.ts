/** What a subscription is fed with is signed with its row: it was told by its sources alone, of which one that began before anything was reported has none. */
import { type Kysely, sql } from 'kysely'

/** Runs the statement; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`alter table subscription add column feed text check (feed in ('events', 'punches'))`).execute(db)
}
