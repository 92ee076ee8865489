/** What a sweep sees of what people present, where no event told of it: fingers and faces by their counts, a PIN, a card, a record that somebody changed. */
import type { ActualAccount, ListedAccount } from '../../connector/contract.ts'
import type { PersonId } from '../../model/id.ts'
import { driftsOf } from '../../store/drifts.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import type { WorkItem } from '../reconcile/work-item.ts'
import { isAnnounced, unsettledAmong, windowsOf } from './expected.ts'
import { dealWith, type Finding } from './findings.ts'
import { noteMarks } from './marks.ts'
import { hasOtherCounts, verdictOn } from './verdict.ts'

export interface Looked {
  readonly item: WorkItem
  readonly actual: ActualAccount
}

/** Whether a list shows something else than was noted, so that the account is worth a look of its own. */
export function hasOtherMarks({ lastSeen }: WorkItem, actual: ListedAccount | null): boolean {
  if (lastSeen === null || actual === null) return false
  const [was, is] = [lastSeen.marks, actual.marks]
  const isOtherRecord = was?.revision != null && is?.revision != null && was.revision !== is.revision
  return isOtherRecord || hasOtherCounts(was, is)
}

/** `since`: drifts that were noted from then on are found by this very look. What a run of ours is at, or was cut off from, is left to the next one. */
export async function lookThrough(
  context: SyncContext,
  target: TargetSetup,
  seen: readonly Looked[],
  since: Date,
): Promise<void> {
  const unsettled = await unsettledAmong(
    context,
    seen.map(({ item }) => item),
  )
  const looked = seen.filter(({ item }) => !unsettled.has(item.row.id))
  if (looked.length === 0) return
  const { database, vault, now } = context
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
    return { ...look, verdict: isAnnounced(item, windows, from, now()) ? ('nothing' as const) : verdict }
  })
  const news = looks.filter(({ verdict, item, actual }) => verdict !== 'nothing' || isToBeNoted(item, actual))
  if (news.length === 0) return
  await inTransaction(database.pool, async (client) => {
    for (const { item, actual, verdict } of news)
      await noteMarks(client, context, item, actual, verdict === 'nothing' ? null : now())
    const findings = news.flatMap(({ item: { row }, verdict }): Finding[] =>
      verdict === 'nothing' ? [] : [{ account: row.id, person: row.person_id as PersonId, verdict, position: null }],
    )
    await dealWith(client, context, target, findings)
  })
}

function isToBeNoted(item: WorkItem, actual: ActualAccount): boolean {
  const { lastSeen } = item
  if (lastSeen === null) return false
  const isFirst = lastSeen.marks === undefined && actual.marks !== undefined
  return isFirst || lastSeen.pin !== actual.pin || hasOtherMarks(item, actual)
}
