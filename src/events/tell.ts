/** What a person must hear of about events: one alarm for each source or row, logged when it is new. */
import type pg from 'pg'
import type { AlarmCode } from '../model/alarm.ts'
import { raiseAlarm } from '../store/alarms.ts'
import type { EventsContext } from './context.ts'

/** True when it was off until now. */
export async function tell(
  client: pg.ClientBase | pg.Pool,
  { vault, log }: Pick<EventsContext, 'vault' | 'log'>,
  code: AlarmCode,
  scope: string,
  count: number | null = null,
): Promise<boolean> {
  const isNew = await raiseAlarm(client, vault, code, scope, count)
  if (isNew) log('error', code, count === null ? { scope } : { scope, count })
  return isNew
}
