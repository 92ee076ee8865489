/** What a sweep sees of what people present, where no event told of it: fingers and faces by their counts, a PIN, a card, a record that somebody changed. */
import type { ActualAccount, ListedAccount } from '../../connector/contract.ts'
import type { PersonId } from '../../model/id.ts'
import { driftsOf } from '../../store/drifts.ts'
import type { EnrolmentRow } from '../../store/guards.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import type { WorkItem } from '../reconcile/work-item.ts'
import { hasOtherBiometrics, isOtherTemplateNote } from './biometrics.ts'
import { isAnnounced, unsettledAmong, windowsOf } from './expected.ts'
import { dealWith, type Finding } from './findings.ts'
import { noteMarks } from './marks.ts'
import { verdictOn } from './verdict.ts'

export interface Looked {
  readonly item: WorkItem
  readonly actual: ActualAccount
}

/** Whether a list shows something else than was noted, so that the account is worth a look of its own. */
export function hasOtherMarks({ lastSeen }: WorkItem, actual: ListedAccount | null): boolean {
  if (lastSeen === null || actual === null) return false
  const [was, is] = [lastSeen.marks, actual.marks]
  const isOtherRecord = was?.revision != null && is?.revision != null && was.revision !== is.revision
  return isOtherRecord || hasOtherBiometrics(was, is)
}

export interface LookTimes {
  /** Before anything was read. */
  readonly begunAt: Date
  /** Drifts that were noted from then on are found by this very look. */
  readonly since: Date
}

/** What a run of ours is at, was cut off from, or wrote without an answer that the system may still carry out, is left to the next one. `isOpening`: a window is about to open, which begins with this look. Returns how many were looked at. */
export async function lookThrough(
  context: SyncContext,
  target: TargetSetup,
  seen: readonly Looked[],
  { begunAt, since, isOpening = false }: LookTimes & { readonly isOpening?: boolean },
): Promise<number> {
  const unsettled = await unsettledAmong(
    context,
    seen.map(({ item }) => item),
  )
  const { database, vault, now } = context
  const mayLand = ({ owned: { wrote } }: WorkItem) => wrote !== undefined && Date.parse(wrote.to) > now().getTime()
  const looked = seen.filter(({ item }) => !unsettled.has(item.row.id) && !mayLand(item))
  if (looked.length === 0) return 0
  const known = (
    await driftsOf(
      database.pool,
      vault,
      looked.map(({ item }) => item.row.id),
    )
  ).filter(({ found_at }) => found_at < since)
  // Nobody looked at it for so long, at most.
  const from = new Date(now().getTime() - Math.max(target.sweepEveryMs, target.deepSweep.everyMs) - 3_600_000)
  const windows = await windowsOf(
    context,
    looked.map(({ item }) => item),
    from,
  )
  const looks = looked.map((look) => {
    const { item } = look
    const own = known.filter(({ account_id }) => account_id === item.row.id)
    const verdict = verdictOn(context, target, { ...look, known: own }, { at: null, biometric: false })
    return { ...look, verdict: isExplained(item, windows, from, now()) ? ('nothing' as const) : verdict }
  })
  const news = looks.filter(
    ({ verdict, item, actual }) =>
      // What a window may have explained was looked at now: it explains nothing that comes later.
      isOpening || verdict !== 'nothing' || isToBeNoted(item, actual) || windows.some(isOf(item)),
  )
  if (news.length === 0) return looked.length
  await inTransaction(database.pool, async (client) => {
    for (const { item, actual, verdict } of news)
      await noteMarks(client, context, item, actual, { changedAt: verdict === 'nothing' ? null : now(), begunAt })
    const findings = news.flatMap(({ item: { row }, verdict }): Finding[] =>
      verdict === 'nothing' ? [] : [{ account: row.id, person: row.person_id as PersonId, verdict, position: null }],
    )
    await dealWith(client, context, target, findings)
  })
  return looked.length
}

/**
 * Nothing says when it changed, but that it was after the look before. So a window explains it that was open in between, and was so when
 * that look began: one that was opened after a swap explains none.
 */
function isExplained(item: WorkItem, windows: readonly EnrolmentRow[], from: Date, to: Date): boolean {
  const lookedAt = item.lastSeen?.lookedAt
  if (lookedAt === undefined) return false
  const before = new Date(lookedAt)
  const open = windows.filter((window) => window.opened_at <= before)
  return isAnnounced(item, open, before > from ? before : from, to)
}

function isOf({ row }: WorkItem): (window: EnrolmentRow) => boolean {
  return ({ person_id: person }) => person === row.person_id
}

function isToBeNoted(item: WorkItem, actual: ActualAccount): boolean {
  const { lastSeen } = item
  if (lastSeen === null) return false
  const isFirst = lastSeen.marks === undefined && actual.marks !== undefined
  return (
    isFirst ||
    lastSeen.pin !== actual.pin ||
    isOtherTemplateNote(lastSeen.marks, actual.marks) ||
    hasOtherMarks(item, actual)
  )
}
