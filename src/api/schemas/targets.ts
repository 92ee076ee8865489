/** Answers about targets. */
import { z } from '@hono/zod-openapi'
import type { DriftCount, DriftDecision, DriftView, LevelView } from '../acts/targets.ts'
import { count, time, timeOrNull } from './values.ts'

export const levelView = z
  .object({
    target: z.string(),
    id: z.string(),
    externalId: z.string(),
    name: z.string(),
    usedByRules: z.boolean(),
    people: count.meta({ description: 'Who is to have it now, by rules or by grants of their own.' }),
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
    policy: z.string().meta({ description: 'What the configuration says about it: report, revert or accept.' }),
    reverted: count.meta({ description: 'How often the configuration had it undone lately.' }),
    fought: z.boolean().meta({ description: 'It came back each time, and is undone no more.' }),
    acceptedAt: timeOrNull,
  })
  .openapi('Drift') satisfies z.ZodType<DriftView>

export const driftCount = z.object({
  ...{ target: z.string(), class: z.string(), policy: z.string() },
  ...{ count, accepted: count },
}) satisfies z.ZodType<DriftCount>

export const driftDecision = z
  .object({ drifts: count, left: count })
  .openapi('DriftDecision') satisfies z.ZodType<DriftDecision>
