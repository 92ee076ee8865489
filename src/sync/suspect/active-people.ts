/** How many active people a source speaks of: what its limit of lock-outs is a share of. Only genuine rows count, and no more than needed. */
import type pg from 'pg'
import type { PersonId } from '../../model/id.ts'
import { type PersonRow, personGuard, type SourceRecordRow, sourceRecordGuard } from '../../store/guards.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'

/** Records read at a time. */
const page = 1000

/** Counting ends at `enough`. A thief could fill the table with people, and no lock-out would be one too many any more. */
export async function activePeople(
  client: pg.ClientBase,
  { vault }: SyncContext,
  source: string,
  enough: number,
): Promise<number> {
  let active = 0
  let after: PersonId | null = null
  while (active < enough) {
    // Along the index of people: without statistics, a join of the two tables looked at all records for each person.
    const records: { rows: SourceRecordRow[] } = await client.query<SourceRecordRow>(
      `select id, source, key_digest, row_digest, person_id, key_id, version, presence, missing_since, guard
         from source_record
        where source = $1 and presence <> 'gone' and person_id is not null and ($2::uuid is null or person_id > $2)
        order by person_id limit ${page}`,
      [source, after],
    )
    if (records.rows.length === 0) break
    after = certain(records.rows.at(-1)).person_id
    const spokenOf = records.rows.filter((row) => vault.verifyGuard('source_record', sourceRecordGuard(row), row.guard))
    const people = await client.query<PersonRow>(
      `select * from person where id = any($1::uuid[]) and state = 'active' and left_at is null`,
      [spokenOf.map(({ person_id }) => person_id)],
    )
    active += people.rows.filter((row) => vault.verifyGuard('person', personGuard(row), row.guard)).length
  }
  return active
}
