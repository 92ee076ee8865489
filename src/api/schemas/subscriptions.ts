/** Answers about subscriptions. */
import { z } from '@hono/zod-openapi'
import type { DeliveryView, SubscriptionTestView, SubscriptionView } from '../acts/subscriptions.ts'
import { count, time, timeOrNull } from './values.ts'

export const subscriptionView = z
  .object({
    id: z.string(),
    connector: z.string(),
    feed: z.string(),
    reveal: z.array(z.string()).readonly().meta({ description: 'What the receiver is told as it is.' }),
    state: z.enum(['enabled', 'disabled']),
    stateSince: time,
    stateCode: z.string().nullable().meta({ description: 'Why it is disabled.' }),
    forged: z.boolean().meta({ description: 'Nothing is delivered until a person says from where.' }),
    waiting: count.meta({ description: 'Events in the log that it has not come to yet.' }),
    takenAt: timeOrNull.meta({ description: 'When the receiver last took anything.' }),
    failing: z
      .object({ since: time, attempts: count, code: z.string().nullable(), nextTryAt: timeOrNull })
      .nullable()
      .meta({ description: 'Null while it does not fail.' }),
    positions: z.array(z.object({ source: z.string(), position: count, newest: count })).readonly(),
  })
  .openapi('Subscription') satisfies z.ZodType<SubscriptionView>

export const deliveryView = z
  .object({
    id: z.string(),
    outcome: z.enum(['taken', 'failed', 'refused', 'test']),
    at: time,
    endedAt: time,
    batches: count,
    events: count,
    erased: count.meta({ description: 'Of people who were erased, left out.' }),
    unfiltered: count.meta({ description: 'On which the filter broke, left out.' }),
    lost: count.meta({ description: 'No longer in the log when it was their turn.' }),
    attempt: count,
    status: z.int().nullable(),
    code: z.string().nullable(),
    longestMs: count,
    spans: z.array(z.object({ source: z.string(), from: count, to: count })).readonly(),
  })
  .openapi('Delivery') satisfies z.ZodType<DeliveryView>

export const subscriptionTestView = z
  .object({
    taken: z.boolean(),
    status: z.int().nullable(),
    code: z.string().nullable().meta({ description: 'Why the receiver did not take it.' }),
    tookMs: count,
  })
  .openapi('SubscriptionTest') satisfies z.ZodType<SubscriptionTestView>
