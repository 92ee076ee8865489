/** Reads on in the log of one source, and looks at each account of which it tells that what its person presents was enrolled or changed; done and position in one transaction. */
import type { ActualAccount } from '../../connector/contract.ts'
import { withCallScope } from '../../connector/egress/call-scope.ts'
import { ConnectorError } from '../../connector/errors.ts'
import { classOf, type EventType } from '../../model/events/types.ts'
import type { AccountId, PersonId } from '../../model/id.ts'
import { isUnsettled } from '../../store/account-sql.ts'
import { forEachDigest } from '../../store/by-digest.ts'
import { driftsOf } from '../../store/drifts.ts'
import { beginGuardPosition, readGuardPosition, saveGuardPosition } from '../../store/event-guard.ts'
import { accountDigest } from '../../store/identifiers.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { Confirmation, loadItems } from '../drift/confirm.ts'
import { tellForged } from '../forged.ts'
import { inParallel } from '../in-parallel.ts'
import type { WorkItem } from '../reconcile/work-item.ts'
import { alarmsOf, tellDoors } from './door-alarms.ts'
import { isAnnounced, isOurs, unsettledAmong, windowsOf } from './expected.ts'
import { type GuardedEvent, happenedAt, type ReadEvents } from './feed.ts'
import { dealWith, type Finding } from './findings.ts'
import { noteMarks } from './marks.ts'
import { type Verdict, verdictOn } from './verdict.ts'

/** Events looked at together. */
const pageMax = 500
/** So long an event waits for a run of ours on that account to end, or to come again where it was cut off, or for the target to answer. */
const patienceMs = 15_000
const dayMs = 86_400_000

/** What only takes away lets nobody in: drift tells it. */
const takenAway: ReadonlySet<EventType> = new Set([
  'credential.removed',
  'credential.disabled',
] as const satisfies EventType[])

/** By source, since when this process looks through its log, and up to where it has: a row that says less was put back. */
export type Seen = Map<string, { readonly since: Date; readonly upTo: number }>

/** True when there may be more. @throws what `pg` throws; ConnectorError never. */
export async function watchOnce(
  context: SyncContext,
  target: TargetSetup,
  read: ReadEvents,
  seen: Seen,
  signal: AbortSignal,
): Promise<boolean> {
  const known = seen.get(target.id) ?? { since: context.now(), upTo: 0 }
  seen.set(target.id, known)
  const after = await positionOf(context, target.id, known.upTo)
  const page = await read(target.id, after, pageMax)
  if (page.upTo <= after) return false
  const suspects = await suspectsAmong(context, target, page.events)
  const judged = await judge(context, target, suspects, known.since, signal)
  const upTo = Math.min(page.upTo, judged.before - 1)
  if (upTo <= after) return false
  await inTransaction(context.database.pool, async (client) => {
    const { vault } = context
    await beginGuardPosition(client, vault, target.id)
    const now = await readGuardPosition(client, vault, target.id, true)
    // Another process was here meanwhile.
    if (now?.genuine === true && now.position > after) return
    await tellDoors(client, context, target.id, alarmsOf(page.events.filter(({ position }) => position <= upTo)))
    const done = judged.looks.filter(({ position }) => position <= upTo)
    for (const { item, actual, isNew, at, begunAt } of done)
      if (actual !== null) await noteMarks(client, context, item, actual, { changedAt: isNew ? at : null, begunAt })
    await dealWith(client, context, target, done.flatMap(findingOf))
    await saveGuardPosition(client, vault, target.id, upTo)
  })
  seen.set(target.id, { ...known, upTo })
  return true
}

async function positionOf(context: SyncContext, source: string, known: number): Promise<number> {
  const found = await readGuardPosition(context.database.pool, context.vault, source)
  const isRight = found === null ? known === 0 : found.genuine && found.position >= known
  if (!isRight) await tellForged(context.database.pool, context, source)
  return Math.max(known, found?.genuine === true ? found.position : 0)
}

/** An account of which something was told that no order of ours explains. */
interface Suspect {
  readonly item: WorkItem
  /** Of the first and the newest such event. */
  readonly first: number
  readonly position: number
  readonly at: Date
  readonly receivedAt: Date
  readonly biometric: boolean
  /** Somebody said before that something is to be enrolled: only noted. */
  readonly announced: boolean
  /** A run of ours is at it, or was cut off: what it wrote shows when it is over. */
  readonly busy: boolean
}

async function suspectsAmong(
  context: SyncContext,
  target: TargetSetup,
  events: readonly GuardedEvent[],
): Promise<readonly Suspect[]> {
  const told = events.filter(
    ({ event: { type, account } }) => account !== null && classOf(type) === 'credential' && !takenAway.has(type),
  )
  if (told.length === 0) return []
  const items = await accountsOf(context, target, told)
  const named = [...new Set(items.values())]
  const windows = await windowsOf(context, named, new Date(context.now().getTime() - 7 * dayMs))
  const busy = await unsettledAmong(context, named)
  const suspects = new Map<AccountId, Suspect>()
  for (const each of told) {
    const item = items.get(each.event.account ?? '')
    if (item === undefined) continue
    const at = happenedAt(each)
    const biometric = each.event.type.startsWith('biometric.')
    if (!biometric && isOurs(item, at)) continue
    const before = suspects.get(item.row.id)
    const announced = isAnnounced(item, windows, at)
    suspects.set(item.row.id, {
      ...{ item, at, position: each.position, receivedAt: each.receivedAt, busy: busy.has(item.row.id) },
      first: before?.first ?? each.position,
      biometric: biometric || before?.biometric === true,
      announced: announced && before?.announced !== false,
    })
  }
  return [...suspects.values()]
}

