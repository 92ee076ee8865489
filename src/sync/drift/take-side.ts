/** A person decides about what was changed by hand: it may stay, it is undone, or it may stay no longer; one drift, one account, or a whole class. */
import { recordAuditMany } from '../../audit/record.ts'
import { type DriftClass, driftClasses, mayChoose } from '../../model/drift.ts'
import type { AccountId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { acceptDrifts, type DriftFilter, driftsAt, isGenuineDrift } from '../../store/drifts.ts'
import type { DriftRow } from '../../store/guards.ts'
import { keysOfObjects } from '../../store/object-keys.ts'
import { inTransaction } from '../../store/transaction.ts'
import { lockIdle } from '../../store/work.ts'
import { certain } from '../certain.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { tellForged } from '../forged.ts'
import { acceptableAmong } from './acceptable.ts'
import { mayAct } from './apply-policy.ts'
import { changeNotes, type Fight, tellFights } from './fights.ts'
import { leaveOutNoMore, letStand } from './leaves.ts'
import { undoByForce } from './reverts.ts'
import { type Decider, refuseTooMany } from './side-limit.ts'
import { isOursToUndo, undoBatch, undoSome } from './undo.ts'

/** Drifts per transaction, where nothing is written at the target. */
const batch = 500

/** Which drifts of a target a person means; what is left out limits nothing. */
export interface DriftChosen {
  readonly class?: DriftClass | undefined
  readonly account?: AccountId | undefined
  readonly id?: string | undefined
}

export interface TakenSide {
  /** Drifts that were decided about. */
  readonly drifts: number
  /** Those that were left: not ours to undo, of somebody with changes that wait, or being worked on. */
  readonly left: number
}

interface By extends Decider {
  readonly reason: string
}

/**
 * What was found may stay: it is reported no more, and the next write of the account leaves it.
 * @throws Refusal `target.unknown`, `drift.not-accepted`, `drift.nothing`, `drift.too-many`.
 */
export async function acceptByHand(
  context: SyncContext,
  target: string,
  chosen: DriftChosen,
  by: By,
): Promise<TakenSide> {
  const classes = classesThatMay(chosen, 'accept')
  if (classes.length === 0) throw new Refusal('drift.not-accepted')
  return stand(context, target, { ...chosen, classes, accepted: false }, by)
}

/**
 * What was accepted is reported again, and undone again where the configuration says so.
 * @throws Refusal `target.unknown`, `drift.nothing`, `drift.too-many`.
 */
export async function withdrawByHand(
  context: SyncContext,
  target: string,
  chosen: DriftChosen,
  by: By,
): Promise<TakenSide> {
  const classes = chosen.class === undefined ? driftClasses : [chosen.class]
  return stand(context, target, { ...chosen, classes, accepted: true }, by)
}

/**
 * It is undone, once, however many they are and whoever fights for it; what happens when it comes back, the configuration says.
 * @throws Refusal `target.unknown`, `drift.not-reverted`, `drift.target-waits`, `drift.not-ours`, `drift.nothing`, `drift.too-many`.
 */
export async function revertByHand(
  context: SyncContext,
  target: string,
  chosen: DriftChosen,
  by: By,
): Promise<TakenSide> {
  const setup = setupOf(context, target)
  const classes = classesThatMay(chosen, 'revert').filter((is) => is !== 'opened' && is !== 'card-unblocked')
  if (classes.length === 0) throw new Refusal('drift.not-reverted')
  // What is noted while it stands still would be done when nobody thinks of it any more.
  if (!(await mayAct(context, setup, true))) throw new Refusal('drift.target-waits')
  const filter = { ...chosen, classes, accepted: false }
  const isOurs = (row: DriftRow) => row.account_id !== null && isOursToUndo(context, setup, row)
  await checkNumber(context, target, filter, by, isOurs)
  let drifts = 0
  let left = 0
  let notOurs = 0
  await eachPage(context, target, filter, async (rows) => {
    const ours = rows.filter(isOurs)
    notOurs += rows.length - ours.length
    const undone = await undo(context, target, ours, by)
    drifts += undone
    left += rows.length - undone
  })
  if (drifts + left === 0) throw new Refusal('drift.nothing')
  if (drifts === 0 && left === notOurs) throw new Refusal('drift.not-ours')
  await tellFights(context, target)
  return { drifts, left }
}

/** Before anything is done: of too many nothing is decided at all. */
async function checkNumber(
  context: SyncContext,
  target: string,
  filter: DriftFilter,
  by: By,
  isMeant: (row: DriftRow) => boolean,
): Promise<void> {
  if (by.isAdmin) return
  const meant: DriftRow[] = []
  await eachPage(context, target, filter, (rows) =>
    inTransaction(context.database.pool, async (client) => {
      meant.push(...rows.filter(isMeant))
      await refuseTooMany(client, context, target, by, meant)
    }),
  )
}

async function undo(
  context: SyncContext,
  target: string,
  rows: readonly DriftRow[],
  { reason, ...by }: By,
): Promise<number> {
  const asked = [...Map.groupBy(rows, ({ account_id }) => account_id as AccountId)]
  let count = 0
  for (let start = 0; start < asked.length; start += undoBatch)
    count += await inTransaction(context.database.pool, async (client) => {
      const some = new Map(asked.slice(start, start + undoBatch))
      await refuseTooMany(client, context, target, by, [...some.values()].flat())
      const undone = await undoSome(client, context, some, {
        ...{ actor: by.subject, reason, lane: 'bulk' },
        decide: (owned, drift) => undoByForce(leaveOutNoMore(owned, drift), drift, context.now()),
      })
      return undone.length
    })
  return count
}

async function stand(
  context: SyncContext,
  target: string,
  filter: DriftFilter,
  { reason, ...by }: By,
): Promise<TakenSide> {
  setupOf(context, target)
  const { vault, now } = context
  const { subject } = by
  // That an account of nobody is reported again changes nothing there.
  const isCounted = ({ account_id }: DriftRow) => !filter.accepted || account_id !== null
  await checkNumber(context, target, filter, { reason, ...by }, isCounted)
  let drifts = 0
  let left = 0
  await eachPage(context, target, filter, (page) =>
    inTransaction(context.database.pool, async (client) => {
      const busy = await lockIdle(
        client,
        page.flatMap(({ account_id }) => account_id ?? []),
      )
      const ids = page.map(({ id }) => id)
      const { rows } = await client.query<DriftRow>(
        'select * from drift where id = any($1::uuid[]) and (accepted_at is not null) = $2 order by id for update',
        [ids, filter.accepted],
      )
      const known = rows.filter((row) => isGenuineDrift(vault, row))
      // A worker may be undoing it just now, or leaving it out, and would not know that it may stay, or may not.
      const idle = known.filter(({ account_id }) => account_id === null || !busy.has(account_id))
      const genuine = filter.accepted ? idle : await acceptableAmong(client, target, idle)
      left += known.length - genuine.length
      await refuseTooMany(client, context, target, by, genuine.filter(isCounted))
      const fights = genuine.flatMap((row): Fight[] =>
        row.account_id === null ? [] : [{ account: row.account_id, drift: row }],
      )
      await changeNotes(client, context, fights, filter.accepted ? leaveOutNoMore : letStand)
      const keys = await keysOfObjects(
        client,
        vault,
        genuine.flatMap(({ account_id }) => account_id ?? []),
      )
      await acceptDrifts(client, vault, genuine, filter.accepted ? null : { at: now(), by: subject })
      await recordAuditMany(
        client,
        vault,
        genuine.map((row) => ({
          actor: subject,
          action: filter.accepted ? ('drift.withdrawn' as const) : ('drift.accepted' as const),
          object: row.account_id ?? '',
          details: { target, class: row.class, part: row.part, reason },
          about: keys.get(row.account_id ?? '')?.[0],
        })),
        now(),
      )
      drifts += genuine.length
    }),
  )
  if (drifts + left === 0) throw new Refusal('drift.nothing')
  await tellFights(context, target)
  return { drifts, left }
}

/** Rows as Gatehouse wrote them, page by page; any other is told, and nothing is decided about it. */
async function eachPage(
  context: SyncContext,
  target: string,
  filter: DriftFilter,
  work: (rows: readonly DriftRow[]) => Promise<void>,
): Promise<void> {
  const { database, vault } = context
  for (let after: string | null = null; ; ) {
    const rows: readonly DriftRow[] = await driftsAt(database.pool, target, filter, after, batch)
    const genuine = rows.filter((row) => isGenuineDrift(vault, row))
    await tellForged(database.pool, context, ...rows.filter((row) => !genuine.includes(row)).map(({ id }) => id))
    if (genuine.length > 0) await work(genuine)
    if (rows.length < batch) return
    after = certain(rows.at(-1)).id
  }
}

function setupOf({ targets }: SyncContext, target: string): TargetSetup {
  const setup = targets.get(target)
  if (setup === undefined) throw new Refusal('target.unknown')
  return setup
}

function classesThatMay(chosen: DriftChosen, choice: 'accept' | 'revert'): readonly DriftClass[] {
  const classes = chosen.class === undefined ? driftClasses : [chosen.class]
  return classes.filter((is) => mayChoose(is, choice))
}
