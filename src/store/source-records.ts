/** Finds source records by their digests. */
import type pg from 'pg'
import type { PersonId, PullId, SourceRecordId } from '../model/id.ts'
import { forEachDigest } from './by-digest.ts'

/**
 * Which of these rows the store does not hold exactly so, by position. The others are noted as seen by the pull, here and at
 * once: of an unchanged file, no record comes out of the database.
 */
export async function newsAmong(
  client: pg.ClientBase,
  source: string,
  rowDigests: readonly Buffer[],
  seenBy: PullId | null,
): Promise<readonly number[]> {
  const { rows } = await client.query<{ i: number }>(
    `with known as (${forEachDigest('$2', 32, `select id from source_record where source = $1 and row_digest = d.digest and presence = 'present'`)}),
          noted as (insert into pull_seen select $3, id from known where $3::uuid is not null)
     select i from generate_series(0, $4::int - 1) as i where not exists (select 1 from known where known.i = i.i) order by i`,
    [source, Buffer.concat(rowDigests), seenBy, rowDigests.length],
  )
  return rows.map(({ i }) => i)
}

/** The records with these keys, and whose they are, by position of the key. */
export async function recordsByKey(
  client: pg.ClientBase,
  source: string,
  keyDigests: readonly Buffer[],
): Promise<ReadonlyMap<number, { readonly id: SourceRecordId; readonly person: PersonId }>> {
  const { rows } = await client.query<{ i: number; id: SourceRecordId; person_id: PersonId }>(
    forEachDigest('$2', 16, 'select id, person_id from source_record where source = $1 and key_digest = d.digest'),
    [source, Buffer.concat(keyDigests)],
  )
  return new Map(rows.map(({ i, id, person_id }) => [i, { id, person: person_id }]))
}
