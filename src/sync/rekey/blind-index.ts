/** Entries by which people are found, made anew with the records that they come from. */
import type pg from 'pg'
import type { PersonId } from '../../model/id.ts'
import type { SourceRecord } from '../../model/source-record.ts'
import { blindIndexGuard, type SourceRecordRow } from '../../store/guards.ts'
import type { IndexPurpose } from '../../vault/vault.ts'
import { markName, marksOf } from '../pull/correlate.ts'
import { pagesOf, type RemadeRow, writeRows } from './remake.ts'
import type { Turn } from './turn.ts'

interface Entry {
  readonly _at: string
  readonly purpose: string
  readonly digest: Buffer
  readonly person_id: PersonId
  readonly guard: Buffer
}

/** People of whom a record did not open: how they are found can't be made anew, and must not be forgotten. */
export type Closed = Set<PersonId>

/** Of the people of these records. */
export async function followRecords(
  client: pg.ClientBase,
  turn: Turn,
  records: readonly RemadeRow<SourceRecordRow>[],
  closed: Closed,
): Promise<void> {
  const digests = new Map<string, Buffer>()
  for (const { was, opened, unreadable } of records) {
    const text = opened.get('record')
    if (was.person_id === null) continue
    if (text === undefined || unreadable) {
      closed.add(was.person_id)
      continue
    }
    const record = JSON.parse(text) as SourceRecord
    const now = marksOf(turn.next, was.source, record).digests
    for (const [i, mark] of marksOf(turn.old, was.source, record).digests.entries())
      digests.set(`${was.person_id} ${markName(mark)}`, (now[i] as (typeof now)[number]).digest)
  }
  const people = new Set(records.flatMap(({ was }) => was.person_id ?? []))
  const { rows } = await client.query<Entry>(
    'select ctid::text as _at, * from blind_index where person_id = any($1::uuid[])',
    [[...people]],
  )
  const moved = rows.flatMap((row) => {
    const digest = digests.get(`${row.person_id} ${markName(row)}`)
    const genuine = turn.old.verifyGuard(
      'blind_index',
      blindIndexGuard(row.purpose, row.digest, row.person_id),
      row.guard,
    )
    return digest !== undefined && genuine ? [{ row, digest }] : []
  })
  await move(client, turn, moved)
}

/**
 * What no record says any more finds nobody, since every hit is confirmed by one: it goes, unless a record of the person is closed; then it
 * is carried over. What somebody else wrote stays as it is.
 */
export async function settleRest(client: pg.ClientBase, turn: Turn, closed: Closed): Promise<void> {
  for await (const rows of pagesOf<Entry>(client, 'select ctid::text as _at, * from blind_index')) {
    const isRight = (vault: Turn['old'], { purpose, digest, person_id, guard }: Entry): boolean =>
      vault.verifyGuard('blind_index', blindIndexGuard(purpose, digest, person_id), guard)
    const others = rows.filter((row) => !isRight(turn.next, row))
    const rest = others.filter((row) => isRight(turn.old, row))
    const stale = rest.filter(({ person_id }) => !closed.has(person_id))
    await move(
      client,
      turn,
      rest.flatMap((row) => (closed.has(row.person_id) ? [{ row, digest: carriedDigest(turn, row) }] : [])),
    )
    await client.query('delete from blind_index where ctid = any($1::tid[])', [stale.map(({ _at }) => _at)])
    turn.tally.of('blind_index').refused += others.length - rest.length
  }
}

async function move(
  client: pg.ClientBase,
  { next, tally }: Turn,
  entries: readonly { readonly row: Entry; readonly digest: Buffer }[],
): Promise<void> {
  await writeRows(
    client,
    'blind_index',
    [
      { name: 'digest', type: 'bytea' },
      { name: 'guard', type: 'bytea' },
    ],
    entries.map(({ row, digest }) => ({
      at: row._at,
      values: [digest, next.guard('blind_index', blindIndexGuard(row.purpose, digest, row.person_id))],
    })),
  )
  tally.of('blind_index').rows += entries.length
}

/** Only a genuine entry, whose purpose is ours, gets here. */
function carriedDigest({ next }: Turn, { purpose, digest }: Entry): Buffer {
  return next.carryOver.index(purpose as IndexPurpose, digest)
}
