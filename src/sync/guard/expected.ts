/** Whether something that was told of an account is our own doing, or was announced: by an order of ours around that time, or by an enrolment window that somebody opened by name. */
import type { AccountId, PersonId } from '../../model/id.ts'
import { isUnsettled } from '../../store/account-sql.ts'
import { enrolmentsOf } from '../../store/enrolments.ts'
import type { EnrolmentRow } from '../../store/guards.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import type { WorkItem } from '../reconcile/work-item.ts'

/** So long readers take to tell of a change; less is enough where the account can be asked whether it is as we left it. */
const readerMs = 10_000
const quickReaderMs = 2_000
/** So long what was enrolled in a window may be told after it. */
const afterMs = 5_000
/** So much earlier than our own notes it may seem to be, by clocks of two machines, of which one tells whole seconds. */
const earlyMs = 2_000

/** Told so close to an order of ours that nobody need look. */
export function isOurs({ owned: { wrote }, lastSeen }: WorkItem, at: Date): boolean {
  if (wrote === undefined) return false
  const laterMs = lastSeen?.marks?.revision == null ? readerMs : quickReaderMs
  return at.getTime() >= Date.parse(wrote.from) - earlyMs && at.getTime() <= Date.parse(wrote.to) + laterMs
}

/** Whether one of these windows of the person was open at some time from `from` to `to`. */
export function isAnnounced({ row }: WorkItem, windows: readonly EnrolmentRow[], from: Date, to: Date = from): boolean {
  return windows.some((window) => {
    const endsAt = Math.min(window.until.getTime(), window.closed_at?.getTime() ?? Number.POSITIVE_INFINITY)
    const isOpenThen = window.opened_at.getTime() - earlyMs <= to.getTime() && endsAt + afterMs >= from.getTime()
    return window.person_id === row.person_id && isOpenThen
  })
}

/** Of the people of these accounts, those that ended after `since`; one that somebody else wrote is none, and told. */
export async function windowsOf(
  context: SyncContext,
  items: readonly WorkItem[],
  since: Date,
): Promise<readonly EnrolmentRow[]> {
  const { database, vault } = context
  const people = [...new Set(items.map(({ row }) => row.person_id as PersonId))]
  const found = await enrolmentsOf(database.pool, vault, people, since)
  await tellForged(database.pool, context, ...found.flatMap(({ row, genuine }) => (genuine ? [] : [row.id])))
  return found.flatMap(({ row, genuine }) => (genuine ? [row] : []))
}

/** Those that a run of ours is at, or was cut off from: what it wrote is noted when it is over. */
export async function unsettledAmong(
  { database }: SyncContext,
  items: readonly WorkItem[],
): Promise<ReadonlySet<AccountId>> {
  const { rows } = await database.pool.query<{ id: AccountId }>(
    `select a.id from account a where a.id = any($1::uuid[]) and ${isUnsettled('a.id')}`,
    [items.map(({ row }) => row.id)],
  )
  return new Set(rows.map(({ id }) => id))
}
