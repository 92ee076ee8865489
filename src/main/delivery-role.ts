/** The part of the worker role that delivers: leads subscriptions, and hears at once of new events. */
import type pg from 'pg'
import { openAnnouncements } from '../events/deliver/announcements.ts'
import { startDeliveries } from '../events/deliver/lead.ts'
import { errorCode } from '../model/error-code.ts'
import { openTrouble } from '../model/trouble.ts'
import type { Log } from '../telemetry/log.ts'
import type { Delivery } from './delivery.ts'
import type { Role } from './worker-role.ts'

const stopMs = 5_000

/** `runtime`: for a connection of its own. Null when there is nothing to deliver. */
export function startDeliveryRole({ context, subscriptions }: Delivery, runtime: pg.PoolConfig, log: Log): Role | null {
  if (subscriptions.size === 0) return null
  const trouble = openTrouble()
  const announcements = openAnnouncements(runtime, {
    begun() {
      const over = trouble.over()
      if (over !== null) log.info({ event: 'events.heard-again', ...over }, 'deliveries')
    },
    broken(error) {
      const code = errorCode(error)
      if (trouble.failed(code)) log.warn({ event: 'events.not-heard', code }, 'deliveries')
    },
  })
  const setups = [...subscriptions.values()].map(({ setup }) => setup)
  const deliveries = startDeliveries(context, setups, announcements)
  return {
    async stop(withinMs = stopMs) {
      await deliveries.stop(withinMs)
      await announcements.close()
    },
  }
}
