/** How many events each source reported in each month, by class, signed: so that what is missing later is told as forgotten, or as taken away. */
import type pg from 'pg'
import type { EventClass } from '../../model/events/types.ts'
import type { Vault } from '../../vault/vault.ts'
import { type EventMonthRow, eventMonthGuard } from '../guards.ts'
import type { NewEventRow } from './rows.ts'

export interface MonthState {
  readonly source: string
  readonly class: EventClass
  /** As `2026-11`, in UTC, by when its events were received. */
  readonly month: string
  readonly events: number
  readonly first: number
  readonly last: number
  readonly forgottenAt: Date | null
}

export interface FoundMonth extends MonthState {
  /** False: somebody else wrote the row. */
  readonly genuine: boolean
}

const columns = 'source, class, month, events, first_position, last_position, forgotten_at, guard'

export function monthOf(at: Date): string {
  const month = at.getUTCMonth() + 1
  return `${at.getUTCFullYear()}-${month < 10 ? '0' : ''}${month}`
}

/** All of a source, or those of one month; the oldest first. */
export async function monthsOf(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  source: string,
  month: string | null = null,
): Promise<readonly FoundMonth[]> {
  const { rows } = await client.query<EventMonthRow>(
    `select ${columns} from event_month where source = $1 and ($2::text is null or month = $2) order by month, class`,
    [source, month],
  )
  return rows.map((row) => found(vault, row))
}

function found(vault: Vault, row: EventMonthRow): FoundMonth {
  return {
    ...{ source: row.source, class: row.class, month: row.month, events: Number(row.events) },
    ...{ first: Number(row.first_position), last: Number(row.last_position), forgottenAt: row.forgotten_at },
    genuine: vault.verifyGuard('event_month', eventMonthGuard(row), row.guard),
  }
}

/** Signs and writes them. The caller holds their source. */
export async function saveMonths(client: pg.ClientBase, vault: Vault, months: readonly MonthState[]): Promise<void> {
  if (months.length === 0) return
  await client.query(
    `insert into event_month (${columns})
     select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::bytea[])
     on conflict (source, class, month) do update set events = excluded.events, first_position = excluded.first_position,
       last_position = excluded.last_position, forgotten_at = excluded.forgotten_at, guard = excluded.guard`,
    [
      months.map(({ source }) => source),
      months.map((each) => each.class),
      months.map(({ month }) => month),
      months.map(({ events }) => events),
      months.map(({ first }) => first),
      months.map(({ last }) => last),
      months.map(({ forgottenAt }) => forgottenAt),
      months.map((month) => signed(vault, month)),
    ],
  )
}

function signed(vault: Vault, { source, class: of, month, events, first, last, forgottenAt }: MonthState): Buffer {
  return vault.guard(
    'event_month',
    eventMonthGuard({
      ...{ source, class: of, month, events: String(events) },
      ...{ first_position: String(first), last_position: String(last), forgotten_at: forgottenAt },
    }),
  )
}

/**
 * Counts new rows of a source into their months, which get a place for them. `forged`: somebody else had written what was counted so far,
 * or taken it away; it was counted anew from what is there. The caller holds the source, and has not added the rows yet.
 */
export async function addToMonths(
  client: pg.ClientBase,
  vault: Vault,
  source: string,
  rows: readonly Pick<NewEventRow, 'class' | 'position' | 'received_at'>[],
): Promise<{ readonly forged: boolean }> {
  let forged = false
  const months: MonthState[] = []
  for (const [month, ofMonth] of Map.groupBy(rows, ({ received_at }) => monthOf(received_at))) {
    const known = await monthsOf(client, vault, source, month)
    for (const [of, each] of Map.groupBy(ofMonth, (row) => row.class)) {
      let before: FoundMonth | undefined = known.find((one) => one.class === of)
      if (before === undefined || before.forgottenAt !== null) await makeMonth(client, of, month)
      if (before?.genuine === false) {
        forged = true
        before = { ...before, ...(await countMonth(client, source, of, month)), forgottenAt: null }
      }
      const positions = each.map(({ position }) => position)
      months.push({
        ...{ source, class: of, month, events: (before?.events ?? 0) + each.length },
        first: Math.min(...positions, before === undefined || before.events === 0 ? Infinity : before.first),
        last: Math.max(...positions),
        forgottenAt: null,
      })
    }
  }
  await saveMonths(client, vault, months)
  return { forged }
}

/** Makes a place for events of this class that are received in this month. Harmless to repeat. */
export async function makeMonth(client: pg.ClientBase | pg.Pool, of: EventClass, month: string): Promise<void> {
  await client.query('select make_event_month($1, $2)', [of, month])
}

/** Counts what is really there. */
export async function countMonth(
  client: pg.ClientBase | pg.Pool,
  source: string,
  of: EventClass,
  month: string,
): Promise<{ readonly events: number; readonly first: number; readonly last: number }> {
  const { rows } = await client.query<{ events: string; first: string | null; last: string | null }>(
    `select count(*) as events, min(position) as first, max(position) as last from event
      where source = $1 and class = $2 and received_at >= $3 and received_at < $4`,
    [source, of, ...boundsOf(month)],
  )
  const [row] = rows
  return { events: Number(row?.events ?? 0), first: Number(row?.first ?? 0), last: Number(row?.last ?? 0) }
}

/** From its beginning to that of the next. */
export function boundsOf(month: string): [from: Date, to: Date] {
  const from = new Date(`${month}-01T00:00:00.000Z`)
  return [from, new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 1))]
}

/** Months, by class, of which any source has events still; the oldest first. */
export async function monthsKept(pool: pg.Pool): Promise<readonly Pick<MonthState, 'class' | 'month'>[]> {
  const { rows } = await pool.query<Pick<MonthState, 'class' | 'month'>>(
    'select distinct class, month from event_month where forgotten_at is null order by month, class',
  )
  return rows
}

/**
 * Drops the events of a class and month, of all sources, and notes that their time was over. Who appends or reads holds it up for a moment;
 * whoever reads for longer, such as a backup, has it fail: it is tried again. Returns how many there should have been.
 * @throws what `pg` throws.
 */
export async function dropMonth(
  client: pg.ClientBase,
  vault: Vault,
  of: EventClass,
  month: string,
  at: Date,
): Promise<number> {
  await client.query(`set local lock_timeout = '500ms'`)
  const { rows } = await client.query<EventMonthRow>(
    `select ${columns} from event_month where class = $1 and month = $2 and forgotten_at is null order by source for update`,
    [of, month],
  )
  const months = rows.map((row) => found(vault, row))
  await client.query('select drop_event_month($1, $2)', [of, month])
  // One that somebody else wrote says nothing, and is not signed: what is missing there stays missing.
  const genuine = months.filter((each) => each.genuine)
  await saveMonths(
    client,
    vault,
    genuine.map((each) => ({ ...each, forgottenAt: at })),
  )
  return genuine.reduce((sum, { events }) => sum + events, 0)
}

/** The next month that is kept, in the order of source, class and month: the first after nothing, null after the last. */
export async function keptMonthAfter(
  client: pg.ClientBase,
  vault: Vault,
  after: Pick<MonthState, 'source' | 'class' | 'month'> | null,
): Promise<FoundMonth | null> {
  const { rows } = await client.query<EventMonthRow>(
    `select ${columns} from event_month where forgotten_at is null and (source, class, month) > ($1, $2, $3)
      order by source, class, month limit 1`,
    [after?.source ?? '', after?.class ?? '', after?.month ?? ''],
  )
  return rows[0] === undefined ? null : found(vault, rows[0])
}
