/** Finds source records by their digests, and reads those digests page by page. */
import type pg from 'pg'
import type { PersonId, SourceRecordId } from '../model/id.ts'
import { forEachDigest } from './by-digest.ts'
import { inTransaction } from './transaction.ts'

/** Which of these rows the store does not hold exactly so, by position: of an unchanged file, no record comes out of the database. */
export async function newsAmong(
  client: pg.ClientBase,
  source: string,
  rowDigests: readonly Buffer[],
): Promise<readonly number[]> {
  const { rows } = await client.query<{ i: number }>(
    `with known as (${forEachDigest('$2', 32, `select id from source_record where source = $1 and row_digest = d.digest and presence = 'present'`)})
     select i from generate_series(0, $3::int - 1) as i where not exists (select 1 from known where known.i = i.i) order by i`,
    [source, Buffer.concat(rowDigests), rowDigests.length],
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

/** Of records in a row: the first bytes of the digests of their rows, and their ids, each one after the other. */
export interface DigestPage {
  readonly digests: Buffer
  /** 16 bytes each. */
  readonly ids: Buffer
}

/**
 * All records of a source that are not gone, in few and large answers: a million take some seconds. A digest that somebody wrote shorter
 * than one is filled up, so that it shifts none of the others.
 */
export async function* rowDigests(pool: pg.Pool, source: string, bytes: number): AsyncGenerator<DigestPage> {
  for (let page = await nextDigests(pool, source, bytes, null); page !== null; ) {
    yield page
    page = await nextDigests(pool, source, bytes, page.ids.toString('hex', page.ids.length - 16))
  }
}

async function nextDigests(
  pool: pg.Pool,
  source: string,
  bytes: number,
  after: string | null,
): Promise<DigestPage | null> {
  // Along the index of ids: until a new table is analysed it counts as small, and all of it would be read and sorted for every page.
  const rows = await inTransaction(pool, async (client) => {
    await client.query('set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort = off')
    const page = await client.query<DigestPage>(
      `select string_agg(substring(row_digest || decode(repeat('00', $3), 'hex') for $3), ''::bytea order by id) as digests, string_agg(uuid_send(id), ''::bytea order by id) as ids
       from (select id, row_digest from source_record
              where source = $1 and presence <> 'gone' and person_id is not null and ($2::uuid is null or id > $2) order by id limit $4) page
     having count(*) > 0`,
      [source, after, bytes, perPage],
    )
    return page.rows
  })
  return rows[0] ?? null
}

const perPage = 10_000

/** Of these records, by id: whose they are. */
export async function recordsOf(pool: pg.Pool, ids: readonly string[]): Promise<readonly NamedRecord[]> {
  if (ids.length === 0) return []
  const { rows } = await pool.query<NamedRecord>(
    'select person_id as person, presence, key_digest from source_record where id = any($1::uuid[])',
    [ids],
  )
  return rows
}

export interface NamedRecord {
  readonly person: PersonId
  readonly presence: 'present' | 'missing' | 'gone'
  readonly key_digest: Buffer
}

/** Everybody with a record whose row is said to be the same as that of one of these. */
export async function peopleWithRowOf(
  pool: pg.Pool,
  source: string,
  ids: readonly string[],
): Promise<readonly PersonId[]> {
  if (ids.length === 0) return []
  const { rows } = await pool.query<{ person: PersonId }>(
    `select distinct r.person_id as person from source_record r join source_record t on t.row_digest = r.row_digest
      where t.id = any($2::uuid[]) and r.source = $1 and r.person_id is not null`,
    [source, ids],
  )
  return rows.map(({ person }) => person)
}
