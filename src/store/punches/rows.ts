/** Rows of punches: numbered under one lock, added many at a time, each event's once, found by person and day, and read in their order. */
import type pg from 'pg'
import type { Vault } from '../../vault/vault.ts'
import { copyRows } from '../copy.ts'
import { type PunchRow, punchLogGuard, punchPositionGuard } from '../guards.ts'

export interface HeldPunches {
  readonly last: number
  /** False: somebody else wrote that number, or took it away; `last` is that of the last row. */
  readonly genuine: boolean
}

/** Holds the log to the end of the transaction: how many punches there are. */
export async function holdPunches(client: pg.ClientBase, vault: Vault): Promise<HeldPunches> {
  await client.query('insert into punch_log (guard) values ($1) on conflict do nothing', [
    vault.guard('punch_log', punchLogGuard(0)),
  ])
  const { rows } = await client.query<{ last_n: string; guard: Buffer }>(
    'select last_n, guard from punch_log for update',
  )
  // After the lock: what another wrote meanwhile is seen.
  const { rows: found } = await client.query<{ last: string | null }>('select max(n) as last from punch')
  const last = Number(rows[0]?.last_n ?? 0)
  const there = Number(found[0]?.last ?? 0)
  const signed = rows[0] !== undefined && vault.verifyGuard('punch_log', punchLogGuard(last), rows[0].guard)
  const genuine = signed && there <= last
  return { last: genuine ? last : there, genuine }
}

/**
 * The number of the newest, all up to which are there to be read; null where none was ever written. Not genuine: somebody else wrote that
 * number, and it says nothing until the next punch mends it.
 */
export async function newestPunch(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
): Promise<{ readonly n: number; readonly genuine: boolean } | null> {
  // In one statement: a punch that comes meanwhile is above neither.
  const { rows } = await client.query<{ last_n: string; guard: Buffer; there: string | null }>(
    'select last_n, guard, (select max(n) from punch) as there from punch_log',
  )
  const [row] = rows
  if (row === undefined) return null
  const n = Number(row.last_n)
  return { n, genuine: Number(row.there ?? 0) <= n && vault.verifyGuard('punch_log', punchLogGuard(n), row.guard) }
}

/** Numbers from `from` to `to`, both included, in their order. */
export async function punchesBetween(
  pool: pg.Pool,
  { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<readonly PunchRow[]> {
  const { rows } = await pool.query<PunchRow>('select * from punch where n >= $1 and n <= $2 order by n limit $3', [
    ...[from, to, limit],
  ])
  return rows
}

/** How many there are, signed. The caller holds the log. */
export async function notePunches(client: pg.ClientBase, vault: Vault, last: number): Promise<void> {
  await client.query('update punch_log set last_n = $1, guard = $2', [
    last,
    vault.guard('punch_log', punchLogGuard(last)),
  ])
}

const columns = ['n', 'day', 'person_digest', 'event_digest', 'sealed', 'guard'] as const

export type NewPunchRow = Omit<PunchRow, 'n'> & { readonly n: number }

/** In one COPY. The caller holds the log. */
export async function addPunches(client: pg.ClientBase, rows: readonly NewPunchRow[]): Promise<void> {
  await copyRows(
    client,
    'punch',
    columns,
    rows.map((row) => columns.map((name) => row[name])),
  )
}

/** Which of these events became punches before. */
export async function punchedBefore(client: pg.ClientBase, digests: readonly Buffer[]): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ event_digest: Buffer }>(
    'select event_digest from punch where event_digest = any($1::bytea[])',
    [digests],
  )
  return new Set(rows.map(({ event_digest }) => event_digest.toString('hex')))
}

/** By number. */
export async function punchesOf(pool: pg.Pool, digests: readonly Buffer[]): Promise<readonly PunchRow[]> {
  const { rows } = await pool.query<PunchRow>('select * from punch where person_digest = any($1::bytea[]) order by n', [
    digests,
  ])
  return rows
}

/** In no order; those that are not there are left out. */
export async function punchesNumbered(pool: pg.Pool, numbers: readonly number[]): Promise<readonly PunchRow[]> {
  if (numbers.length === 0) return []
  const { rows } = await pool.query<PunchRow>('select * from punch where n = any($1::bigint[])', [numbers])
  return rows
}

/** Up to where each source was looked through; null: somebody else wrote that. */
export async function readPositions(pool: pg.Pool, vault: Vault): Promise<ReadonlyMap<string, number | null>> {
  const { rows } = await pool.query<{ source: string; position: string; guard: Buffer }>('select * from punch_position')
  return new Map(
    rows.map(({ source, position: text, guard }) => {
      const position = Number(text)
      const genuine = vault.verifyGuard('punch_position', punchPositionGuard(source, position), guard)
      return [source, genuine ? position : null]
    }),
  )
}

/** Up to where a source was looked through, signed. */
export async function notePosition(
  client: pg.ClientBase,
  vault: Vault,
  source: string,
  position: number,
): Promise<void> {
  await client.query(
    `insert into punch_position (source, position, guard) values ($1, $2, $3)
     on conflict (source) do update set position = $2, guard = $3`,
    [source, position, vault.guard('punch_position', punchPositionGuard(source, position))],
  )
}

/** Of days before this one, some at a time; returns how many went. */
export async function forgetPunches(pool: pg.Pool, before: string, limit: number): Promise<number> {
  const { rowCount } = await pool.query(
    'delete from punch where n in (select n from punch where day < $1 order by n limit $2)',
    [before, limit],
  )
  return rowCount ?? 0
}
