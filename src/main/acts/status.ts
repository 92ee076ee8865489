/** Acts about the gateway as a whole. */
import type { StatusActs } from '../../api/acts/status.ts'
import { measure } from '../measure.ts'
import { status } from '../status.ts'
import type { ActsParts } from './parts.ts'

export function statusActs({ engine, wakeUps, metrics, facts }: ActsParts): StatusActs {
  const { context } = engine
  const { pool } = context.database
  return {
    status: () => status(context, wakeUps, facts),
    async metrics() {
      await measure(context, metrics)
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
      if (store) {
        const standings = await context.standings.all()
        for (const id of context.targets.keys()) {
          const pausedBecause = standings.get(id)?.pausedBecause ?? null
          checks.push({ name: `target ${id}`, ok: true, ...(pausedBecause === null ? {} : { detail: pausedBecause }) })
        }
      }
      return { ok: checks.every(({ ok }) => ok), checks }
    },
  }
}
