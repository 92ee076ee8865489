/** Gauges that are read from PostgreSQL whenever somebody asks for the figures. */
import type { SyncContext } from '../sync/context.ts'
import type { Metrics } from '../telemetry/metrics.ts'

export async function measure({ database: { pool } }: SyncContext, metrics: Metrics): Promise<void> {
  const waiting = await pool.query<{ target: string; lane: string; count: number }>(
    'select target, lane, count(*)::int as count from account_work where dead_at is null group by target, lane',
  )
  metrics.workWaiting.reset()
  for (const { target, lane, count } of waiting.rows) metrics.workWaiting.set({ target, lane }, count)
  const held = await pool.query<{ count: number }>(`select count(*)::int as count from plan where state = 'held'`)
  metrics.plansHeld.set(held.rows[0]?.count ?? 0)
  const alarms = await pool.query<{ code: string; count: number }>(
    'select code, count(*)::int as count from alarm where cleared_at is null group by code',
  )
  metrics.alarms.reset()
  for (const { code, count } of alarms.rows) metrics.alarms.set({ code }, count)
}
