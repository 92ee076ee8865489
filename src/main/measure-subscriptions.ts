/** Brings the figures of subscriptions up to date whenever somebody asks for them. */
import type { Metrics } from '../telemetry/metrics.ts'
import type { Delivery } from './delivery.ts'
import { subscriptionViews } from './subscription-views.ts'

export async function measureSubscriptions(delivery: Delivery, metrics: Metrics): Promise<void> {
  for (const { id: subscription, waiting, state, failing, forged } of await subscriptionViews(delivery)) {
    metrics.subscriptionWaiting.set({ subscription }, waiting)
    const states = { failing: failing !== null, disabled: state === 'disabled', forged }
    for (const [name, holds] of Object.entries(states))
      metrics.subscriptionState.set({ subscription, state: name }, Number(holds))
  }
}
