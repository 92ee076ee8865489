/** Looks at all accounts of a target, to find out whose they are: asked for by a person, carried out by one process, kept until the next. */
import type pg from 'pg'
import { type MatchRunId, newId, type PersonId, type SubjectId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { isMade } from './account-sql.ts'
import { raiseAlarm } from './alarms.ts'
import { forEachDigest } from './by-digest.ts'
import { type CopyValue, copyRows } from './copy.ts'
import { forgetErasedMeanwhile, forgetReadMeanwhile } from './forget-match.ts'
import {
  type AccountRow,
  accountGuard,
  guardedOfAccount,
  type MatchRow,
  type MatchRunRow,
  matchRowGuard,
  matchRunGuard,
} from './guards.ts'
import type { Leads } from './match-leads.ts'
import { lockTargetMode, saveTargetMode } from './target-modes.ts'

/** For so long what a look has read is as good as new: one that broke off goes on with it. */
const freshMs = 6 * 3_600_000

/** Null when a look is under way already. One that failed lately is asked for again, and goes on where it was. */
export async function requestMatchRun(
  client: pg.ClientBase,
  vault: Vault,
  target: string,
  by: SubjectId,
  at: Date,
): Promise<MatchRunId | null> {
  const row = {
    id: newId<MatchRunId>(),
    target,
    state: 'requested',
    requested_at: at,
    requested_by: by,
    finished_at: null,
    leads: null,
    settled: null,
  } as const
  const failed = await latestMatchRun(client, vault, target)
  if (failed?.state === 'failed' && isFresh(failed, at)) {
    const again = { ...failed, state: 'requested', requested_by: by, finished_at: null } as const
    await client.query(
      `update match_run set state = 'requested', requested_by = $2, finished_at = null, owner = null, code = null, guard = $3 where id = $1`,
      [failed.id, by, vault.guard('match_run', matchRunGuard(again))],
    )
    return failed.id
  }
  await client.query(`delete from match_run where target = $1 and state = 'failed'`, [target])
  const { rowCount } = await client.query(
    `insert into match_run (id, target, state, requested_at, requested_by, guard) values ($1, $2, $3, $4, $5, $6)
     on conflict (target) where state in ('requested', 'running') do nothing`,
    [row.id, target, row.state, at, by, vault.guard('match_run', matchRunGuard(row))],
  )
  return rowCount === 1 ? row.id : null
}

function isFresh({ requested_at }: Pick<MatchRunRow, 'requested_at'>, at: Date): boolean {
  return at.getTime() - requested_at.getTime() <= freshMs
}

/** The newest, or the newest that ended well. One that was changed outside Gatehouse is alarmed, and none. */
export async function latestMatchRun(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  target: string,
  done = false,
): Promise<MatchRunRow | null> {
  const { rows } = await client.query<MatchRunRow>(
    `select * from match_run where target = $1 and (not $2 or state = 'done') order by requested_at desc limit 1`,
    [target, done],
  )
  const [row] = rows
  if (row === undefined) return null
  if (vault.verifyGuard('match_run', matchRunGuard(row), row.guard)) return row
  await raiseAlarm(client, vault, 'guard.failed', row.id)
  return null
}

/** Takes what was asked for, or what a process that died left half done: what that one has read is left to go on with, unless it is old. */
export async function claimMatchRun(
  client: pg.ClientBase,
  vault: Vault,
  target: string,
  owner: string,
  at: Date,
): Promise<MatchRunRow | null> {
  const { rows } = await client.query<MatchRunRow>(
    `select * from match_run where target = $1 and state in ('requested', 'running') and owner is distinct from $2 for update`,
    [target, owner],
  )
  const [row] = rows
  if (row === undefined) return null
  if (!vault.verifyGuard('match_run', matchRunGuard(row), row.guard)) {
    await raiseAlarm(client, vault, 'guard.failed', row.id)
    await client.query('delete from match_run where id = $1', [row.id])
    return null
  }
  if (!isFresh(row, at)) await client.query('delete from match_row where run_id = $1', [row.id])
  const running = { ...row, state: 'running', owner } as const
  await client.query(
    `update match_run set state = 'running', owner = $2, accounts = 0, listed = 0, guard = $3 where id = $1`,
    [row.id, owner, vault.guard('match_run', matchRunGuard(running))],
  )
  return running
}

/** Notes how far it is; false when another process has taken it over. */
export async function noteMatchProgress(
  client: pg.ClientBase,
  run: MatchRunRow,
  accounts: number,
  listed: number,
): Promise<boolean> {
  const { rowCount } = await client.query(
    'update match_run set accounts = $3, listed = $4 where id = $1 and owner = $2',
    [run.id, run.owner, accounts, listed],
  )
  return rowCount === 1
}

/** Ends a look, unless another process has taken it over; one that ended well takes the place of all before it, and one that failed keeps what it has read. */
export async function endMatchRun(
  client: pg.ClientBase,
  vault: Vault,
  run: MatchRunRow,
  ended: { readonly leads: Leads } | { readonly code: string },
  at: Date,
): Promise<void> {
  const locked = await client.query('select from match_run where id = $1 and owner = $2 for update', [
    run.id,
    run.owner,
  ])
  if (locked.rowCount === 0) return
  const isDone = 'leads' in ended
  const state = isDone ? 'done' : 'failed'
  const code = isDone ? null : ended.code
  const leads = isDone ? JSON.stringify(await forgetErasedMeanwhile(client, run, ended.leads)) : null
  if (!isDone) await forgetReadMeanwhile(client, run)
  const guard = vault.guard('match_run', matchRunGuard({ ...run, state, finished_at: at, leads }))
  await client.query(
    'update match_run set state = $2, finished_at = $3, code = $4, leads = $5, guard = $6 where id = $1',
    [run.id, state, at, code, leads, guard],
  )
  if (!isDone) return
  await client.query('delete from match_run where target = $1 and id <> $2', [run.target, run.id])
  const target = await lockTargetMode(client, vault, run.target)
  // One that was changed from outside is signed by nobody but a person: it waits for another match then.
  if (target !== null && target.mode_guard !== null)
    await saveTargetMode(client, vault, { ...target, match_id: run.id })
}

/** The last place that a row has, of what an earlier try of this look has read; 0 without any. */
export async function lastMatchPlace(client: pg.ClientBase | pg.Pool, run: MatchRunId): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    'select coalesce(max(n), 0)::int as n from match_row where run_id = $1',
    [run],
  )
  return rows[0]?.n ?? 0
}

