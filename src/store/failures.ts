/** Accounts of which something was given up or refused: what, since when, and what became of the work. */
import type pg from 'pg'
import type { AccountId } from '../model/id.ts'
import type { Lane } from '../model/lane.ts'

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
const failing = `a.failures is not null and a.discarded_version is distinct from a.desired_version`

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

/** One of them, locked with its work; null when nothing of it has failed. */
export async function failingAccount(
  client: pg.ClientBase,
  id: AccountId,
): Promise<(FailingAccount & { readonly lane: Lane | null }) | null> {
  const { rows } = await client.query<FailingAccount & { lane: Lane | null }>(
    `select a.id, a.target, a.failures, a.failing_since, a.desired_version, w.attempts, w.dead_at, w.lane
       from account a left join account_work w on w.account_id = a.id where a.id = $1 and ${failing} and a.frozen_at is null for update of a`,
    [id],
  )
  return rows[0] ?? null
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
export async function discardFailure(client: pg.ClientBase, id: AccountId): Promise<void> {
  await client.query('update account set discarded_version = desired_version where id = $1', [id])
  await client.query(
    `update account_work set dead_at = coalesce(dead_at, now()) where account_id = $1 and lane = 'bulk' and verify_at is null`,
    [id],
  )
}

/** What was signed off before is tried like the rest. */
export async function undiscard(client: pg.ClientBase, accounts: readonly AccountId[]): Promise<void> {
  await client.query(
    'update account set discarded_version = null where id = any($1::uuid[]) and discarded_version is not null',
    [accounts],
  )
}

/** Accounts that were given up and that nobody has signed off, by target. */
export async function givenUp(pool: pg.Pool): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ target: string; count: number }>(
    `select w.target, count(*)::int as count from account_work w join account a on a.id = w.account_id
      where w.dead_at is not null and a.discarded_version is distinct from a.desired_version group by w.target`,
  )
  return new Map(rows.map(({ target, count }) => [target, count]))
}
