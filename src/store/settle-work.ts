/** Writes what came of work, many accounts in one transaction, and only for those whose lease is still held. */
import type pg from 'pg'
import type { AccountId, CredentialId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { type SettledLockouts, settleLockouts } from './lockouts.ts'
import type { Intent } from './schema.ts'
import { intentsSince } from './work.ts'

export interface Settlement {
  readonly account: AccountId
  readonly leaseCounter: string
  /** The desired version that the run worked towards: it says nothing about lock-outs decided after. */
  readonly version: number
  /** Null: not applied. */
  readonly appliedVersion: number | null
  /** Sealed; null when the target was not read. */
  readonly actual: Buffer | null
  readonly actualVersion: number | null
  readonly owned: string
  readonly ownedGuard: Buffer
  readonly failures: string | null
  /** Null: done, unless something newer is desired meanwhile. */
  readonly retryInMs: number | null
  readonly dead: boolean
  readonly verifyInMs: number | null
  /** Something may have been written that this run did not read back. */
  readonly inDoubt: boolean
  /** As claimed: what of it is not in doubt is settled; what was added since is not. */
  readonly noted: readonly Intent[]
  readonly startedAt: Date
  readonly acceptedAt: Date | null
  readonly provenAt: Date | null
  readonly proof: string | null
  /** A write that landed late had undone a lock-out that counted as proven: it counts from this run on, or is open again. */
  readonly reopened: boolean
  /** Cards that are not to open anything, and were seen so at `seenAt`; and those that a late write had opened again. */
  readonly shutCards: readonly CredentialId[]
  readonly undoneCards: readonly CredentialId[]
  readonly seenAt: Date | null
  /** What the run was urgent for: nothing, something that is still open, or something that is shut now. */
  readonly shutting: 'nothing' | 'open' | 'shut'
  readonly requests: number
  readonly waitingMs: number
}

/** `written`: the accounts that were; the others' lease is gone, and whoever took them over looks for himself. */
export async function settleWork(
  client: pg.ClientBase,
  vault: Vault,
  owner: string,
  settlements: readonly Settlement[],
): Promise<SettledLockouts & { readonly written: ReadonlySet<AccountId> }> {
  const column = <K extends keyof Settlement>(name: K): Settlement[K][] =>
    settlements.map((settlement) => settlement[name])
  // Whoever decides locks accounts before the work list, and in id order; so does this, or the two would wait for each other.
  await client.query('select from account where id = any($1::uuid[]) order by id for update', [column('account')])
  const { rows } = await client.query<{ account_id: AccountId }>(
    `with mine as (
       select w.account_id from account_work w join unnest($1::uuid[], $2::bigint[]) as v(id, counter) on w.account_id = v.id and w.lease_counter = v.counter
        where w.lease_owner = $3 order by w.account_id for update of w)
     update account a
        set applied_version = greatest(a.applied_version, coalesce(v.applied, a.applied_version)),
            actual = coalesce(v.actual, a.actual),
            actual_version = coalesce(v.actual_version, a.actual_version),
            actual_at = case when v.actual is null then a.actual_at else now() end,
            owned = v.owned, owned_guard = v.owned_guard, failures = v.failures,
            failing_since = case when v.failures is not null then coalesce(a.failing_since, now()) end
       from unnest($1::uuid[], $4::int[], $5::bytea[], $6::int[], $7::text[], $8::bytea[], $9::text[])
         as v(id, applied, actual, actual_version, owned, owned_guard, failures)
       join mine on mine.account_id = v.id
      where a.id = v.id
     returning a.id as account_id`,
    [
      column('account'),
      column('leaseCounter'),
      owner,
      column('appliedVersion'),
      column('actual'),
      column('actualVersion'),
      column('owned'),
      column('ownedGuard'),
      column('failures'),
    ],
  )
  const written = new Set(rows.map(({ account_id }) => account_id))
  const kept = settlements.filter(({ account }) => written.has(account))
  await closeWork(client, kept)
  await wakeLater(
    client,
    kept.map(({ account }) => account),
  )
  return { written, ...(await settleLockouts(client, vault, kept)) }
}

/**
 * Takes finished accounts off the list; the others come back when they are due, newer wishes at once, however the run ended. Once a
 * lock-out is proven and no late write is feared, what is left to do is no longer urgent.
 */
async function closeWork(client: pg.ClientBase, settlements: readonly Settlement[]): Promise<void> {
  const ids = settlements.map(({ account }) => account)
  const retried = settlements.filter((s) => s.retryInMs !== null).map(({ account }) => account)
  await client.query(
    `update account_work w
        set lease_owner = null, lease_until = null,
            intents = case when v.in_doubt or w.verify_at > now() then w.intents else ${intentsSince('v.noted')} end,
            lane = case when a.desired_version = v.version and (v.shutting = 'nothing'
                          or v.shutting = 'shut' and v.verify is null and (w.verify_at is null or w.verify_at <= now())) then 'bulk' else w.lane end,
            attempts = case when v.retry is null or a.desired_version > v.version then 0 else w.attempts + 1 end,
            verify_at = case when v.verify is not null then greatest(w.verify_at, now() + v.verify * interval '1 ms')
                             when w.verify_at <= now() then null else w.verify_at end,
            dead_at = case when v.dead and a.desired_version = v.version then now() end,
            due_at = case when a.desired_version > v.version then least(w.due_at, now())
                          when a.desired_version > a.applied_version and v.retry is null and not v.dead then now()
                          when v.retry is not null then greatest(w.due_at, now() + v.retry * interval '1 ms')
                          else w.due_at end
       from unnest($1::uuid[], $2::int[], $3::int[], $4::boolean[], $5::int[], $6::boolean[], $7::text[], $8::jsonb[])
         as v(id, retry, verify, dead, version, in_doubt, shutting, noted)
       join account a on a.id = v.id
      where w.account_id = v.id`,
    [
      ids,
      settlements.map((s) => s.retryInMs),
      settlements.map((s) => s.verifyInMs),
      settlements.map((s) => s.dead),
      settlements.map((s) => s.version),
      settlements.map((s) => s.inDoubt),
      settlements.map((s) => s.shutting),
      settlements.map((s) => JSON.stringify(s.noted)),
    ],
  )
  await client.query(
    `delete from account_work w using account a
      where w.account_id = any($1::uuid[]) and a.id = w.account_id and a.desired_version = a.applied_version and w.verify_at is null and w.dead_at is null
        and w.intents = '[]' and w.account_id <> all($2::uuid[])`,
    [ids, retried],
  )
  // What only waits for a late write rests until then, and what is tried again long after is looked at then.
  await client.query(
    `update account_work w set due_at = case when w.account_id = any($2::uuid[]) then least(w.due_at, w.verify_at) else w.verify_at end from account a
      where w.account_id = any($1::uuid[]) and a.id = w.account_id and a.desired_version = a.applied_version and w.verify_at is not null`,
    [ids, retried],
  )
}

/** Whoever is to be looked at again soon is woken then; the sweeper would come a second later. */
async function wakeLater(client: pg.ClientBase, ids: readonly AccountId[]): Promise<void> {
  await client.query(
    `insert into outbox (target, lane, delay_ms)
     select distinct target, lane, greatest(0, ceil(extract(epoch from due_at - now()) * 1000))::int
       from account_work where account_id = any($1::uuid[]) and dead_at is null and due_at < now() + interval '1 minute'`,
    [ids],
  )
}
