/** People with a row that fails its guard: nothing is decided about them, and a person is called. */
import type pg from 'pg'
import type { PersonId } from '../model/id.ts'
import { raiseAlarm } from '../store/alarms.ts'
import type { SyncContext } from './context.ts'

/** Raises one alarm per person; their accounts stay as the target has them. */
export async function reportFrozen(
  client: pg.ClientBase,
  context: SyncContext,
  frozen: readonly PersonId[],
): Promise<void> {
  for (const person of frozen) {
    context.log('error', 'guard.failed', { person })
    await raiseAlarm(client, context.vault, 'guard.failed', person)
  }
}
