/** The last events of a door were found by reading all that happened there that day, and those of a person at a door by all that they did: now they lie so that no more is read. */
import { type Kysely, sql } from 'kysely'

const statements = `
drop index event_by_door;
create index event_by_door on event (door_digest, (at at time zone 'UTC')) where door_digest is not null;
drop index event_by_person;
create index event_by_person on event (person_digest, door_digest) where person_digest is not null;
`

/** Runs the statements; Kysely's migrator holds its advisory lock around this. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db)
}
