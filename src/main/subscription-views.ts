/** Subscriptions as callers see them: states, counts and positions; never what is delivered, nor where to. */
import type { Paged } from '../api/acts/paged.ts'
import type { DeliveryView, SubscriptionView } from '../api/acts/subscriptions.ts'
import { Refusal } from '../model/refusal.ts'
import { type DeliveryRow, listDeliveries, type Spans } from '../store/subscriptions/deliveries.ts'
import { allPositions } from '../store/subscriptions/positions.ts'
import { type FoundSubscription, readSubscriptions } from '../store/subscriptions/row.ts'
import { checkedCursor } from './cursor.ts'
import type { ConfiguredSubscription, Delivery } from './delivery.ts'

/** Those of the configuration, by id. */
export async function subscriptionViews({ context, subscriptions }: Delivery): Promise<readonly SubscriptionView[]> {
  const { pool } = context.database
  const [rows, positions] = [await readSubscriptions(pool, context.vault), await allPositions(pool)]
  const views: SubscriptionView[] = []
  for (const [id, configured] of [...subscriptions].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const found = rows.find(({ row }) => row.id === id)
    if (found !== undefined)
      views.push(viewOf(configured, found, positions.get(id), await configured.setup.feed.newest()))
  }
  return views
}

function viewOf(
  { config }: ConfiguredSubscription,
  { row, genuine, sources }: FoundSubscription,
  positions: ReadonlyMap<string, number> = new Map(),
  newest: ReadonlyMap<string, number>,
): SubscriptionView {
  const all = [...newest].map(([source, to]) => ({
    source,
    position: Math.min(positions.get(source) ?? 0, to),
    newest: to,
  }))
  const { attempts, failing_since, code, next_try_at } = row
  return {
    ...{ id: row.id, connector: config.connector, feed: config.feed, reveal: config.reveal },
    ...{ state: row.state, stateSince: row.state_at.toISOString(), stateCode: row.state_code },
    forged: !genuine || sources.some((source) => !positions.has(source)),
    waiting: all.reduce((sum, { position, newest: to }) => sum + to - position, 0),
    takenAt: row.taken_at?.toISOString() ?? null,
    failing:
      failing_since === null
        ? null
        : { since: failing_since.toISOString(), attempts, code, nextTryAt: next_try_at?.toISOString() ?? null },
    positions: all,
  }
}

/** Newest first. @throws Refusal `subscription.unknown`. */
export async function deliveryViews(
  { context, subscriptions }: Delivery,
  id: string,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<Paged<DeliveryView>> {
  if (!subscriptions.has(id)) throw new Refusal('subscription.unknown')
  const rows = await listDeliveries(context.database.pool, id, { before: checkedCursor(after, 'number'), limit })
  return { rows: rows.map(deliveryView), next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null }
}

function deliveryView(row: DeliveryRow): DeliveryView {
  const { id, outcome, batches, attempt, status, code, longest_ms: longestMs } = row
  return {
    ...{ id, outcome, batches, attempt, status, code, longestMs },
    ...{ at: row.begun_at.toISOString(), endedAt: row.ended_at.toISOString() },
    ...{ events: Number(row.events), erased: Number(row.erased) },
    ...{ unfiltered: Number(row.unfiltered), lost: Number(row.lost) },
    spans: Object.entries(JSON.parse(row.spans) as Spans).map(([source, [from, to]]) => ({ source, from, to })),
  }
}
