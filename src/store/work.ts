/** The list of accounts with something to do: filled by decisions, claimed by workers under a lease, never trusted to a queue. */
import type pg from 'pg'
import type { AccountId } from '../model/id.ts'
import type { Lane } from '../model/lane.ts'
import { isLeased } from './account-sql.ts'
import type { Intent } from './schema.ts'

/** Puts accounts on the list (or moves them forward) and wakes the lanes; part of the caller's transaction. */
export async function enqueue(
  client: pg.ClientBase,
  lane: Lane,
  accounts: readonly { readonly id: AccountId; readonly target: string }[],
): Promise<void> {
  if (accounts.length === 0) return
  // In id order, so that two transactions never wait for each other crosswise.
  const sorted = [...accounts].sort((a, b) => (a.id < b.id ? -1 : 1))
  await client.query(
    `insert into account_work (account_id, target, lane, due_at)
     select v.id, v.target, $3, now() from unnest($1::uuid[], $2::text[]) as v(id, target) join account a on a.id = v.id
     on conflict (account_id) do update
       set lane = case when account_work.lane = 'urgent' then 'urgent' else excluded.lane end,
           due_at = now(), attempts = 0, dead_at = null`,
    [sorted.map(({ id }) => id), sorted.map(({ target }) => target), lane],
  )
  const targets = [...new Set(sorted.map(({ target }) => target))]
  await client.query('insert into outbox (target, lane) select target, $2 from unnest($1::text[]) as v(target)', [
    targets,
    lane,
  ])
}

export interface Claim {
  readonly account_id: AccountId
  readonly lane: Lane
  readonly attempts: number
  readonly verify_at: Date | null
  /** That time has come, by the store's clock: what was feared to land late has landed, or never will. */
  readonly verify_due: boolean
  /**
   * Desired states that earlier runs may have brought about, wholly or in part, without anybody having read back and noted what came
   * of it; empty when the store knows what was written.
   */
  readonly intents: readonly Intent[]
  /** The same, with the state that this run sets out for: all that its end settles. */
  readonly noted: readonly Intent[]
  readonly lease_counter: string
}

/** Of the intents of work `w`, those that were added since it was claimed with `noted`: whoever ran it knew nothing of them. */
export const intentsSince = (noted: string) =>
  `case when jsonb_typeof(w.intents) = 'array'
        then (select coalesce(jsonb_agg(each), '[]') from jsonb_array_elements(w.intents) each where not ${noted} @> jsonb_build_array(each))
        else '[]' end`

/**
 * Takes up to `limit` due accounts of a lane for `leaseMs`; what another worker holds is left to it. One whose lease ran out may have
 * had a write in flight: it is looked at once more after `lateWriteMs`, when that write has landed or never will. With `historyLost`, an
 * account that was never read may have been made by a run that the store has forgotten: what is desired now counts as set out for.
 */
export async function claimWork(
  pool: pg.Pool,
  target: string,
  lane: Lane,
  owner: string,
  leaseMs: number,
  lateWriteMs: number,
  limit: number,
  historyLost = false,
): Promise<readonly Claim[]> {
  const { rows } = await pool.query<Claim>(
    `with due as (
       select account_id, intents from account_work held
        where target = $1 and lane = $2 and due_at <= now() and dead_at is null and not ${isLeased('held')}
        order by due_at limit $6 for update skip locked)
     update account_work w
        set lease_owner = $3, lease_until = now() + $4 * interval '1 ms', lease_counter = lease_counter + 1,
            intents = case when a.desired is null or due.intents @> jsonb_build_array(jsonb_build_object('desired', a.desired)) then due.intents
                           else due.intents || jsonb_build_object('desired', a.desired, 'mac', encode(a.desired_mac, 'base64')) end,
            verify_at = case when w.lease_owner is null then w.verify_at else greatest(w.verify_at, now() + $5 * interval '1 ms') end
       from due join account a on a.id = due.account_id where w.account_id = due.account_id
     returning w.account_id, w.lane, w.attempts, w.verify_at, coalesce(w.verify_at <= now(), false) as verify_due, w.lease_counter,
            w.intents as noted, case when $7 and a.actual_at is null then w.intents else due.intents end as intents`,
    [target, lane, owner, leaseMs, lateWriteMs, limit, historyLost],
  )
  return rows
}

/** Of these accounts, those that became urgent: their running work gives way. */
export async function turnedUrgent(pool: pg.Pool, running: readonly AccountId[]): Promise<readonly AccountId[]> {
  const { rows } = await pool.query<{ account_id: AccountId }>(
    `select account_id from account_work where account_id = any($1::uuid[]) and lane = 'urgent' and due_at <= now()`,
    [running],
  )
  return rows.map(({ account_id }) => account_id)
}

/** Locks these accounts, and the work that was given up; until the caller's transaction ends no worker takes any of them on. Returns those that one is at, or will be soon. */
export async function lockIdle(client: pg.ClientBase, accounts: readonly AccountId[]): Promise<ReadonlySet<AccountId>> {
  await client.query('select from account where id = any($1::uuid[]) order by id for update', [accounts])
  const { rows } = await client.query<{ account_id: AccountId; dead: boolean }>(
    `select account_id, dead_at is not null as dead from account_work where account_id = any($1::uuid[]) order by account_id for update`,
    [accounts],
  )
  return new Set(rows.filter(({ dead }) => !dead).map(({ account_id }) => account_id))
}

