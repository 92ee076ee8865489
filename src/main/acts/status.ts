/** Acts about the gateway as a whole. */
import type { StatusActs, StatusView } from '../../api/acts/status.ts'
import { furthestClock } from '../../events/watch-events.ts'
import { newsOfSources } from '../../store/events/source-row.ts'
import { createMeasure } from '../measure.ts'
import { measureSubscriptions } from '../measure-subscriptions.ts'
import { status } from '../status.ts'
import { subscriptionViews } from '../subscription-views.ts'
import { openTotals } from '../totals.ts'
import type { ActsParts } from './parts.ts'

export function statusActs({ engine, events, wakeUps, metrics, countProofs, facts, delivery }: ActsParts): StatusActs {
  const { context } = engine
  const { pool } = context.database
  const totals = openTotals(context)
  const measure = createMeasure({ context, metrics, countProofs, totals, wakeUps, facts })

  async function eventSources(): Promise<StatusView['events']> {
    const news = new Map((await newsOfSources(pool)).map((each) => [each.source, each]))
    return [...events.sources.keys()].map((source) => ({
      ...{ source, heardAt: news.get(source)?.heard_at?.toISOString() ?? null },
      clockMs: furthestClock(news.get(source)),
    }))
  }

  return {
    async status() {
      const subscriptions = await subscriptionViews(delivery)
      return {
        ...(await status(context, totals, wakeUps, facts)),
        events: await eventSources(),
        subscriptions: subscriptions.map(({ id, state, forged, waiting, failing }) => ({
          ...{ id, state, forged, waiting, failingSince: failing?.since ?? null },
        })),
      }
    },
    async metrics() {
      await measure()
      await measureSubscriptions(delivery, metrics)
      return metrics.text()
    },
    async ready() {
      const queue = await wakeUps.health()
      const store = await pool.query('select 1').then(
        () => true,
        () => false,
      )
      const checks = [
        { name: 'database', ok: store },
        {
          name: `queue (${queue.backend})`,
          ok: queue.ok,
          ...(queue.detail === undefined ? {} : { detail: queue.detail }),
        },
      ]
      return { ok: checks.every(({ ok }) => ok), checks }
    },
  }
}
