/** Accounts that are suspended, and who approved that they open again: guarded rows, so that nobody gets in by writing to the database. */
import type pg from 'pg'
import type { AccountId, SubjectId, SuspensionId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import {
  type AccountRow,
  type ApprovalRow,
  accountGuard,
  approvalGuard,
  type SuspensionRow,
  suspensionGuard,
} from './guards.ts'

type Client = pg.ClientBase | pg.Pool

export interface FoundSuspension {
  readonly row: SuspensionRow
  /** False: somebody else wrote it. It is never over by that. */
  readonly genuine: boolean
}

function checked(vault: Vault, rows: readonly SuspensionRow[]): readonly FoundSuspension[] {
  return rows.map((row) => ({ row, genuine: vault.verifyGuard('suspension', suspensionGuard(row), row.guard) }))
}

/** Writes the whole row, new or not. */
export async function saveSuspension(
  client: pg.ClientBase,
  vault: Vault,
  row: Omit<SuspensionRow, 'guard'>,
): Promise<void> {
  await client.query(
    `insert into suspension (id, account_id, person_id, target, state, waits_for, cause, finding, found_at, last_found_at, shut_at,
                             kept_at, kept_by, lifted_at, guard)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     on conflict (id) do update set state = excluded.state, waits_for = excluded.waits_for, cause = excluded.cause, finding = excluded.finding,
       last_found_at = excluded.last_found_at, shut_at = excluded.shut_at, kept_at = excluded.kept_at,
       kept_by = excluded.kept_by, lifted_at = excluded.lifted_at, guard = excluded.guard`,
    [
      ...[row.id, row.account_id, row.person_id, row.target, row.state, row.waits_for, row.cause, row.finding],
      ...[row.found_at, row.last_found_at, row.shut_at, row.kept_at, row.kept_by, row.lifted_at],
      vault.guard('suspension', suspensionGuard(row)),
    ],
  )
}

/** Those of these accounts that are not over. The caller's transaction holds them. */
export async function lockSuspensionsOf(
  client: pg.ClientBase,
  vault: Vault,
  accounts: readonly AccountId[],
): Promise<readonly FoundSuspension[]> {
  const { rows } = await client.query<SuspensionRow>(
    `select * from suspension where account_id = any($1::uuid[]) and state <> 'lifted' order by id for update`,
    [accounts],
  )
  return checked(vault, rows)
}

/** What an account's own row names, and what is not over of it; read as of one moment, so that the two differ only where somebody had a hand in it. */
export interface SaidSuspension {
  readonly account: AccountId
  readonly said: SuspensionId | null
  readonly found: FoundSuspension | null
}

/** Of these accounts, those of which one of the two says something. */
export async function suspensionsSaid(
  pool: pg.Pool,
  vault: Vault,
  accounts: readonly AccountId[],
): Promise<readonly SaidSuspension[]> {
  const { rows } = await pool.query<
    { _account: AccountId; _said: SuspensionId | null } & (SuspensionRow | { readonly id: null })
  >(
    `select a.id as _account, a.suspension as _said, s.* from account a
       left join suspension s on s.account_id = a.id and s.state <> 'lifted'
      where a.id = any($1::uuid[]) and (a.suspension is not null or s.id is not null)`,
    [accounts],
  )
  return rows.map(({ _account: account, _said: said, ...row }) => ({
    ...{ account, said },
    found: row.id === null ? null : (checked(vault, [row])[0] ?? null),
  }))
}

export async function findSuspension(
  client: Client,
  vault: Vault,
  id: SuspensionId,
  lock = false,
): Promise<FoundSuspension | null> {
  const { rows } = await client.query<SuspensionRow>(
    `select * from suspension where id = $1${lock ? ' for update' : ''}`,
    [id],
  )
  return checked(vault, rows)[0] ?? null
}

/** One page, newest first; `after` is the last id of the page before. */
export async function listSuspensions(
  pool: pg.Pool,
  vault: Vault,
  { all, after, limit }: { readonly all: boolean; readonly after: string | null; readonly limit: number },
): Promise<readonly FoundSuspension[]> {
  const { rows } = await pool.query<SuspensionRow>(
    `select * from suspension where ($1 or state <> 'lifted')
        and ($2::uuid is null or (found_at, id) < (select found_at, id from suspension where id = $2))
      order by found_at desc, id desc limit $3`,
    [all, after, limit],
  )
  return checked(vault, rows)
}

/**
 * How many accounts of a target were shut by suspensions since then; rows that somebody else wrote count for nothing. An account that says
 * that it is shut, by a suspension that is not there any more as it was, counts too: nobody has more shut by taking suspensions away.
 */
export async function shutSince(client: pg.ClientBase, vault: Vault, target: string, since: Date): Promise<number> {
  const accounts = await client.query<AccountRow>(
    'select * from account where target = $1 and suspension is not null',
    [target],
  )
  const named = accounts.rows.flatMap((row) =>
    row.suspension !== null && vault.verifyGuard('account', accountGuard(row), row.guard) ? [row.suspension] : [],
  )
  const { rows } = await client.query<SuspensionRow>(
    'select * from suspension where target = $1 and (shut_at > $2 or id = any($3::uuid[]))',
    [target, since, named],
  )
  const genuine = checked(vault, rows).flatMap((found) => (found.genuine ? [found.row] : []))
  const whole = new Set(genuine.map(({ id }) => id))
  const lately = genuine.filter(({ shut_at }) => shut_at !== null && shut_at > since)
  return lately.length + named.filter((id) => !whole.has(id)).length
}

/** How many wait for an admin, by target. */
export async function waitingSuspensions(client: Client): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ target: string; count: number }>(
    `select target, count(*)::int as count from suspension where state = 'waits' group by target`,
  )
  return new Map(rows.map(({ target, count }) => [target, count]))
}

