/** People who are erased: guarded rows of what was asked for, what became of each account, and what holds a re-import. */
import type pg from 'pg'
import type { AccountId, KeyId, PersonId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { forgetInMatches } from './forget-match.ts'
import {
  type ErasureAccountRow,
  type ErasureRow,
  erasureAccountGuard,
  erasureGuard,
  type MatchRunRow,
  tombstoneGuard,
} from './guards.ts'
import type { Removal } from './schema.ts'

export function isGenuineErasure(vault: Vault, row: ErasureRow): boolean {
  return vault.verifyGuard('erasure', erasureGuard(row), row.guard)
}

export function isGenuineRemoval(vault: Vault, row: ErasureAccountRow): boolean {
  return vault.verifyGuard('erasure_account', erasureAccountGuard(row), row.guard)
}

/** Writes the whole row, new or not. */
export async function saveErasure(client: pg.ClientBase, vault: Vault, row: Omit<ErasureRow, 'guard'>): Promise<void> {
  const guard = vault.guard('erasure', erasureGuard(row))
  await client.query(
    `insert into erasure (id, person_id, key_id, asked_at, asked_by, epoch, deleted_at, unreadable_at, lifted_at, statement, closing, guard)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (id) do update set asked_at = excluded.asked_at, asked_by = excluded.asked_by, epoch = excluded.epoch,
       deleted_at = excluded.deleted_at, unreadable_at = excluded.unreadable_at, lifted_at = excluded.lifted_at,
       statement = excluded.statement, closing = excluded.closing, guard = excluded.guard`,
    [
      row.id,
      row.person_id,
      row.key_id,
      row.asked_at,
      row.asked_by,
      row.epoch,
      row.deleted_at,
      row.unreadable_at,
      row.lifted_at,
      row.statement,
      row.closing,
      guard,
    ],
  )
}

/** Those that are under way, oldest first. */
export async function openErasures(pool: pg.Pool, limit: number): Promise<readonly ErasureRow[]> {
  const { rows } = await pool.query<ErasureRow>(
    'select * from erasure where deleted_at is null order by asked_at, id limit $1',
    [limit],
  )
  return rows
}

export async function findErasure(
  client: pg.ClientBase | pg.Pool,
  id: string,
  lock = false,
): Promise<ErasureRow | null> {
  const { rows } = await client.query<ErasureRow>(`select * from erasure where id = $1${lock ? ' for update' : ''}`, [
    id,
  ])
  return rows[0] ?? null
}

export interface CheckedErasures {
  readonly genuine: readonly ErasureRow[]
  /** Ids of rows that somebody else wrote, or changed: they say nothing about anybody. */
  readonly forged: readonly string[]
}

export function checkErasures(vault: Vault, rows: readonly ErasureRow[]): CheckedErasures {
  const { genuine = [], forged = [] } = Object.groupBy(rows, (row) =>
    isGenuineErasure(vault, row) ? 'genuine' : 'forged',
  )
  return { genuine, forged: forged.map(({ id }) => id) }
}

/** What was written down about erasing these people. */
export async function erasuresOf(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  people: readonly PersonId[],
): Promise<CheckedErasures> {
  const { rows } = await client.query<ErasureRow>('select * from erasure where person_id = any($1::uuid[])', [people])
  return checkErasures(vault, rows)
}

export async function deleteErasuresOf(client: pg.ClientBase, person: PersonId): Promise<void> {
  await client.query('delete from erasure where person_id = $1', [person])
}

/** One page, newest first; `after` is the last id of the page before. */
export async function listErasures(
  pool: pg.Pool,
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly ErasureRow[]> {
  const { rows } = await pool.query<ErasureRow>(
    `select * from erasure where $1::uuid is null or (asked_at, id) < (select asked_at, id from erasure where id = $1)
      order by asked_at desc, id desc limit $2`,
    [page.after ?? null, page.limit],
  )
  return rows
}

/** What became of the accounts, as far as is noted. */
export async function removalsOf(
  client: pg.ClientBase | pg.Pool,
  erasures: readonly string[],
): Promise<readonly ErasureAccountRow[]> {
  const { rows } = await client.query<ErasureAccountRow>(
    'select * from erasure_account where erasure_id = any($1::uuid[]) order by target, account_id',
    [erasures],
  )
  return rows
}

export interface NotedRemoval {
  readonly erasure: string
  readonly account: AccountId
  readonly target: string
  readonly outcome: Removal | null
}

/** Notes what became of these accounts; one of an erasure that is no more is left out. */
export async function noteRemovals(
  client: pg.ClientBase,
  vault: Vault,
  removals: readonly NotedRemoval[],
  at: Date,
): Promise<void> {
  if (removals.length === 0) return
  const rows = removals.map(({ erasure, account, target, outcome }) => ({
    erasure_id: erasure,
    account_id: account,
    target,
    outcome,
    at: outcome === null ? null : at,
  }))
  await client.query(
    `insert into erasure_account (account_id, erasure_id, target, outcome, at, guard)
     select v.* from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[]) as v(account, erasure, target, outcome, at, guard)
       join erasure e on e.id = v.erasure
     on conflict (account_id) do update set erasure_id = excluded.erasure_id, target = excluded.target, outcome = excluded.outcome, at = excluded.at, guard = excluded.guard`,
    [
      rows.map((row) => row.account_id),
      rows.map((row) => row.erasure_id),
      rows.map((row) => row.target),
      rows.map((row) => row.outcome),
      rows.map((row) => row.at),
      rows.map((row) => vault.guard('erasure_account', erasureAccountGuard(row))),
    ],
  )
}

/** Of these erasures, the traces that are as Gatehouse wrote them. */
export async function tombstonesOfErasures(
  pool: pg.Pool,
  vault: Vault,
  erasures: readonly string[],
): Promise<ReadonlyMap<string, readonly Tombstone[]>> {
  const { rows } = await pool.query<Tombstone & { erasure_id: string; guard: Buffer }>(
    'select purpose, digest, erasure_id, guard from tombstone where erasure_id = any($1::uuid[]) order by purpose, digest',
    [erasures],
  )
  const genuine = rows.filter(({ purpose, digest, erasure_id, guard }) =>
    vault.verifyGuard('tombstone', tombstoneGuard(purpose, digest, erasure_id), guard),
  )
  return Map.groupBy(genuine, ({ erasure_id }) => erasure_id)
}

/** A keyed trace of an identifier whose owner was erased. */
export interface Tombstone {
  readonly purpose: string
  readonly digest: Buffer
}

/** Those that are there stay as they are. */
export async function putTombstones(
  client: pg.ClientBase,
  vault: Vault,
  erasure: string,
  tombstones: readonly Tombstone[],
): Promise<void> {
  await client.query(
    `insert into tombstone (purpose, digest, erasure_id, guard)
     select v.purpose, v.digest, $1, v.guard from unnest($2::text[], $3::bytea[], $4::bytea[]) as v(purpose, digest, guard)
     on conflict (purpose, digest, erasure_id) do update set guard = excluded.guard`,
    [
      erasure,
      tombstones.map(({ purpose }) => purpose),
      tombstones.map(({ digest }) => digest),
      tombstones.map(({ purpose, digest }) => vault.guard('tombstone', tombstoneGuard(purpose, digest, erasure))),
    ],
  )
}

export async function liftTombstones(client: pg.ClientBase, erasure: string): Promise<void> {
  await client.query('delete from tombstone where erasure_id = $1', [erasure])
}

/**
 * Deletes everything that is kept about a person, the wrapped key with it, and hands on the cards that others waited for. Rows of
 * random ids and times stay where they prove something: lock-outs and the audit trail. `runs` are all matches, locked.
 */
export async function deletePersonRows(
  client: pg.ClientBase,
  vault: Vault,
  person: PersonId,
  runs: readonly MatchRunRow[],
  now: Date,
): Promise<void> {
  await client.query(
    `update person set next_change_at = $2 where id in
       (select w.person_id from credential w join credential mine on mine.digest = w.digest and mine.person_id = $1 where w.waits and w.person_id <> $1)`,
    [person, now],
  )
  await forgetInMatches(client, vault, runs, person)
  // Whose the accounts of nobody are that sweeps found, nobody can tell: they stay noted by digest alone.
  await client.query('update drift set external_id = null where account_id is null and external_id is not null')
  const accounts = 'select id from account where person_id = $1'
  for (const statement of [
    `delete from plan_change where account_id in (${accounts})`,
    `delete from account_work where account_id in (${accounts})`,
    `delete from drift where account_id in (${accounts})`,
    // Their cards, where other accounts carry them.
    `delete from drift where part in (select 'card:' || id from credential where person_id = $1)`,
    'delete from account where person_id = $1',
    'delete from credential where person_id = $1',
    'delete from individual_grant where person_id = $1',
    'delete from pin_issue where person_id = $1',
    'delete from lock_mark where person_id = $1',
    'delete from enrolment where person_id = $1',
    'delete from suspension_approval where person_id = $1',
    'delete from suspension where person_id = $1',
    'delete from source_record where person_id = $1',
    'delete from blind_index where person_id = $1',
    'delete from person_key where id = (select key_id from person where id = $1)',
    'delete from person where id = $1',
  ])
    await client.query(statement, [person])
}

/** Of these keys, those whose person was erased. */
export async function erasedKeys(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  keys: readonly KeyId[],
): Promise<ReadonlySet<KeyId>> {
  if (keys.length === 0) return new Set()
  const { rows } = await client.query<ErasureRow>('select * from erasure where key_id = any($1::uuid[])', [keys])
  return new Set(rows.filter((row) => isGenuineErasure(vault, row)).map(({ key_id }) => key_id))
}
