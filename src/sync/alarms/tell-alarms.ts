/** Tells what has come and gone: each change of an alarm once to the log, and once to whoever is told by webhook. */

import { recordAudit } from '../../audit/record.ts'
import { errorCode } from '../../model/error-code.ts'
import {
  clearAlarm,
  dropLogged,
  dropNotice,
  markLogged,
  type Notice,
  noticesToLog,
  raiseAlarm,
  retryNotice,
  takeNotice,
} from '../../store/alarms.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'
import type { AlarmWebhook } from './webhook.ts'

/** A process that dies while it sends is followed after this. */
const leaseMs = 30_000
/** What the receiver did not take for so long after it happened is given up. */
const keepMs = 3 * 86_400_000
/** Somebody here is told when the receiver takes nothing for so long. */
const patienceMs = 10 * 60_000
const firstRetryMs = 5_000
const retryMsMax = 5 * 60_000
/** The longest that jitter makes of it. */
const longestWaitMs = retryMsMax * 1.2

/** Called by the scheduler, every second. Without a webhook the log is all there is. */
export async function tellAlarms(
  context: SyncContext,
  webhook: AlarmWebhook | null,
  signal: AbortSignal,
): Promise<void> {
  const { database, vault } = context
  const fresh = await noticesToLog(database.pool, vault)
  for (const { code, scope, is_on, count } of fresh)
    context.log(is_on ? 'error' : 'info', is_on ? 'alarm.on' : 'alarm.off', { alarm: code, scope, count })
  if (fresh.length > 0)
    await markLogged(
      database.pool,
      fresh.map(({ id }) => id),
    )
  if (webhook === null) {
    await dropLogged(database.pool)
    return
  }
  for (let notice = await next(context); notice !== null; notice = await next(context))
    if (!(await tell(context, webhook, notice, signal))) return
}

/** Null when none is due. That the oldest waits for long is told, whatever its row says of when it was tried. */
async function next({ database: { pool }, vault }: SyncContext): Promise<Notice | null> {
  const { notice, waitsSince } = await takeNotice(pool, vault, leaseMs, longestWaitMs)
  if (waitsSince !== null && Date.now() - waitsSince.getTime() > patienceMs)
    await raiseAlarm(pool, vault, 'webhook.failed', '')
  return notice
}

/** False when the others had better wait as well. */
async function tell(
  context: SyncContext,
  webhook: AlarmWebhook,
  notice: Notice,
  signal: AbortSignal,
): Promise<boolean> {
  const { database, vault } = context
  // Of itself the receiver would hear when it is too late.
  if (notice.code === 'webhook.failed') {
    await dropNotice(database.pool, notice.id)
    return true
  }
  try {
    await webhook.tell(notice, signal)
  } catch (error) {
    await failed(context, notice, errorCode(error))
    return false
  }
  await inTransaction(database.pool, async (client) => {
    await dropNotice(client, notice.id)
    await recordAudit(client, vault, {
      ...{ actor: 'engine', action: 'alarm.told', object: notice.code },
      details: { notice: notice.id, scope: notice.scope, isOn: notice.is_on, receiver: 'webhook' },
    })
  })
  await clearAlarm(database.pool, vault, 'webhook.failed', '')
  return true
}

async function failed(context: SyncContext, notice: Notice, code: string): Promise<void> {
  const { database, vault } = context
  const { id, attempts, at, first_try_at } = notice
  context.log('warn', 'webhook.not-taken', { alarm: notice.code, scope: notice.scope, code, attempt: attempts })
  const isOver = Date.now() - at.getTime() > keepMs
  if (isOver || Date.now() - (first_try_at?.getTime() ?? Date.now()) > patienceMs)
    await raiseAlarm(database.pool, vault, 'webhook.failed', '')
  if (isOver) await dropNotice(database.pool, id)
  else await retryNotice(database.pool, id, backoffMs(attempts))
}

/** Doubles from five seconds to five minutes, with up to a fifth of jitter. */
function backoffMs(attempts: number): number {
  const base = Math.min(firstRetryMs * 2 ** Math.min(attempts - 1, 10), retryMsMax)
  return Math.round(base * (1 + Math.random() / 5))
}
