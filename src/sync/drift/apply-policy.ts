/**
 * Does with what a sweep found as the configuration says for each kind: it is taken for known, or undone. Never while the target waits for
 * anything, and never much at once: what looks like a mass of changes waits for a person.
 */
import { recordAuditMany } from '../../audit/record.ts'
import { type Undoings, undoneByPolicy } from '../../audit/sides-taken.ts'
import { type DriftClass, driftChoice, driftClasses } from '../../model/drift.ts'
import type { AccountId } from '../../model/id.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import type { Dossier } from '../../store/dossier.ts'
import { acceptDrifts, type Drift, driftsAt, driftsOf, isGenuineDrift } from '../../store/drifts.ts'
import type { DriftRow } from '../../store/guards.ts'
import { openRestore } from '../../store/restores.ts'
import { inTransaction } from '../../store/transaction.ts'
import { lockIdle } from '../../store/work.ts'
import { certain } from '../certain.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { tellForgedEntries } from '../forged.ts'
import type { Owned } from '../owned-row.ts'
import { modesOf } from '../target-modes.ts'
import { acceptableAmong } from './acceptable.ts'
import { allFights, changeNotes, endDecidedFights, type Fight, tellFights } from './fights.ts'
import { leavesOut, letStand } from './leaves.ts'
import { fightWindowMs, isAbout, isFought, undoByPolicy } from './reverts.ts'
import { isOursToUndo, undoBatch, undoSome } from './undo.ts'

/** Drifts looked at together. */
const batch = 500

/** The brake: accounts of which anything is undone by the configuration, or decided by one operator, within a day. */
export const brake = { min: 5, percent: 1, withinMs: 24 * 3_600_000 } as const

/** Of so many accounts of ours at a target, how many may be decided about within a day without a person, or an admin. */
export function mostAtOnce(linked: number): number {
  return Math.max(brake.min, Math.floor((linked * brake.percent) / 100))
}

/** `linked`: accounts of ours there. */
export async function applyPolicies(context: SyncContext, target: TargetSetup, linked: number): Promise<void> {
  if (await mayAct(context, target)) {
    const fights = await allFights(context, target.id)
    await endDecidedFights(context, target, fights)
    await acceptByPolicy(context, target)
    await revertByPolicy(context, target, fights, linked)
  }
  await tellFights(context, target.id)
}

/** Nothing is decided by a configuration that another has taken the place of, nor about a target that is observed, whose first plan waits, that forgot, or that somebody stopped; nor by a store that does not know yet what happened since its backup. */
export async function mayAct(context: SyncContext, target: TargetSetup, byHand = false): Promise<boolean> {
  const { database, vault, standings } = context
  const mode = (await modesOf(database.pool, context)).get(target.id)
  if (mode?.writes !== true || mode.waits !== null) return false
  if ((await openRestore(database.pool, vault)) !== null) return false
  const { pausedBecause, frozenAt, resting } = await standings.of(target.id)
  return pausedBecause === null && frozenAt === null && (byHand || !resting)
}

function classesFor({ drift }: TargetSetup, choice: 'accept' | 'revert'): readonly DriftClass[] {
  // Who is out and was found open has been shut again by now.
  return driftClasses.filter((is) => driftChoice(drift, is) === choice && is !== 'opened' && is !== 'card-unblocked')
}

async function acceptByPolicy(context: SyncContext, target: TargetSetup): Promise<void> {
  const { database, vault, now } = context
  const classes = classesFor(target, 'accept')
  if (classes.length === 0) return
  for (let after: string | null = null; ; ) {
    if (!(await mayAct(context, target))) return
    const rows: readonly DriftRow[] = await inTransaction(database.pool, async (client) => {
      await context.refuseSuperseded(client)
      const page = await driftsAt(client, target.id, { classes, accepted: false }, after, batch)
      const accounts = page.flatMap(({ account_id }) => account_id ?? [])
      const busy = await lockIdle(client, accounts)
      const known = page.filter(
        (row) => isGenuineDrift(vault, row) && (row.account_id === null || !busy.has(row.account_id)),
      )
      const genuine = await acceptableAmong(client, target.id, known)
      const ours = genuine.flatMap((row): Fight[] =>
        row.account_id === null ? [] : [{ account: row.account_id, drift: row }],
      )
      await changeNotes(client, context, ours, letStand)
      await acceptDrifts(client, vault, genuine, { at: now(), by: null })
      await recordAuditMany(
        client,
        vault,
        genuine.map((row) => ({
          actor: 'engine',
          action: 'drift.accepted' as const,
          object: row.account_id ?? '',
          details: { target: target.id, class: row.class, part: row.part },
        })),
      )
      return page
    })
    if (rows.length < batch) return
    after = certain(rows.at(-1)).id
  }
}

