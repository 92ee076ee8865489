/** Answers about plans. */
import { z } from '@hono/zod-openapi'
import type { PlanChangeView, PlanView } from '../acts/plans.ts'
import { count, time, timeOrNull } from './values.ts'

export const planStates = ['held', 'passed', 'released', 'rejected', 'superseded'] as const

export const planView = z
  .object({
    id: z.string(),
    origin: z.string(),
    state: z.string(),
    hash: z.string(),
    createdAt: time,
    decidedAt: timeOrNull,
    decidedBy: z.string().nullable(),
    kinds: z
      .array(
        z.object({
          kind: z.string(),
          target: z.string(),
          changes: count,
          limit: z.number().nullable(),
          held: z.boolean(),
          why: z.string().nullable(),
        }),
      )
      .readonly(),
    total: count,
  })
  .openapi('Plan') satisfies z.ZodType<PlanView>

export const planChangeView = z
  .object({
    account: z.string(),
    person: z.string().nullable(),
    target: z.string(),
    kind: z.string(),
    part: z.string(),
    name: z.string().nullable().meta({ description: 'Of a level, as rules write it.' }),
    before: z.string().nullable(),
    after: z.string().nullable(),
    held: z.boolean(),
    dropped: z.boolean(),
  })
  .openapi('PlanChange') satisfies z.ZodType<PlanChangeView>
