/** Answers about plans. */
import { z } from '@hono/zod-openapi'
import type { PlanChangeView, PlanView } from '../acts/plans.ts'
import { count, time, timeOrNull } from './values.ts'

export const planStates = ['held', 'passed', 'released', 'rejected', 'superseded'] as const

const radius = z.object({
  people: count,
  levels: count.meta({ description: 'Access levels that somebody gains or loses.' }),
  losing: count.meta({ description: 'People who could open something, and nothing any more.' }),
  joining: count.meta({ description: 'People who get their first account.' }),
})
const ofLimit = z.object({ rows: count, limit: count }).nullable()

export const planView = z
  .object({
    id: z.string(),
    origin: z.string(),
    state: z.string(),
    hash: z.string(),
    createdAt: time,
    decidedAt: timeOrNull,
    decidedBy: z.string().nullable(),
    decidedByName: z.string().nullable().meta({ description: 'For operators.' }),
    kinds: z
      .array(
        z.object({
          kind: z.string(),
          target: z.string(),
          changes: count.meta({ description: 'Accounts: what limits are about.' }),
          limit: z.number().nullable(),
          held: z.boolean(),
          why: z.string().nullable().meta({
            description:
              '`brake`: more than the limit; `no open account`: the limit is a share of none; else why some wait, and how many.',
          }),
        }),
      )
      .readonly(),
    total: count.meta({ description: 'Changes, as they are listed and a release counts them.' }),
    waits: z
      .array(z.object({ target: z.string(), for: z.literal('match'), accounts: count }))
      .readonly()
      .nullable()
      .meta({ description: 'Accounts of its origin that no plan makes yet, as of now; for a single plan.' }),
    radius: radius.nullable(),
    usual: z
      .object({ plans: count, median: radius, largest: radius })
      .nullable()
      .meta({ description: 'The plans of the same origin before this one, 30 at most; for a single plan.' }),
    pull: z
      .object({ lost: ofLimit, changed: ofLimit })
      .nullable()
      .meta({ description: 'Why its delivery waits as a whole.' }),
  })
  .openapi('Plan') satisfies z.ZodType<PlanView>

export const planChangeView = z
  .object({
    account: z.string(),
    person: z.string().nullable(),
    target: z.string(),
    kind: z.string(),
    part: z.string(),
    name: z
      .string()
      .nullable()
      .meta({ description: 'Of a level, as rules write it; of a card, its number, for operators.' }),
    brings: z
      .object({ levels: z.array(z.string()).readonly(), cards: z.array(z.string()).readonly() })
      .nullable()
      .meta({ description: 'What a new account begins with; cards for operators.' }),
    before: z.string().nullable(),
    after: z.string().nullable(),
    held: z.boolean(),
    dropped: z.boolean(),
  })
  .openapi('PlanChange') satisfies z.ZodType<PlanChangeView>
