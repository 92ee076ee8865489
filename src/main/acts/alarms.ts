/** Acts about alarms. */
import type { AlarmActs } from '../../api/acts/alarms.ts'
import { alarmAction } from '../../model/alarm.ts'
import { listAlarms } from '../../store/alarms.ts'
import type { ActsParts } from './parts.ts'

export function alarmActs({ engine: { context } }: ActsParts): AlarmActs {
  return {
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
