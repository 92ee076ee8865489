/** Answers about targets. */
import { z } from '@hono/zod-openapi'
import type { DriftCount, DriftView, LevelView } from '../acts/targets.ts'
import { count, time } from './values.ts'

export const levelView = z
  .object({
    target: z.string(),
    id: z.string(),
    externalId: z.string(),
    name: z.string(),
    usedByRules: z.boolean(),
  })
  .openapi('Level') satisfies z.ZodType<LevelView>

export const driftView = z
  .object({
    id: z.string(),
    target: z.string(),
    class: z.string(),
    part: z.string().nullable(),
    account: z.string().nullable().meta({ description: 'Random id; null for an account of nobody.' }),
    person: z.string().nullable(),
    foundAt: time,
  })
  .openapi('Drift') satisfies z.ZodType<DriftView>

export const driftCount = z.object({ target: z.string(), class: z.string(), count }) satisfies z.ZodType<DriftCount>