/** Accounts that are to be shut by their own row or by that of their suspension, and not by the other: one of the two was put back. */
export async function disagreements(pool: pg.Pool, limit: number): Promise<readonly AccountId[]> {
  const { rows } = await pool.query<{ id: AccountId }>(
    `select a.id from account a left join suspension s on s.account_id = a.id and s.state <> 'lifted'
      where a.frozen_at is null
        and ((s.state = 'shut' and a.suspension is distinct from s.id) or (a.suspension is not null and s.id is null))
      order by a.id limit $1`,
    [limit],
  )
  return rows.map(({ id }) => id)
}

/** One that somebody else wrote, or that is not there any more as it was. */
export async function dropSuspensionOf(client: pg.ClientBase, account: AccountId): Promise<void> {
  await client.query(`delete from suspension where account_id = $1 and state <> 'lifted'`, [account])
}

/** What somebody said of one finding. */
export async function addApproval(client: pg.ClientBase, vault: Vault, row: Omit<ApprovalRow, 'guard'>): Promise<void> {
  await client.query(
    `insert into suspension_approval (id, suspension_id, finding, person_id, subject_id, reason, at, guard)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      ...[row.id, row.suspension_id, row.finding, row.person_id, row.subject_id, row.reason, row.at],
      vault.guard('suspension_approval', approvalGuard(row)),
    ],
  )
}

/** Genuine ones, oldest first. `forged` are the ids of rows that somebody else wrote: they approve nothing. */
export async function approvalsOf(
  client: Client,
  vault: Vault,
  suspensions: readonly SuspensionId[],
): Promise<{ readonly genuine: readonly ApprovalRow[]; readonly forged: readonly string[] }> {
  const { rows } = await client.query<ApprovalRow>(
    'select * from suspension_approval where suspension_id = any($1::uuid[]) order by at, id',
    [suspensions],
  )
  const { genuine = [], forged = [] } = Object.groupBy(rows, (row) =>
    vault.verifyGuard('suspension_approval', approvalGuard(row), row.guard) ? 'genuine' : 'forged',
  )
  return { genuine, forged: forged.map(({ id }) => id) }
}

/** In the way of somebody's own approval. */
export async function dropApproval(
  client: pg.ClientBase,
  of: SuspensionId,
  finding: string,
  by: SubjectId,
): Promise<void> {
  await client.query('delete from suspension_approval where suspension_id = $1 and finding = $2 and subject_id = $3', [
    of,
    finding,
    by,
  ])
}