/** By the id that the system names; accounts of nobody are none of ours. */
async function accountsOf(
  context: SyncContext,
  target: TargetSetup,
  told: readonly GuardedEvent[],
): Promise<ReadonlyMap<string, WorkItem>> {
  const names = [...new Set(told.flatMap(({ event }) => event.account ?? []))]
  const digests = names.map((name) => accountDigest(context.vault, target.id, name))
  const { rows } = await context.database.pool.query<{ i: number; id: AccountId }>(
    forEachDigest(
      '$2',
      16,
      'select a.id from account a where target = $1 and external_digest = d.digest and desired is not null and person_id is not null',
    ),
    [target.id, Buffer.concat(digests)],
  )
  const items = new Map((await loadItems(context, rows)).map((item) => [item.row.id, item]))
  return new Map(
    rows.flatMap(({ i, id }) => {
      const item = items.get(id)
      return item === undefined ? [] : [[names[i] as string, item] as const]
    }),
  )
}

interface Judged {
  readonly item: WorkItem
  readonly actual: ActualAccount | null
  readonly verdict: Verdict
  /** It changed, whether that was expected or not. */
  readonly isNew: boolean
  readonly position: number
  readonly at: Date
  readonly begunAt: Date
}

/** `before`: from this position on nothing is decided yet. Who was away as long as this process runs has to come back first (`since`). */
async function judge(
  context: SyncContext,
  target: TargetSetup,
  suspects: readonly Suspect[],
  since: Date,
  signal: AbortSignal,
): Promise<{ readonly looks: readonly Judged[]; readonly before: number }> {
  let before = Number.POSITIVE_INFINITY
  /** From its first event on, nothing is decided yet; not where it has waited for long enough. */
  const isLeftForLater = ({ first, receivedAt }: Suspect): boolean => {
    if (context.now().getTime() - Math.max(receivedAt.getTime(), since.getTime()) > patienceMs) return false
    before = Math.min(before, first)
    return true
  }
  const looks = await inParallel(suspects, target.concurrency, async (suspect): Promise<Judged | null> => {
    const { item, position, at } = suspect
    const begunAt = context.now()
    if (suspect.busy && isLeftForLater(suspect)) return null
    try {
      const looked = await look(context, target, suspect, signal)
      // What we saw may be what a run of ours wrote while we looked: known only to whoever loads the account anew.
      if (looked.verdict !== 'nothing' && (await hasMovedOn(context, item)) && isLeftForLater(suspect)) return null
      return { item, position, at, begunAt, ...looked }
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error
      signal.throwIfAborted()
      // What can't be looked at is not taken for right.
      return isLeftForLater(suspect)
        ? null
        : { item, position, at, begunAt, actual: null, verdict: 'unread', isNew: true }
    }
  })
  return { looks: looks.flatMap((each) => each ?? []), before }
}

/** Whether a run of ours is at this account, is to come again, or has noted something of it since it was loaded. */
async function hasMovedOn({ database }: SyncContext, { row }: WorkItem): Promise<boolean> {
  const { rows } = await database.pool.query<{ moved: boolean }>(
    `select a.actual_version is distinct from $2 or a.owned is distinct from $3
            or ${isUnsettled('a.id')} as moved
       from account a where a.id = $1`,
    [row.id, row.actual_version, row.owned],
  )
  return rows[0]?.moved !== false
}

async function look(
  context: SyncContext,
  target: TargetSetup,
  { item, at, biometric, announced }: Suspect,
  signal: AbortSignal,
): Promise<Pick<Judged, 'actual' | 'verdict' | 'isNew'>> {
  const { pausedBecause } = await context.standings.recent(target.id)
  if (pausedBecause !== null) throw new ConnectorError({ kind: 'transient', code: 'engine.paused' })
  const { accounts } = target.connection
  const { result: actual } = await withCallScope({ lane: 'urgent' }, () => accounts.read(item.externalId, signal))
  if (announced) return { actual, verdict: 'nothing', isNew: true }
  const known = await driftsOf(context.database.pool, context.vault, [item.row.id])
  const verdict = verdictOn(context, target, { item, actual, known }, { at, biometric })
  // What everybody can see is drift: noted at once, so that it explains nothing that comes after.
  if (verdict === 'visible') await new Confirmation(context, target, signal, { isRecent: () => false }).confirm([item])
  return { actual, verdict, isNew: verdict !== 'nothing' }
}

function findingOf({ item, verdict, position }: Judged): readonly Finding[] {
  if (verdict === 'nothing') return []
  return [{ account: item.row.id, person: item.row.person_id as PersonId, verdict, position }]
}
