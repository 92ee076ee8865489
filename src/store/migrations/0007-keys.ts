/** Keys that are turned over: what is wrapped under an old epoch is found without reading everybody. */
import { type Kysely, sql } from 'kysely'

const statements = `
create index person_key_epoch on person_key (epoch, id);
create index archive_epoch on archive (epoch, id);
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
