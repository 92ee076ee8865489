/** How many active people a source speaks of: what its limit of lock-outs is a share of. Only genuine rows count, and no more than needed. */
import type pg from 'pg'
import type { PersonId } from '../../model/id.ts'
import { type PersonRow, personGuard, type SourceRecordRow, sourceRecordGuard } from '../../store/guards.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'

/** People read at a time. */
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
    const people: { rows: PersonRow[] } = await client.query<PersonRow>(
      `select * from person p
        where p.state = 'active' and p.left_at is null and ($2::uuid is null or p.id > $2)
          and exists (select from source_record r where r.person_id = p.id and r.source = $1 and r.presence <> 'gone')
        order by p.id limit ${page}`,
      [source, after],
    )
    if (people.rows.length === 0) break
    after = certain(people.rows.at(-1)).id
    const genuine = people.rows.filter((row) => vault.verifyGuard('person', personGuard(row), row.guard))
    const records = await client.query<SourceRecordRow>(
      `select id, source, key_digest, row_digest, person_id, key_id, version, presence, missing_since, guard
         from source_record where person_id = any($1::uuid[]) and source = $2 and presence <> 'gone'`,
      [genuine.map(({ id }) => id), source],
    )
    const spokenOf = records.rows.filter((row) => vault.verifyGuard('source_record', sourceRecordGuard(row), row.guard))
    active += new Set(spokenOf.map(({ person_id }) => person_id)).size
  }
  return active
}
