/** What the acts are made of: handed to each area by the composition root. */
import type pg from 'pg'
import type { WakeUps } from '../../../queues/wake-ups.ts'
import type { AttendanceContext } from '../../events/attendance/context.ts'
import type { EventsContext } from '../../events/context.ts'
import type { AlarmWebhook } from '../../sync/alarms/webhook.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { ConfigurationParts } from '../config-views.ts'
import type { Delivery } from '../delivery.ts'
import type { Scheduler } from '../scheduler-role.ts'
import type { StatusFacts } from '../status.ts'
import type { Engine } from '../sync-context.ts'

export interface ActsParts {
  readonly engine: Engine
  readonly events: EventsContext
  readonly attendance: AttendanceContext
  readonly wakeUps: WakeUps
  /** For what needs a connection of its own. */
  readonly runtime: pg.PoolConfig
  readonly metrics: Metrics
  readonly countProofs: () => Promise<void>
  /** Null in a process without that role. */
  readonly scheduler: Scheduler | null
  /** Null when nobody outside is told of alarms. */
  readonly webhook: AlarmWebhook | null
  readonly facts: StatusFacts
  readonly configuration: ConfigurationParts
  readonly delivery: Delivery
}

/** Rules name levels, and only the process that leads a target learns of new ones by itself. */
export async function withLevels<T>({ levels }: Engine, act: () => Promise<T>): Promise<T> {
  await levels.reload()
  return act()
}