/** When there are more accounts than may be undone, none of them. */
async function revertByPolicy(
  context: SyncContext,
  target: TargetSetup,
  fights: readonly Fight[],
  linked: number,
): Promise<void> {
  const { database, vault, now } = context
  const at = now()
  const before = at.getTime()
  const windowMs = fightWindowMs(target.deepSweep.everyMs)
  const since = new Date(before - windowMs)
  const { undone, forged } = await undoneByPolicy(database.pool, vault, target.id, { since, now: at })
  await tellForgedEntries(database.pool, context, forged)
  const recent = [...undone.values()].filter(({ last }) => last.getTime() > before - brake.withinMs)
  const classes = classesFor(target, 'revert')
  const found = new Set<AccountId>()
  for (let after: string | null = null; classes.length > 0; ) {
    const rows: readonly DriftRow[] = await driftsAt(
      database.pool,
      target.id,
      { classes, accepted: false },
      after,
      batch,
    )
    for (const { account, drift } of await undoableAmong(context, target, rows))
      if (!fights.some((fight) => fight.account === account && isAbout(fight.drift, drift))) found.add(account)
    if (rows.length < batch) break
    after = certain(rows.at(-1)).id
  }
  if (found.size > mostAtOnce(linked) - recent.length) {
    if (await raiseAlarm(database.pool, vault, 'drift.braked', target.id, found.size))
      context.log('warn', 'drift.braked', { target: target.id, count: found.size })
    return
  }
  await clearAlarm(database.pool, vault, 'drift.braked', target.id)
  const accounts = [...found].sort()
  for (let start = 0; start < accounts.length && (await mayAct(context, target)); start += undoBatch)
    await revertSome(context, target, accounts.slice(start, start + undoBatch), { classes, undone })
}

/** Drifts of accounts of ours that may be undone now; nobody takes anything from protected people without a name on it. */
async function undoableAmong(context: SyncContext, target: TargetSetup, rows: readonly DriftRow[]): Promise<Fight[]> {
  const { database, vault } = context
  const ours = rows.flatMap((row): Fight[] =>
    row.account_id !== null && isGenuineDrift(vault, row) && isOursToUndo(context, target, row)
      ? [{ account: row.account_id, drift: row }]
      : [],
  )
  const { rows: free } = await database.pool.query<{ id: AccountId; protected: boolean }>(
    `select a.id, p.protected from account a join person p on p.id = a.person_id
      where a.id = any($1::uuid[]) and not a.pending and a.frozen_at is null
        and not exists (select from account_work w where w.account_id = a.id)`,
    [ours.map(({ account }) => account)],
  )
  const isProtected = new Map(free.map((row) => [row.id, row.protected]))
  return ours.filter(({ account, drift }) => {
    const so = isProtected.get(account)
    return so === false || (so === true && !takesAway(drift))
  })
}

function takesAway({ class: is }: Drift): boolean {
  return is === 'level-added' || is === 'card-added'
}

async function revertSome(
  context: SyncContext,
  target: TargetSetup,
  accounts: readonly AccountId[],
  { classes, undone }: { readonly classes: readonly string[]; readonly undone: ReadonlyMap<AccountId, Undoings> },
): Promise<void> {
  const windowMs = fightWindowMs(target.deepSweep.everyMs)
  await inTransaction(context.database.pool, async (client) => {
    await context.refuseSuperseded(client)
    // What somebody accepted meanwhile is not undone.
    const rows = (await driftsOf(client, context.vault, accounts)).filter(
      (row) => row.accepted_at === null && classes.includes(row.class) && isOursToUndo(context, target, row),
    )
    const asked = Map.groupBy(rows, ({ account_id }) => account_id as AccountId)
    await undoSome(client, context, asked, {
      actor: 'engine',
      lane: 'bulk',
      decide: (owned, drift, dossier, { row }) => {
        if (isLeft(owned, drift, dossier)) return null
        return undoByPolicy(owned, drift, context.now(), windowMs, undone.get(row.id)?.times ?? 0)
      },
    })
  })
}

/** As the rows say that are locked and verified by now. */
function isLeft(owned: Owned, drift: Drift, { person }: Dossier): boolean {
  return (takesAway(drift) && person.protected) || isFought(owned, drift) || leavesOut(owned, drift)
}
