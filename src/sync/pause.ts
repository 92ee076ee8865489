/** A person stops all writing to a target, lock-outs too, and lets it go on: also after it refused our login. */
import type pg from 'pg'
import { recordAudit } from '../audit/record.ts'
import type { SubjectId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import { clearAlarm, raiseAlarm } from '../store/alarms.ts'
import { pauseTarget, resumeTarget } from '../store/targets.ts'
import { inTransaction } from '../store/transaction.ts'
import { wakeLanes } from '../store/work.ts'
import type { SyncContext } from './context.ts'

/** Stays on over restarts, with an alarm, until `resumeByHand`. @throws Refusal `target.unknown`. */
export async function pauseByHand(
  context: SyncContext,
  target: string,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  await act(context, target, async (client) => {
    await pauseTarget(client, target, 'target.paused-by-hand')
    await raiseAlarm(client, 'target.paused', target)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'target.paused',
      object: target,
      details: { reason },
    })
  })
}

/** Whatever paused it; what waits is begun at once. @throws Refusal `target.unknown`. */
export async function resumeByHand(
  context: SyncContext,
  target: string,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  await act(context, target, async (client) => {
    await resumeTarget(client, target)
    await clearAlarm(client, 'target.paused', target)
    await wakeLanes(client, target)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'target.resumed',
      object: target,
      details: { reason },
    })
  })
}

async function act(
  context: SyncContext,
  target: string,
  work: (client: pg.PoolClient) => Promise<void>,
): Promise<void> {
  if (!context.targets.has(target)) throw new Refusal('target.unknown')
  await inTransaction(context.database.pool, work)
}
