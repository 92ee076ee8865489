/** A row of a look at a target that somebody else wrote, or changed: it counts for nothing, and a person is called. */
import type pg from 'pg'
import { raiseAlarm } from '../../store/alarms.ts'
import type { MatchRow } from '../../store/guards.ts'
import type { SyncContext } from '../context.ts'

export async function tellForgedRow(
  client: pg.ClientBase,
  { vault, log }: SyncContext,
  { id }: MatchRow,
): Promise<void> {
  await raiseAlarm(client, vault, 'guard.failed', id)
  log('error', 'guard.failed', { scope: id })
}
