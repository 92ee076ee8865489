/** How a subscription stands: whether it may deliver, and from where; whatever somebody changed behind our back, it may not. */
import type pg from 'pg'
import { raiseAlarm, readAlarms } from '../../store/alarms.ts'
import { readPositions } from '../../store/subscriptions/positions.ts'
import { readSubscription, type SubscriptionRow } from '../../store/subscriptions/row.ts'
import type { DeliverContext } from './context.ts'

export interface SubscriptionStanding {
  readonly row: SubscriptionRow
  /** By source; null: somebody changed the row of the subscription, or of a position, and nobody knows where to go on. */
  readonly positions: ReadonlyMap<string, number> | null
}

/** Null where there is no row. One that is not as Gatehouse wrote it is alarmed. */
export async function standingOf(context: DeliverContext, id: string): Promise<SubscriptionStanding | null> {
  const { pool } = context.database
  const first = await read(pool, context, id, false)
  if (first === null || first.positions !== null) return first
  // A person may just have said from where it goes on.
  const alarms = await readAlarms(pool, 'guard.failed')
  const second = await read(pool, context, id, false)
  if (second !== null && second.positions === null)
    await raiseAlarm(pool, context.vault, 'guard.failed', id, null, alarms)
  return second
}

/** For whoever decides about it: locked. */
export function lockStanding(
  client: pg.ClientBase,
  context: DeliverContext,
  id: string,
): Promise<SubscriptionStanding | null> {
  return read(client, context, id, true)
}

async function read(
  client: pg.ClientBase | pg.Pool,
  { vault, seen }: DeliverContext,
  id: string,
  lock: boolean,
): Promise<SubscriptionStanding | null> {
  const known = seen.get(id) ?? 0
  const found = await readSubscription(client, vault, id, { lock })
  if (found === null) return null
  const { row, genuine, sources } = found
  // An older state is signed as well.
  if (!genuine || row.version < known) return { row, positions: null }
  seen.set(id, Math.max(row.version, seen.get(id) ?? 0))
  const positions = await readPositions(client, vault, id, { epoch: row.epoch, sources })
  const isWhole = (found: ReadonlyMap<string, number | null>): found is ReadonlyMap<string, number> =>
    [...found.values()].every((position) => position !== null)
  return { row, positions: isWhole(positions) ? positions : null }
}