/** Gives back accounts that were claimed and not begun. */
export async function unclaim(pool: pg.Pool, owner: string, claims: readonly Claim[]): Promise<void> {
  if (claims.length === 0) return
  await pool.query(
    `update account_work w set lease_owner = null, lease_until = null, intents = v.intents || ${intentsSince('v.noted')}
       from unnest($2::uuid[], $3::jsonb[], $4::jsonb[]) as v(id, intents, noted) where w.lease_owner = $1 and w.account_id = v.id`,
    [
      owner,
      claims.map(({ account_id }) => account_id),
      claims.map(({ intents }) => JSON.stringify(intents)),
      claims.map(({ noted }) => JSON.stringify(noted)),
    ],
  )
}

/** Keeps leases alive while work runs long; of those accounts only, so that one which got stuck is taken over. */
export async function renewLeases(
  pool: pg.Pool,
  owner: string,
  accounts: readonly AccountId[],
  leaseMs: number,
): Promise<void> {
  await pool.query(
    `update account_work set lease_until = now() + $3 * interval '1 ms'
      where lease_owner = $1 and account_id = any($2::uuid[]) and lease_until is not null`,
    [owner, accounts, leaseMs],
  )
}

/**
 * Gives back what this process still holds when all its runs have ended, so that another takes it at once: the end of these could not be noted,
 * and what they wrote may land up to `lateWriteMs` from now.
 */
export async function releaseLeases(pool: pg.Pool, owner: string, lateWriteMs: number): Promise<void> {
  await pool.query(
    `update account_work set lease_owner = null, lease_until = null, verify_at = greatest(verify_at, now() + $2 * interval '1 ms')
      where lease_owner = $1`,
    [owner, lateWriteMs],
  )
}

/** Lanes with something due that nobody holds: the sweeper wakes them. */
export async function dueLanes(pool: pg.Pool): Promise<readonly { target: string; lane: Lane }[]> {
  const { rows } = await pool.query<{ target: string; lane: Lane }>(
    // Asked lane by lane, each ends at its first hit, however long the list is.
    `select target.id as target, l.lane from target cross join unnest(array['urgent', 'bulk']) as l(lane)
      where exists (select 1 from account_work w where w.target = target.id and w.lane = l.lane and w.due_at <= now() and w.dead_at is null
                       and not ${isLeased('w')})`,
  )
  return rows
}

/** How many accounts wait in each lane, by target; what was given up does not. */
export async function waitingWork(
  client: pg.ClientBase | pg.Pool,
): Promise<ReadonlyMap<string, { readonly urgent: number; readonly bulk: number }>> {
  const { rows } = await client.query<{ target: string; urgent: number; bulk: number }>(
    `select target, count(*) filter (where lane = 'urgent')::int as urgent, count(*) filter (where lane = 'bulk')::int as bulk
       from account_work where dead_at is null group by target`,
  )
  return new Map(rows.map(({ target, urgent, bulk }) => [target, { urgent, bulk }]))
}

/** Of these targets, those with a lock-out that is due and that nobody holds: each asked through the index, so it costs next to nothing. */
export async function urgentlyDue(pool: pg.Pool, targets: readonly string[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ target: string }>(
    `select target from unnest($1::text[]) as t(target)
      where exists (select from account_work w where w.target = t.target and w.lane = 'urgent' and w.due_at <= now() and w.dead_at is null
                       and not ${isLeased('w')})`,
    [targets],
  )
  return rows.map(({ target }) => target)
}

/** Makes what waits for a target due at once, and wakes its lanes; part of the caller's transaction. */
export async function wakeLanes(client: pg.ClientBase, target: string): Promise<void> {
  await client.query('update account_work set due_at = now() where target = $1 and dead_at is null', [target])
  await client.query(`insert into outbox (target, lane) values ($1, 'urgent'), ($1, 'bulk')`, [target])
}

/**
 * Brings forward what lies further off than any run ever puts it, and takes back that more was applied than was ever desired: by neither
 * is an account kept from being looked at. Returns the accounts. What is only held for longer than any worker does holds nothing (`isLeased`),
 * and may come of a clock that was set back: that is no sign of somebody else.
 */
export async function mendTimes(pool: pg.Pool, target: string): Promise<readonly AccountId[]> {
  const { rows } = await pool.query<{ id: AccountId }>(
    `with far as (
       update account_work set due_at = least(due_at, now()),
              lease_until = case when lease_until < now() + interval '1 day' then lease_until end,
              verify_at = case when verify_at > now() + interval '1 day' then now() else verify_at end
        where target = $1 and greatest(due_at, lease_until, verify_at) > now() + interval '1 day' returning account_id as id),
     ahead as (
       update account set applied_version = desired_version - 1 where target = $1 and applied_version > desired_version returning id)
     select id from far union select id from ahead`,
    [target],
  )
  return rows.map(({ id }) => id)
}

/** Re-creates list entries that got lost: accounts that are not as desired, or whose lock-out is not proven, and that are not on the list. Who is marked as frozen is looked at elsewhere. */
export async function restoreLostWork(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `insert into account_work (account_id, target, lane)
     select a.id, a.target, case when bool_or(due.urgent) then 'urgent' else 'bulk' end
       from (select id, false as urgent from account where desired_version > applied_version
             union all select account_id, true from lockout where proven_at is null and ended_at is null) due
       join account a using (id) left join account_work w on w.account_id = a.id
      where w.account_id is null and a.frozen_at is null
      group by a.id, a.target
     on conflict do nothing`,
  )
  return rowCount ?? 0
}
