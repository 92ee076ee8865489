/** Counts the log again, month after month, so that rows that somebody took away are missed also where nobody reads. */
import { countMonth, keptMonthAfter, type MonthState } from '../store/events/months.ts'
import { inSnapshot } from '../store/transaction.ts'
import type { EventsContext } from './context.ts'
import { tell } from './tell.ts'

/** The returned function counts the next month of some source and class; called again and again, it goes round. */
export function openMonthCheck(context: EventsContext): () => Promise<void> {
  const { database, vault } = context
  let last: MonthState | null = null
  return async () => {
    // Both as of one moment: what is appended meanwhile is in neither.
    const looked = await inSnapshot(database.pool, async (client) => {
      const month = await keptMonthAfter(client, vault, last)
      if (month === null) return null
      return { month, there: await countMonth(client, month.source, month.class, month.month) }
    })
    last = looked?.month ?? null
    if (looked === null) return
    const { month, there } = looked
    if (!month.genuine || there.events > month.events) await tell(database.pool, context, 'events.forged', month.source)
    else if (there.events < month.events)
      await tell(database.pool, context, 'events.missing', month.source, month.events - there.events)
  }
}
