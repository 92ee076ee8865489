/** Rows of the log of events: added many at a time, each once, and read in the order of their source. */
import type pg from 'pg'
import type { KeyId } from '../../model/id.ts'
import type { WrappedKey } from '../../vault/vault.ts'
import { digestsIn } from '../by-digest.ts'
import { type BinaryType, copyBinary } from '../copy-binary.ts'
import type { EventRow } from '../guards.ts'

/** Where new events are announced; the payload is the source. */
export const eventsChannel = 'gatehouse_events'

/**
 * Which of these keys are new, by their place: they are taken from now on. `older`: what the same keys were digested as before keys were
 * replaced, digest by digest; such an event is known. The caller holds the source.
 */
export async function takeKeys(
  client: pg.ClientBase,
  source: string,
  digests: readonly Buffer[],
  older: readonly (readonly Buffer[])[],
  on: Date,
): Promise<ReadonlySet<number>> {
  const known = new Set<number>()
  const former = older.flat()
  if (former.length > 0) {
    const { rows } = await client.query<{ digest: Buffer }>(
      'select digest from event_key where source = $1 and digest = any($2::bytea[])',
      [source, former],
    )
    const there = new Set(rows.map(({ digest }) => digest.toString('latin1')))
    for (const [i, each] of older.entries())
      if (each.some((digest) => there.has(digest.toString('latin1')))) known.add(i)
  }
  const asked = digests.flatMap((digest, i) => (known.has(i) ? [] : [{ digest, i }]))
  // Told are those that were there, which are few: nearly all are new.
  const { rows } = await client.query<{ i: number }>(
    `with given as ${digestsIn('$2', 16)},
          taken as (insert into event_key (source, digest, received_on) select $1, digest, $3::date from given
                    on conflict do nothing returning digest)
     select i from given where not exists (select from taken where taken.digest = given.digest)`,
    [source, Buffer.concat(asked.map(({ digest }) => digest)), on.toISOString().slice(0, 10)],
  )
  for (const { i } of rows) known.add(asked[i]?.i ?? -1)
  return new Set(digests.flatMap((_, i) => (known.has(i) ? [] : [i])))
}

/** Keys older than this are forgotten, some at a time; returns how many were. */
export async function forgetKeys(pool: pg.Pool, before: Date, limit: number): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from event_key where (source, digest) in (
       select source, digest from event_key where received_on < $1::date limit $2)`,
    [before.toISOString().slice(0, 10), limit],
  )
  return rowCount ?? 0
}

/** An event as it is written. */
export type NewEventRow = Omit<EventRow, 'position'> & { readonly position: number }

const columns = {
  ...{ source: 'text', position: 'int8', class: 'text', type: 'text', at: 'timestamptz', received_at: 'timestamptz' },
  ...{ strange_card: 'bool', person_digest: 'bytea', card_digest: 'bytea', door_digest: 'bytea' },
  ...{ whose: 'bytea', sealed: 'bytea', guard: 'bytea' },
} as const satisfies Readonly<Record<keyof NewEventRow, BinaryType>>

/** In one COPY, each as it comes. */
export async function addEvents(client: pg.ClientBase, rows: Iterable<NewEventRow>): Promise<void> {
  await copyBinary(client, 'event', columns, rows)
}

/** Told to whoever listens once the transaction commits. */
export async function announce(client: pg.ClientBase, source: string): Promise<void> {
  await client.query(`select pg_notify('${eventsChannel}', $1)`, [source])
}

/**
 * Rows of a source after a position and up to another, in their order. `since`: none of them was received before, so that older months
 * are not looked into. Somebody else may have written several of one position.
 */
export async function eventsAfter(
  client: pg.ClientBase | pg.Pool,
  source: string,
  { after, upTo, since, limit }: { after: number; upTo: number; since: Date; limit: number },
): Promise<readonly EventRow[]> {
  const { rows } = await client.query<EventRow>(
    `select * from event where source = $1 and position > $2 and position <= $3 and received_at >= $4
      order by position limit $5`,
    [source, after, upTo, since, limit],
  )
  return rows
}

/** What signs the row of one event; null where there is none. */
export async function guardOf(
  pool: pg.Pool,
  { source, position, receivedAt }: { source: string; position: number; receivedAt: Date },
): Promise<Buffer | null> {
  const { rows } = await pool.query<{ guard: Buffer }>(
    'select guard from event where source = $1 and position = $2 and received_at = $3',
    [source, position, receivedAt],
  )
  return rows[0]?.guard ?? null
}

/** The last rows of a source, the newest first, whoever wrote them. */
export async function lastEvents(
  client: pg.ClientBase | pg.Pool,
  source: string,
  below: number,
  limit: number,
): Promise<readonly EventRow[]> {
  const { rows } = await client.query<EventRow>(
    'select * from event where source = $1 and position < $2 order by position desc limit $3',
    [source, below, limit],
  )
  return rows
}

/** Writes what these rows seal and are found by, where they lie. */
export async function replaceEvents(client: pg.ClientBase, rows: readonly EventRow[]): Promise<void> {
  if (rows.length === 0) return
  const times = rows.map(({ received_at }) => received_at.getTime())
  await client.query(
    `update event e set person_digest = v.person, card_digest = v.card, door_digest = v.door, whose = v.whose, sealed = v.sealed, guard = v.guard
       from unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[], $10::bytea[])
         as v(class, position, received_at, person, card, door, whose, sealed, guard)
      where e.source = $1 and e.class = v.class and e.position = v.position and e.received_at = v.received_at
        and e.received_at >= $11 and e.received_at <= $12`,
    [
      rows[0]?.source,
      rows.map((row) => row.class),
      rows.map(({ position }) => position),
      rows.map(({ received_at }) => received_at),
      rows.map(({ person_digest }) => person_digest),
      rows.map(({ card_digest }) => card_digest),
      rows.map(({ door_digest }) => door_digest),
      rows.map(({ whose }) => whose),
      rows.map(({ sealed }) => sealed),
      rows.map(({ guard }) => guard),
      ...[new Date(Math.min(...times)), new Date(Math.max(...times))],
    ],
  )
}

/** How far beyond a position others are taken, by whomever; 0: the next one is free. */
export async function takenAfter(client: pg.ClientBase, source: string, position: number): Promise<number> {
  const { rows } = await client.query<{ last: string | null }>(
    'select max(position) as last from event where source = $1 and position > $2 and position <= $3',
    [source, position, position + takenMax],
  )
  const last = rows[0]?.last
  return last === null || last === undefined ? 0 : Number(last) - position
}

const takenMax = 10_000

/** Keys by id, as they lie under their epochs. What is not there was erased, or taken away. */
export async function keysOf(
  client: pg.ClientBase | pg.Pool,
  ids: readonly KeyId[],
): Promise<ReadonlyMap<KeyId, WrappedKey>> {
  if (ids.length === 0) return new Map()
  const { rows } = await client.query<WrappedKey>(
    'select id, epoch, wrapped, former from person_key where id = any($1::uuid[])',
    [ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}
