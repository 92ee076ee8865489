/** What a person does about what was given up or refused: has it tried again, or signs by name that it may stay so. */
import type pg from 'pg'
import { recordAudit } from '../audit/record.ts'
import type { AccountId, SubjectId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import { isClosed } from '../store/account-sql.ts'
import type { FailingAccount } from '../store/failures.ts'
import { discardFailure, failingAccount, failingAccounts, lockedOutAmong, undiscard } from '../store/failures.ts'
import type { LockoutRow } from '../store/guards.ts'
import { areGenuineSteps, isGenuineDecision, isSignedOff, signOffLockout } from '../store/lockouts.ts'
import { keyOfObject } from '../store/object-keys.ts'
import { inTransaction } from '../store/transaction.ts'
import { enqueue } from '../store/work.ts'
import { certain } from './certain.ts'
import type { SyncContext } from './context.ts'

/** Accounts per transaction. */
const page = 500

/** Has one account tried again now. @throws Refusal `failure.unknown`. */
export async function retryFailure(
  context: SyncContext,
  id: AccountId,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    const account = await failingAccount(client, context.vault, id)
    if (account === null) throw new Refusal('failure.unknown')
    await retry(client, [account])
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'account.retried',
      object: id,
      details: { reason },
      about: await keyOfObject(client, context.vault, id),
    })
  })
}

/** Has all of them tried again, or those of one target; returns how many. @throws Refusal `target.unknown`. */
export async function retryAllFailures(
  context: SyncContext,
  target: string | null,
  subject: SubjectId,
  reason: string,
): Promise<number> {
  if (target !== null && !context.targets.has(target)) throw new Refusal('target.unknown')
  let count = 0
  let after: AccountId | null = null
  do {
    after = await inTransaction(context.database.pool, async (client): Promise<AccountId | null> => {
      const accounts = await failingAccounts(client, target, after, page)
      if (accounts.length === 0) return null
      await retry(client, accounts)
      count += accounts.length
      await recordAudit(client, context.vault, {
        actor: subject,
        action: 'account.retried',
        object: '',
        details: { reason, target, accounts: accounts.map(({ id }) => id) },
      })
      return certain(accounts.at(-1)).id
    })
  } while (after !== null)
  return count
}

async function retry(client: pg.ClientBase, accounts: readonly FailingAccount[]): Promise<void> {
  const ids = accounts.map(({ id }) => id)
  await undiscard(client, ids)
  const urgent = await lockedOutAmong(client, ids)
  await enqueue(
    client,
    'urgent',
    accounts.filter(({ id }) => urgent.has(id)),
  )
  await enqueue(
    client,
    'bulk',
    accounts.filter(({ id }) => !urgent.has(id)),
  )
}

/**
 * Somebody says by name that an account may stay as it is, until something newer is desired of it. Never a lock-out, nor a card that is to
 * be blocked. @throws Refusal `failure.unknown`, `failure.lock-out`.
 */
export async function discardByHand(
  context: SyncContext,
  id: AccountId,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    const account = await failingAccount(client, context.vault, id)
    if (account === null) throw new Refusal('failure.unknown')
    if (account.lane === 'urgent' || (await lockedOutAmong(client, [id])).has(id)) throw new Refusal('failure.lock-out')
    await discardFailure(client, context.vault, account)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'account.discarded',
      object: id,
      details: { reason, version: account.desired_version, failures: JSON.parse(account.failures) as unknown },
      about: await keyOfObject(client, context.vault, id),
    })
  })
}

/**
 * Somebody takes it upon themselves, by name, that a lock-out is not proven: nobody is called for it any more. It stays desired, and is
 * tried on as any other work. @throws Refusal `lockout.unknown`, `lockout.not-open`.
 */
export async function signOffByHand(
  context: SyncContext,
  id: string,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  const { vault } = context
  await inTransaction(context.database.pool, async (client) => {
    const { rows: accounts } = await client.query<{ id: AccountId }>(
      'select a.id from account a join lockout l on l.account_id = a.id where l.id = $1 for update of a',
      [id],
    )
    const { rows } = await client.query<LockoutRow>('select * from lockout where id = $1', [id])
    const [row] = rows
    if (row === undefined || accounts.length === 0 || !isGenuineDecision(vault, row))
      throw new Refusal('lockout.unknown')
    if (!areGenuineSteps(vault, row) || row.proven_at !== null || row.ended_at !== null)
      throw new Refusal('lockout.not-open')
    await signOffLockout(client, vault, row, subject, context.now())
    if ((await lockedOutAmong(client, [row.account_id])).size === 0)
      await client.query(`update account_work set lane = 'bulk' where account_id = $1`, [row.account_id])
    await recordAudit(client, vault, {
      actor: subject,
      action: 'lockout.signed-off',
      object: id,
      details: { reason, account: row.account_id, target: row.target },
      about: await keyOfObject(client, vault, id),
    })
  })
}

/** How many were signed off of accounts that are still to be shut, and are not. Only who really signed counts. */
export async function countSignedOff({ database, vault }: SyncContext): Promise<number> {
  const { rows } = await database.pool.query<LockoutRow>(
    `select l.* from lockout l join account a on a.id = l.account_id
      where l.signed_off_at is not null and l.proven_at is null and a.desired_version >= l.version and a.desired_version > a.applied_version
        and ${isClosed('a.desired')}`,
  )
  return new Set(rows.filter((row) => isSignedOff(vault, row)).map(({ account_id }) => account_id)).size
}
