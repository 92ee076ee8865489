/** What only time can tell of subscriptions: one that takes nothing, what was passed over, and which are in no configuration any more. */
import { recordAudit } from '../../audit/record.ts'
import type { AlarmCode } from '../../model/alarm.ts'
import { clearAlarm, readAlarms, setAlarms } from '../../store/alarms.ts'
import { forgetOldDeliveries, troubledDeliveries } from '../../store/subscriptions/deliveries.ts'
import { newestOf } from '../../store/subscriptions/log-positions.ts'
import { allPositions } from '../../store/subscriptions/positions.ts'
import { deleteSubscription, leftSubscriptions, readSubscriptions } from '../../store/subscriptions/row.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { DeliverContext } from './context.ts'
import { byHand } from './decide.ts'

/** Somebody is told when a receiver takes nothing for so long. */
const patienceMs = 10 * 60_000
/** One that was taken out of the configuration and comes back within this goes on where it was. */
const keptMs = 30 * 86_400_000

export interface Watched {
  readonly context: DeliverContext
  readonly subscriptions: ReadonlyMap<string, unknown>
}

const watched = [
  'subscription.failing',
  'subscription.disabled',
  'subscription.refused',
  'subscription.filter-failed',
] as const satisfies readonly AlarmCode[]

/** Called every few seconds. */
export function watchSubscriptions({ context, subscriptions }: Watched): () => Promise<void> {
  const { database, vault } = context
  const { pool } = database
  /** Since when one that is behind has not moved. */
  const still = new Map<string, { readonly at: number; readonly since: number }>()

  return async () => {
    const now = context.now().getTime()
    const seen = await readAlarms(pool, ...watched)
    const rows = (await readSubscriptions(pool, vault)).filter(({ row }) => subscriptions.has(row.id))
    const behind = await standStill(now)
    const failing = rows.flatMap(({ row }) => {
      if (row.state !== 'enabled') return []
      const long = row.failing_since !== null && now - row.failing_since.getTime() > patienceMs
      return long || row.kind === 'unauthenticated' || behind.has(row.id) ? [row.id] : []
    })
    const disabled = rows.filter(({ row }) => row.state === 'disabled' && row.state_code !== byHand)
    await setAlarms(pool, vault, 'subscription.failing', failing, seen)
    await setAlarms(
      pool,
      vault,
      'subscription.disabled',
      disabled.map(({ row }) => row.id),
      seen,
    )
    const troubled = (await troubledDeliveries(pool)).filter(({ subscription }) => subscriptions.has(subscription))
    const counts = (of: 'refused' | 'unfiltered') =>
      new Map(troubled.flatMap((each) => (each[of] > 0 ? [[each.subscription, each[of]] as const] : [])))
    await setAlarms(pool, vault, 'subscription.refused', counts('refused'), seen)
    await setAlarms(pool, vault, 'subscription.filter-failed', counts('unfiltered'), seen)
  }

  /** Those that are behind the log and have not moved for long: whatever the reason, nothing is delivered. */
  async function standStill(now: number): Promise<ReadonlySet<string>> {
    const newest = new Map([...(await newestOf(pool, vault, 'events')), ...(await newestOf(pool, vault, 'punches'))])
    const found = new Set<string>()
    for (const [id, positions] of await allPositions(pool)) {
      const at = [...positions.values()].reduce((sum, position) => sum + position, 0)
      const isBehind = [...positions].some(([source, position]) => position < (newest.get(source) ?? 0))
      const before = still.get(id)
      if (!isBehind) still.delete(id)
      else if (before?.at !== at) still.set(id, { at, since: now })
      else if (now - before.since > patienceMs) found.add(id)
    }
    return found
  }
}

/** Called every hour: rows of the delivery log that are old, and what is known of subscriptions that are in no configuration any more. */
export async function forgetDeliveries({ context, subscriptions }: Watched): Promise<void> {
  const { database, vault, now } = context
  await forgetOldDeliveries(database.pool)
  const before = new Date(now().getTime() - keptMs)
  for (const id of await leftSubscriptions(database.pool, [...subscriptions.keys()], before))
    await inTransaction(database.pool, async (client) => {
      await deleteSubscription(client, id)
      for (const code of [...watched, 'subscription.gap', 'guard.failed'] as const)
        await clearAlarm(client, vault, code, id)
      await recordAudit(client, vault, { actor: 'clock', action: 'subscription.forgotten', object: id, details: {} })
    })
}
