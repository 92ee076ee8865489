/** What was tried to deliver, and what came of it: when, how many, which positions, how long; never what was in it. */
import type { Selectable } from 'kysely'
import type pg from 'pg'
import type { DeliveryTable } from '../schema.ts'

type Client = pg.ClientBase | pg.Pool
export type DeliveryRow = Selectable<DeliveryTable>

/** Positions by source, both ends included. */
export type Spans = Readonly<Record<string, readonly [from: number, to: number]>>

export interface Tried {
  readonly outcome: DeliveryRow['outcome']
  readonly begunAt: Date
  readonly endedAt: Date
  readonly spans: Spans
  readonly batches: number
  readonly events: number
  readonly erased: number
  readonly unfiltered: number
  readonly lost: number
  readonly attempt: number
  readonly status: number | null
  readonly code: string | null
  readonly longestMs: number
}

/** Of a subscription, in this order. Returns the id of the last. */
export async function addDeliveries(
  client: Client,
  subscription: string,
  tried: readonly Tried[],
): Promise<string | null> {
  if (tried.length === 0) return null
  const { rows } = await client.query<{ id: string }>(
    `insert into delivery (subscription, outcome, begun_at, ended_at, spans, batches, events, erased, unfiltered, lost, attempt, status, code, longest_ms)
     select $1, * from unnest($2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::int[], $7::bigint[], $8::bigint[], $9::bigint[],
       $10::bigint[], $11::int[], $12::int[], $13::text[], $14::int[]) returning id`,
    [
      subscription,
      ...[
        tried.map(({ outcome }) => outcome),
        tried.map(({ begunAt }) => begunAt),
        tried.map(({ endedAt }) => endedAt),
        tried.map(({ spans }) => JSON.stringify(spans)),
        tried.map(({ batches }) => batches),
        tried.map(({ events }) => events),
        tried.map(({ erased }) => erased),
        tried.map(({ unfiltered }) => unfiltered),
        tried.map(({ lost }) => lost),
        tried.map(({ attempt }) => attempt),
        tried.map(({ status }) => status),
        tried.map(({ code }) => code),
        tried.map(({ longestMs }) => Math.round(longestMs)),
      ],
    ],
  )
  return rows.at(-1)?.id ?? null
}

/** More of the same right after it. False when the row is gone. */
export async function extendDelivery(client: Client, id: string, whole: Tried): Promise<boolean> {
  const { rowCount } = await client.query(
    `update delivery set ended_at = $2, spans = $3, batches = $4, events = $5, erased = $6, unfiltered = $7, lost = $8, status = $9, longest_ms = $10
      where id = $1`,
    [
      ...[id, whole.endedAt, JSON.stringify(whole.spans), whole.batches, whole.events, whole.erased],
      ...[whole.unfiltered, whole.lost, whole.status, Math.round(whole.longestMs)],
    ],
  )
  return rowCount === 1
}

/** Newest first, those before `before` by id. */
export async function listDeliveries(
  pool: pg.Pool,
  subscription: string,
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<readonly DeliveryRow[]> {
  const { rows } = await pool.query<DeliveryRow>(
    'select * from delivery where subscription = $1 and ($2::bigint is null or id < $2) order by id desc limit $3',
    [subscription, before, limit],
  )
  return rows
}

/** So long a row of the log is kept. */
const keptDays = 30

export async function forgetOldDeliveries(pool: pg.Pool): Promise<void> {
  await pool.query(`delete from delivery where ended_at < now() - interval '${keptDays} days'`)
}

export interface DayOfDeliveries {
  readonly subscription: string
  readonly refused: number
  readonly unfiltered: number
}

/** What of the last day a person should look at. */
export async function troubledDeliveries(pool: pg.Pool): Promise<readonly DayOfDeliveries[]> {
  const { rows } = await pool.query<DayOfDeliveries>(
    `select subscription, sum(events) filter (where outcome = 'refused')::int as refused, sum(unfiltered)::int as unfiltered
       from delivery where ended_at > now() - interval '1 day' and (outcome = 'refused' or unfiltered > 0)
      group by subscription order by subscription`,
  )
  return rows.map((row) => ({ ...row, refused: row.refused ?? 0 }))
}
