/** Answers about cards: personal data in clear. */
import { z } from '@hono/zod-openapi'
import type { CardDone, CardView } from '../acts/cards.ts'
import { lockoutView } from './lockouts.ts'
import { timeOrNull } from './values.ts'

export const cardView = z
  .object({
    credential: z.string(),
    card: z.string(),
    person: z.string(),
    name: z.string(),
    state: z.string(),
    waits: z.boolean().meta({ description: 'Until it was seen to be gone from the accounts of whoever had it.' }),
    suspendedSince: timeOrNull.meta({ description: 'By an operator.' }),
    source: z.string().nullable().meta({ description: 'Whose card it is; null: an operator issued it.' }),
    accounts: z
      .array(
        z.object({
          target: z.string(),
          desired: z.string().nullable(),
          actual: z.string().nullable(),
          actualAt: timeOrNull,
        }),
      )
      .readonly(),
    lockouts: z.array(lockoutView).readonly(),
  })
  .openapi('Card') satisfies z.ZodType<CardView>

export const cardDone = z.object({
  credential: z.string(),
  person: z.string(),
  waits: z.boolean().meta({ description: 'Until it was seen to be gone from the accounts of whoever gave it back.' }),
  lockouts: z.array(z.string()).readonly().meta({ description: 'To be proven: ask `/v1/lockouts/{id}`.' }),
  paused: z.array(z.string()).readonly().meta({ description: 'Targets where nothing happens until they are resumed.' }),
}) satisfies z.ZodType<CardDone>