/** Rows of these accounts that an earlier try has read, up to place `last`; by position of the digest, unverified. */
export async function earlierMatchRows(
  client: pg.ClientBase | pg.Pool,
  run: MatchRunId,
  last: number,
  digests: readonly Buffer[],
): Promise<ReadonlyMap<number, MatchRow>> {
  if (last === 0) return new Map()
  const { rows } = await client.query<MatchRow & { i: number }>(
    forEachDigest('$3', 16, 'select * from match_row where run_id = $1 and n <= $2 and external_digest = d.digest'),
    [run, last, Buffer.concat(digests)],
  )
  return new Map(rows.map(({ i, ...row }) => [i, row]))
}

/** Takes away what an earlier try has read, up to place `last`, and is of no use any more. */
export async function dropEarlierMatchRows(
  client: pg.ClientBase | pg.Pool,
  run: MatchRunId,
  last: number,
  kept: readonly string[],
): Promise<void> {
  await client.query('delete from match_row where run_id = $1 and n <= $2 and not (id = any($3::uuid[]))', [
    run,
    last,
    kept,
  ])
}

/** What was found of accounts that were read singly after all. */
export async function replaceFound(
  client: pg.ClientBase,
  rows: readonly { readonly id: string; readonly found: Buffer }[],
): Promise<void> {
  await client.query(
    'update match_row r set found = v.found from unnest($1::uuid[], $2::bytea[]) as v(id, found) where r.id = v.id',
    [rows.map(({ id }) => id), rows.map(({ found }) => found)],
  )
}

export type NewMatchRow = Omit<MatchRow, 'guard'>

