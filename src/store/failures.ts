/** Accounts of which something was given up or refused: what, since when, and what became of the work. */
import type pg from 'pg'
import type { AccountId } from '../model/id.ts'
import type { Lane } from '../model/lane.ts'
import type { Vault } from '../vault/vault.ts'
import { isDiscarded } from './account-sql.ts'
import { type AccountRow, accountGuard, discardGuard } from './guards.ts'

export interface FailingAccount {
  readonly id: AccountId
  readonly target: string
  readonly failures: string
  readonly failing_since: Date | null
  readonly desired_version: number
  /** Tries since the last change of what is desired; null when no more are planned. */
  readonly attempts: number | null
  readonly dead_at: Date | null
}

/** What nobody has signed off, in the order of ids. */
const failing = `a.failures is not null and not ${isDiscarded('a')}`

/** The next accounts after `after`, of one target or of all. What is merely tried again is among them. */
export async function failingAccounts(
  client: pg.ClientBase | pg.Pool,
  target: string | null,
  after: string | null,
  limit: number,
): Promise<readonly FailingAccount[]> {
  const { rows } = await client.query<FailingAccount>(
    `select a.id, a.target, a.failures, a.failing_since, a.desired_version, w.attempts, w.dead_at
       from account a left join account_work w on w.account_id = a.id
      where ${failing} and a.frozen_at is null and ($1::text is null or a.target = $1) and ($2::uuid is null or a.id > $2) order by a.id limit $3`,
    [target, after, limit],
  )
  return rows
}

/** One of them, locked with its work; null when nothing of it has failed, or its row is not as Gatehouse wrote it. */
export async function failingAccount(
  client: pg.ClientBase,
  vault: Vault,
  id: AccountId,
): Promise<(FailingAccount & { readonly lane: Lane | null }) | null> {
  const { rows } = await client.query<FailingAccount & AccountRow & { failures: string; lane: Lane | null }>(
    `select a.*, w.attempts, w.dead_at, w.lane
       from account a left join account_work w on w.account_id = a.id where a.id = $1 and ${failing} and a.frozen_at is null for update of a`,
    [id],
  )
  const [row] = rows
  return row !== undefined && vault.verifyGuard('account', accountGuard(row), row.guard) ? row : null
}

/** Of these accounts, those with a lock-out that is neither proven nor ended. */
export async function lockedOutAmong(
  client: pg.ClientBase,
  accounts: readonly AccountId[],
): Promise<ReadonlySet<AccountId>> {
  const { rows } = await client.query<{ account_id: AccountId }>(
    'select distinct account_id from lockout where account_id = any($1::uuid[]) and proven_at is null and ended_at is null',
    [accounts],
  )
  return new Set(rows.map(({ account_id }) => account_id))
}

/** It stays as it is until something newer is desired: no more tries but the second look after a write that may land late. */
export async function discardFailure(
  client: pg.ClientBase,
  vault: Vault,
  { id, desired_version: version }: Pick<FailingAccount, 'id' | 'desired_version'>,
): Promise<void> {
  await writeDiscards(client, vault, [{ id, version }])
  await client.query(
    `update account_work set dead_at = coalesce(dead_at, now()) where account_id = $1 and lane = 'bulk' and verify_at is null`,
    [id],
  )
}

/** What was signed off before is tried like the rest. */
export async function undiscard(client: pg.ClientBase | pg.Pool, accounts: readonly AccountId[]): Promise<void> {
  await client.query(
    'update account set discarded_version = null, discarded_guard = null where id = any($1::uuid[]) and discarded_version is not null',
    [accounts],
  )
}

/** Takes back what nobody said, and has done what was given up without a reason: every run that gives up notes one. Returns such accounts. */
export async function reviewDiscards(pool: pg.Pool, vault: Vault): Promise<readonly AccountId[]> {
  const found: AccountId[] = []
  for await (const page of discards(pool)) {
    const forged = page.flatMap(({ id, version, guard }) =>
      guard !== null && vault.verifyGuard('account_discard', discardGuard(id, version), guard) ? [] : [id],
    )
    if (forged.length === 0) continue
    await undiscard(pool, forged)
    found.push(...forged)
  }
  const { rows } = await pool.query<{ account_id: AccountId }>(
    `update account_work w set dead_at = null, due_at = now() from account a
      where a.id = w.account_id and w.dead_at is not null and a.failures is null returning w.account_id`,
  )
  return [...new Set([...found, ...rows.map(({ account_id }) => account_id)])]
}

/** Of before anything signed them. */
export async function signOlderDiscards(client: pg.ClientBase | pg.Pool, vault: Vault): Promise<void> {
  for await (const page of discards(client)) await writeDiscards(client, vault, page)
}

interface Discard {
  readonly id: AccountId
  readonly version: number
}

async function writeDiscards(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  discarded: readonly Discard[],
): Promise<void> {
  await client.query(
    `update account a set discarded_version = v.version, discarded_guard = v.guard
       from unnest($1::uuid[], $2::int[], $3::bytea[]) as v(id, version, guard) where a.id = v.id`,
    [
      discarded.map(({ id }) => id),
      discarded.map(({ version }) => version),
      discarded.map(({ id, version }) => vault.guard('account_discard', discardGuard(id, version))),
    ],
  )
}

/** All that are marked, page by page. */
async function* discards(
  client: pg.ClientBase | pg.Pool,
): AsyncGenerator<readonly (Discard & { readonly guard: Buffer | null })[]> {
  for (let after: AccountId | null = null; ; ) {
    const { rows }: { rows: (Discard & { guard: Buffer | null })[] } = await client.query(
      `select id, discarded_version as version, discarded_guard as guard from account
        where discarded_version is not null and ($1::uuid is null or id > $1) order by id limit 500`,
      [after],
    )
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.id
    yield rows
  }
}

/** Accounts that were given up and that nobody has signed off, by target. */
export async function givenUp(pool: pg.Pool): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ target: string; count: number }>(
    `select w.target, count(*)::int as count from account_work w join account a on a.id = w.account_id
      where w.dead_at is not null and not ${isDiscarded('a')} group by w.target`,
  )
  return new Map(rows.map(({ target, count }) => [target, count]))
}
