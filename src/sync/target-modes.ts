/** Which targets may be written to, and who says so: a target is only observed until a person enables it. */
import type pg from 'pg'
import { recordAudit } from '../audit/record.ts'
import type { SubjectId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import { isClosed } from '../store/account-sql.ts'
import { clearAlarm } from '../store/alarms.ts'
import type { PlanRow, TargetModeRow } from '../store/guards.ts'
import { eachPlan } from '../store/plans.ts'
import { lockTargetMode, saveTargetMode, type TargetMode, targetModes } from '../store/target-modes.ts'
import { inTransaction } from '../store/transaction.ts'
import { wakeLanes } from '../store/work.ts'
import { certain } from './certain.ts'
import type { SyncContext } from './context.ts'
import { tellForged } from './forged.ts'
import type { Hold } from './plan/brake.ts'

/** Of all configured targets, as the store says now. A row that was changed outside Gatehouse is alarmed. */
export async function modesOf(
  client: pg.ClientBase | pg.Pool,
  context: SyncContext,
): Promise<ReadonlyMap<string, TargetMode>> {
  const modes = await targetModes(client, context.vault, [...context.targets.values()])
  for (const [id, { forged }] of modes) if (forged) await tellForged(client, context, id)
  return modes
}

/**
 * A person lets Gatehouse write to a target. Lock-outs that waited for this begin at once; everything else is in the first plan, which
 * waits for a release whatever the brakes say. @throws Refusal `target.unknown`, `target.enabled`.
 */
export async function enableTarget(
  context: SyncContext,
  target: string,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  await decide(context, target, subject, reason, 'target.enabled', async (client, row) => {
    const before = (await targetModes(client, context.vault, [certain(context.targets.get(target))])).get(target)
    if (before?.is === 'enabled') throw new Refusal('target.enabled')
    // The calendar passes what is to be shut, in batches: nobody waits here for a whole building.
    await client.query(
      `update person set next_change_at = $2 where id in (
         select person_id from account where target = $1 and pending and desired is not null and ${isClosed('wanted')})`,
      [target, context.now()],
    )
    await wakeLanes(client, target)
    return { ...row, mode: 'enabled', first_release_at: null }
  })
}

/** Nothing is written any more, lock-outs neither: it is looked at only. @throws Refusal `target.unknown`, `target.observed`. */
export async function observeTarget(
  context: SyncContext,
  target: string,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  await decide(context, target, subject, reason, 'target.observed', async (client, row) => {
    const before = (await targetModes(client, context.vault, [certain(context.targets.get(target))])).get(target)
    if (before?.is === 'observe' && !before.forged) throw new Refusal('target.observed')
    return { ...row, mode: 'observe', first_release_at: null }
  })
}

async function decide(
  context: SyncContext,
  target: string,
  subject: SubjectId,
  reason: string,
  action: 'target.enabled' | 'target.observed',
  change: (client: pg.ClientBase, row: TargetModeRow) => Promise<TargetModeRow>,
): Promise<void> {
  if (!context.targets.has(target)) throw new Refusal('target.unknown')
  await inTransaction(context.database.pool, async (client) => {
    const row = await lockTargetMode(client, context.vault, target)
    const changed = await change(client, certain(row))
    await saveTargetMode(client, context.vault, { ...changed, mode_at: context.now(), mode_by: subject })
    await clearAlarm(client, context.vault, 'guard.failed', target)
    await recordAudit(client, context.vault, { actor: subject, action, object: target, details: { reason } })
  })
}

/**
 * A person released a plan: at those of its targets where no other plan has yet to be looked at for the first time, the brakes alone
 * decide from now on. What each plan waits for is read from its signed row, and one that is not as it was signed may have waited anywhere.
 * Part of the release's transaction.
 */
export async function noteFirstRelease(client: pg.ClientBase, context: SyncContext, plan: PlanRow): Promise<void> {
  const modes = await modesOf(client, context)
  const open = new Set(
    holdsOf(plan).flatMap(({ target }) => (modes.get(target)?.waits === 'first-plan' ? [target] : [])),
  )
  if (open.size === 0) return
  for await (const { row, genuine } of eachPlan(client, context.vault)) {
    if (!genuine) {
      await tellForged(client, context, row.id)
      return
    }
    if (row.state !== 'held' || row.id === plan.id) continue
    for (const { target, why } of holdsOf(row)) if (why === 'observe' || why === 'first-plan') open.delete(target)
  }
  for (const target of open) {
    const row = await lockTargetMode(client, context.vault, target)
    // One that somebody else wrote comes without a mode, and nothing of it is signed.
    if (row?.mode === 'enabled' && row.first_release_at === null && row.restored_at === null)
      await saveTargetMode(client, context.vault, { ...row, first_release_at: context.now() })
  }
}

function holdsOf({ holds }: PlanRow): readonly Hold[] {
  return JSON.parse(holds) as readonly Hold[]
}
