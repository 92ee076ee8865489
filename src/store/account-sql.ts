/**
 * What the texts of an account's row begin with, as conditions of SQL. They find accounts to look at, cheaply, and nothing more: whether
 * a row is genuine is seen when it is loaded.
 */

/** `column` holds parts (`desired` or `wanted`) whose lock is closed. */
export const isClosed = (column: string) => `${column} like '{"lock":"closed",%'`

/** `column` holds parts of an account that is to be deleted, or was. */
export const isGone = (column: string) => `${column} like '{"lock":"closed","gone":true,%'`

/** `column` holds parts whose lock is open. */
export const isOpen = (column: string) => `${column} like '{"lock":"open",%'`

/** `column` holds what is ours (`owned`) of an account that is there by us, or was taken over. */
export const isMade = (column: string) => `${column} like '{"made":true,%'`

/** A lock-out of account `id` is being worked on, or will be soon: work that was given up, or lies far off, shuts nobody. */
export const isBeingShut = (id: string) =>
  `exists (select from account_work w where w.account_id = ${id} and w.lane = 'urgent' and w.dead_at is null and w.due_at < now() + interval '1 hour')`

/** So long a worker takes an account for; it renews that every third of it, and is overtaken after it. */
export const leaseMs = 3_600

/** A worker is at work `w`. One that says so for longer than any worker does was written by somebody else, and holds nothing. */
export const isLeased = (w: string) =>
  `coalesce(${w}.lease_until >= now() and ${w}.lease_until < now() + interval '${2 * leaseMs} ms', false)`

/**
 * A run of ours is at account `id`, or was cut off and comes again within seconds: what it wrote is noted only then. The note that it set out
 * is in the row before anything is written (`claimWork`).
 */
export const isUnsettled = (id: string) =>
  `exists (select from account_work w where w.account_id = ${id}
             and (${isLeased('w')} or (w.intents <> '[]' and w.dead_at is null and w.due_at < now() + interval '15 seconds')))`

/** A worker is at the account, or has yet to bring about what is desired of it. Of one that is to be shut only a lock-out keeps others from looking. */
export const isBusy = (account: string) =>
  `case when ${isClosed(`${account}.desired`)} then ${isBeingShut(`${account}.id`)}
        else ${account}.desired_version > ${account}.applied_version or exists (select from account_work w where w.account_id = ${account}.id) end`

/** Somebody said by name that `account` may stay as it is; whether it really was said is looked at every quarter minute (`reviewDiscards`). */
export const isDiscarded = (account: string) =>
  `coalesce(${account}.discarded_version = ${account}.desired_version and ${account}.discarded_guard is not null, false)`
