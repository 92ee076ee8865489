/** Somebody else wrote a row that Gatehouse acts on: nothing is decided by it, and a person is called. */
import type pg from 'pg'
import { raiseAlarm } from '../store/alarms.ts'
import type { SyncContext } from './context.ts'

/** One alarm for each id, logged when it is new: of people with such a row, or of rows that are nobody's. True when one is new. */
export async function tellForged(
  client: pg.ClientBase | pg.Pool,
  { vault, log }: Pick<SyncContext, 'vault' | 'log'>,
  ...scopes: readonly string[]
): Promise<boolean> {
  let isNew = false
  for (const scope of scopes) {
    if (!(await raiseAlarm(client, vault, 'guard.failed', scope))) continue
    log('error', 'guard.failed', { scope })
    isNew = true
  }
  return isNew
}
