/** Answers about targets. */
import { z } from '@hono/zod-openapi'
import type { LevelView } from '../acts/targets.ts'

export const levelView = z
  .object({
    target: z.string(),
    id: z.string(),
    externalId: z.string(),
    name: z.string(),
    usedByRules: z.boolean(),
  })
  .openapi('Level') satisfies z.ZodType<LevelView>
