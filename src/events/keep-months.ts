/** Makes the places for the events of this month and the next, and drops the months, class by class, whose time is over. */
import { eventClasses } from '../model/events/types.ts'
import { boundsOf, dropMonth, makeMonth, monthOf, monthsKept } from '../store/events/months.ts'
import { forgetKeys } from '../store/events/rows.ts'
import { inTransaction } from '../store/transaction.ts'
import type { EventsContext } from './context.ts'

/** What is told again after this counts as new. */
const keysMs = 90 * 86_400_000
/** In one statement. A busy site has many of these on each day. */
const keysAtOnce = 10_000

/** Called again and again; appending makes a place itself where none is. */
export async function keepMonths(context: EventsContext, signal: AbortSignal): Promise<void> {
  const { database, keepMs, vault, log, now } = context
  const at = now()
  const here = monthOf(at)
  const next = monthOf(boundsOf(here)[1])
  for (const of of eventClasses) for (const month of [here, next]) await makeMonth(database.pool, of, month)
  for (const { class: of, month } of await monthsKept(database.pool)) {
    if (boundsOf(month)[1].getTime() + keepMs[of] > at.getTime()) continue
    const events = await inTransaction(database.pool, (client) => dropMonth(client, vault, of, month, at))
    log('info', 'events.forgotten', { kind: of, count: events })
  }
  const before = new Date(at.getTime() - keysMs)
  while (!signal.aborted && (await forgetKeys(database.pool, before, keysAtOnce)) === keysAtOnce);
}
