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

export interface KnownRecord {
  readonly id: SourceRecordId
  readonly person: PersonId
  readonly presence: 'present' | 'missing' | 'gone'
}

/** The records with these keys, and whose they are, by position of the key. */
export async function recordsByKey(
  client: pg.ClientBase,
  source: string,
  keyDigests: readonly Buffer[],
): Promise<ReadonlyMap<number, KnownRecord>> {
  const { rows } = await client.query<KnownRecord & { i: number }>(
    forEachDigest(
      '$2',
      16,
      'select id, person_id as person, presence from source_record where source = $1 and key_digest = d.digest',
    ),
    [source, Buffer.concat(keyDigests)],
  )
  return new Map(rows.map(({ i, ...known }) => [i, known]))
}

/** Of these records, those that a row of this pull has already spoken for. */
export async function spokenFor(
  client: pg.ClientBase,
  pull: PullId,
  records: readonly SourceRecordId[],
): Promise<ReadonlySet<SourceRecordId>> {
  if (records.length === 0) return new Set()
  const { rows } = await client.query<{ record_id: SourceRecordId }>(
    'select record_id from pull_seen where pull_id = $1 and record_id = any($2::uuid[])',
    [pull, records],
  )
  return new Set(rows.map(({ record_id }) => record_id))
}
