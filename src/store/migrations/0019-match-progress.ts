/** How many accounts a match has to look at, so that it can be told how far it is. */
import { type Kysely, sql } from 'kysely'

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table match_run add column listed int not null default 0').execute(db)
}
