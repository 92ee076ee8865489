/** Acts about alarms. */
import type { AlarmActs } from '../../api/acts/alarms.ts'
import { recordAudit } from '../../audit/record.ts'
import { alarmAction } from '../../model/alarm.ts'
import { errorCode } from '../../model/error-code.ts'
import { Refusal } from '../../model/refusal.ts'
import { listAlarms } from '../../store/alarms.ts'
import { inTransaction } from '../../store/transaction.ts'
import { clearByHand } from '../../sync/alarms/clear-alarm.ts'
import type { ActsParts } from './parts.ts'

export function alarmActs({ engine: { context }, webhook }: ActsParts): AlarmActs {
  return {
    clearAlarm: (actor, code, scope, reason) => clearByHand(context, code, scope, actor.subject, reason),
    async testAlarms(actor) {
      if (webhook === null) throw new Refusal('alarm.no-webhook')
      await inTransaction(context.database.pool, (client) =>
        recordAudit(client, context.vault, { actor: actor.subject, action: 'alarm.tested', object: '', details: {} }),
      )
      const begun = performance.now()
      const code = await webhook.test(new AbortController().signal).then(
        () => null,
        (error: unknown) => errorCode(error),
      )
      return { taken: code === null, code, tookMs: Math.round(performance.now() - begun) }
    },
    async alarms(all) {
      const rows = await listAlarms(context.database.pool, all)
      return rows.map(({ code, scope, raised_at, cleared_at, count }) => ({
        ...{ code, scope, count },
        since: raised_at.toISOString(),
        clearedAt: cleared_at?.toISOString() ?? null,
        action: alarmAction(code),
      }))
    },
  }
}
