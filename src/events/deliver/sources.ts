/** Sources that came since a subscription began: all that they report is new to it. */
import { writePositions } from '../../store/subscriptions/positions.ts'
import { saveSubscription } from '../../store/subscriptions/row.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { Ahead } from './ahead.ts'
import { LostLeadError } from './commits.ts'
import type { DeliverContext, SubscriptionSetup } from './context.ts'
import { lockStanding } from './standing.ts'

/** @throws LostLeadError when somebody decided about the subscription meanwhile. */
export async function followNewSources(
  context: DeliverContext,
  { id, feed }: SubscriptionSetup,
  { epoch }: { readonly epoch: number },
  ahead: Ahead,
): Promise<void> {
  const { database, vault } = context
  const fresh = [...(await feed.newest()).keys()].filter((source) => !ahead.knows(source))
  if (fresh.length === 0) return
  await inTransaction(database.pool, async (client) => {
    const standing = await lockStanding(client, context, id)
    if (standing?.positions == null || standing.row.epoch !== epoch) throw new LostLeadError()
    const added = fresh.filter((source) => !standing.positions?.has(source))
    await writePositions(client, vault, id, epoch, new Map(added.map((source) => [source, 0])))
    await saveSubscription(client, vault, id, { ...standing.row, sources: [...standing.positions.keys(), ...added] })
  })
  for (const source of fresh) ahead.follow(source, 0)
}