/** Rows of one page: signed from the start, with or without a class, so that nothing is ever judged that somebody else wrote. */
export async function insertMatchRows(
  client: pg.ClientBase,
  vault: Vault,
  rows: readonly NewMatchRow[],
): Promise<void> {
  const columns = ['id', 'run_id', 'n', 'external_digest', 'found', 'class', 'person_id', 'reasons'] as const
  await copyRows(
    client,
    'match_row',
    [...columns, 'guard'],
    rows.map((row) => [...columns.map((name) => row[name] as CopyValue), vault.guard('match_row', matchRowGuard(row))]),
  )
}

export function isGenuineMatchRow(vault: Vault, row: MatchRow): boolean {
  return row.guard !== null && vault.verifyGuard('match_row', matchRowGuard(row), row.guard)
}

/** Says whose accounts these are, and signs it: only of rows that were verified. */
export async function judgeMatchRows(
  client: pg.ClientBase,
  vault: Vault,
  rows: readonly Omit<MatchRow, 'guard' | 'found'>[],
): Promise<void> {
  await client.query(
    `update match_row r set class = v.class, person_id = v.person, reasons = v.reasons, guard = v.guard
       from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bytea[]) as v(id, class, person, reasons, guard) where r.id = v.id`,
    [
      rows.map(({ id }) => id),
      rows.map((row) => row.class),
      rows.map(({ person_id }) => person_id),
      rows.map(({ reasons }) => reasons),
      rows.map((row) => vault.guard('match_row', matchRowGuard(row))),
    ],
  )
}

export async function deleteMatchRows(client: pg.ClientBase, ids: readonly string[]): Promise<void> {
  await client.query('delete from match_row where id = any($1::uuid[])', [ids])
}

/** Notes that an account was linked: what was found on it is in its own row now. */
export async function linkMatchRows(client: pg.ClientBase, vault: Vault, rows: readonly MatchRow[]): Promise<void> {
  const linked = rows.map((row) => ({ ...row, class: 'linked' }))
  await judgeMatchRows(client, vault, linked)
  await client.query('update match_row set found = null where id = any($1::uuid[])', [linked.map(({ id }) => id)])
}

/** Rows of a class (null: of any) in order, after place `after`. */
export async function matchRows(
  client: pg.ClientBase | pg.Pool,
  run: MatchRunId,
  of: string | null,
  after: number,
  limit: number,
): Promise<readonly MatchRow[]> {
  const { rows } = await client.query<MatchRow>(
    'select * from match_row where run_id = $1 and ($2::text is null or class = $2) and n > $3 order by n limit $4',
    [run, of, after, limit],
  )
  return rows
}

/** How many accounts are in each class. */
export async function matchCounts(
  client: pg.ClientBase | pg.Pool,
  run: MatchRunId,
): Promise<Readonly<Record<string, number>>> {
  const { rows } = await client.query<{ class: string; count: number }>(
    'select class, count(*)::int as count from match_row where run_id = $1 and class is not null group by class',
    [run],
  )
  return Object.fromEntries(rows.map((row) => [row.class, row.count]))
}

/** The row of an account in a look. */
export async function matchRowOf(
  client: pg.ClientBase,
  run: MatchRunId,
  externalDigest: Buffer,
): Promise<MatchRow | null> {
  const { rows } = await client.query<MatchRow>(
    'select * from match_row where run_id = $1 and external_digest = $2 for update',
    [run, externalDigest],
  )
  return rows[0] ?? null
}

type GuardedAccount = Pick<AccountRow, (typeof guardedOfAccount)[number]>

/** Whose accounts of a target these are, of those that were linked or made; by position of the digest. What somebody else wrote is left out. */
export async function linkedAmong(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  target: string,
  digests: readonly Buffer[],
): Promise<ReadonlyMap<number, PersonId>> {
  const { rows } = await client.query<GuardedAccount & { i: number; guard: Buffer }>(
    forEachDigest(
      '$2',
      16,
      `select ${guardedOfAccount.join(', ')}, guard from account where target = $1 and external_digest = d.digest and person_id is not null and ${isMade('owned')}`,
    ),
    [target, Buffer.concat(digests)],
  )
  const genuine = rows.filter((row) => vault.verifyGuard('account', accountGuard(row), row.guard))
  return new Map(genuine.map(({ i, person_id }) => [i, person_id as PersonId]))
}
