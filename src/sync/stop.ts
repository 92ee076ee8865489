/** A person stops work by name, and lets it go on: at one target all writing, lock-outs too; at one or everywhere all but lock-outs. */
import type pg from 'pg'
import { recordAudit } from '../audit/record.ts'
import type { SubjectId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import { clearAlarm, raiseAlarm } from '../store/alarms.ts'
import { everywhere } from '../store/standings.ts'
import { inTransaction } from '../store/transaction.ts'
import { waitingWork, wakeLanes } from '../store/work.ts'
import type { SyncContext } from './context.ts'

/** Stays on over restarts, with an alarm that counts the lock-outs that wait, until `resumeByHand`. @throws Refusal `target.unknown`. */
export async function pauseByHand(
  context: SyncContext,
  target: string,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  refuseUnknown(context, target)
  await inTransaction(context.database.pool, async (client) => {
    await pauseTarget(client, context, target, 'target.paused-by-hand')
    await settled(client, context, target)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'target.paused',
      object: target,
      details: { reason },
    })
  })
}

/** As `pauseByHand`, for what the target itself gives cause to; true when it was not paused until now. */
export async function pauseTarget(
  client: pg.ClientBase,
  context: SyncContext,
  target: string,
  code: string,
): Promise<boolean> {
  await context.standings.pause(client, target, code, context.now())
  const { urgent } = (await waitingWork(client)).get(target) ?? { urgent: 0 }
  return raiseAlarm(client, context.vault, 'target.paused', target, urgent)
}

/** Whatever paused it; what waits is begun at once. @throws Refusal `target.unknown`. */
export async function resumeByHand(
  context: SyncContext,
  target: string,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  refuseUnknown(context, target)
  await inTransaction(context.database.pool, async (client) => {
    await context.standings.resume(client, target)
    await settled(client, context, target)
    await clearAlarm(client, context.vault, 'target.paused', target)
    await wakeLanes(client, target)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'target.resumed',
      object: target,
      details: { reason },
    })
  })
}

/**
 * Stops all but lock-outs, at a target or (null) everywhere: sources are read and lock-outs by record pass, but no plan passes or is
 * released, and no bulk work begins; what runs is let finish. Stays on over restarts, with an alarm. @throws Refusal `target.unknown`.
 */
export async function freezeByHand(
  context: SyncContext,
  target: string | null,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  refuseUnknown(context, target)
  await inTransaction(context.database.pool, async (client) => {
    await context.standings.freeze(client, target, context.now())
    await settled(client, context, target ?? everywhere)
    const waiting = await waitingWork(client)
    const counts = target === null ? [...waiting.values()] : [waiting.get(target) ?? { bulk: 0 }]
    const count = counts.reduce((sum, { bulk }) => sum + bulk, 0)
    if (target === null) await raiseAlarm(client, context.vault, 'gateway.frozen', everywhere, count)
    else await raiseAlarm(client, context.vault, 'target.frozen', target, count)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: target === null ? 'gateway.frozen' : 'target.frozen',
      object: target ?? '',
      details: { reason },
    })
  })
}

/** Lifts that one freeze; what waits is begun at once, and plans that it held are made anew. @throws Refusal `target.unknown`. */
export async function unfreezeByHand(
  context: SyncContext,
  target: string | null,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  refuseUnknown(context, target)
  await inTransaction(context.database.pool, async (client) => {
    await context.standings.unfreeze(client, target)
    await settled(client, context, target ?? everywhere)
    if (target === null) await clearAlarm(client, context.vault, 'gateway.frozen', everywhere)
    else await clearAlarm(client, context.vault, 'target.frozen', target)
    // By name, so that two of these never wait for each other crosswise.
    const thawed = target === null ? [...context.targets.keys()].sort() : [target]
    for (const id of thawed) await wakeLanes(client, id)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: target === null ? 'gateway.unfrozen' : 'target.unfrozen',
      object: target ?? '',
      details: { reason },
    })
  })
}

/** A person has said how it stands, and that is signed: what somebody wrote there before counts no more. */
async function settled(client: pg.ClientBase, { vault }: SyncContext, scope: string): Promise<void> {
  await clearAlarm(client, vault, 'guard.failed', scope)
}

function refuseUnknown({ targets }: SyncContext, target: string | null): void {
  if (target !== null && !targets.has(target)) throw new Refusal('target.unknown')
}
