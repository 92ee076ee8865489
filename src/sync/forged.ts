/** Somebody else wrote a row that Gatehouse acts on: nothing is decided by it, and a person is called. */
import type pg from 'pg'
import type { Forgery } from '../audit/genuine.ts'
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

/** The same of entries of the audit trail: they count for nothing, and are told as what is wrong with the trail. */
export async function tellForgedEntries(
  client: pg.ClientBase | pg.Pool,
  { vault, log }: Pick<SyncContext, 'vault' | 'log'>,
  forged: Iterable<Forgery>,
): Promise<void> {
  for (const code of forged) {
    const how = code.slice('audit.'.length)
    if (await raiseAlarm(client, vault, 'audit.broken', how)) log('error', 'audit.broken', { code: how })
  }
}
