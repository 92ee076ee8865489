/** Tells what has come and gone: each change of an alarm once to the log, and once to whoever is told by webhook. */
import { dropLogged, markLogged, noticesToLog } from '../../store/alarms.ts'
import type { SyncContext } from '../context.ts'

/** Called by the scheduler, every second. */
export async function tellAlarms(context: SyncContext): Promise<void> {
  const { database, vault } = context
  const fresh = await noticesToLog(database.pool, vault)
  for (const { code, scope, is_on, count } of fresh)
    context.log(is_on ? 'error' : 'info', is_on ? 'alarm.on' : 'alarm.off', { alarm: code, scope, count })
  if (fresh.length > 0)
    await markLogged(
      database.pool,
      fresh.map(({ id }) => id),
    )
  await dropLogged(database.pool)
}
