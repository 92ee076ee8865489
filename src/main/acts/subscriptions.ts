/** Acts about subscriptions. */
import type { SubscriptionActs } from '../../api/acts/subscriptions.ts'
import type { Actor } from '../../auth/actor.ts'
import { disableSubscription, enableSubscription, replaySubscription } from '../../events/deliver/decide.ts'
import { tryOut } from '../../events/deliver/try-out.ts'
import { Refusal } from '../../model/refusal.ts'
import { openSinkFile } from '../open-sink-file.ts'
import { deliveryViews, subscriptionViews } from '../subscription-views.ts'
import type { ActsParts } from './parts.ts'

export function subscriptionActs({ delivery }: ActsParts): SubscriptionActs {
  const { context, gateway, subscriptions } = delivery

  function configuredOf(id: string) {
    const found = subscriptions.get(id)
    if (found === undefined) throw new Refusal('subscription.unknown')
    return found
  }
  const setupOf = (id: string) => configuredOf(id).setup

  return {
    subscriptions: () => subscriptionViews(delivery),
    async subscription(id) {
      const found = (await subscriptionViews(delivery)).find((view) => view.id === id)
      if (found === undefined) throw new Refusal('subscription.unknown')
      return found
    },
    enableSubscription: async (actor, id, reason) => enableSubscription(context, setupOf(id).id, by(actor, reason)),
    disableSubscription: async (actor, id, reason) => disableSubscription(context, setupOf(id).id, by(actor, reason)),
    testSubscription: async (actor, id) => tryOut(context, setupOf(id), gateway, actor.subject),
    replaySubscription: async (actor, id, from, reason) =>
      replaySubscription(
        context,
        setupOf(id),
        'time' in from ? { time: new Date(from.time) } : from,
        by(actor, reason),
      ),
    openSubscriptionFile: async (actor, id, file, reason) =>
      openSinkFile(context, configuredOf(id), file, by(actor, reason)),
    deliveries: (id, page) => deliveryViews(delivery, id, page),
  }
}

function by({ subject }: Actor, reason: string) {
  return { subject, reason }
}
