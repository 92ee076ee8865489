/** Answers about cards: personal data in clear. */
import { z } from '@hono/zod-openapi'
import type { CardDone, CardUse, CardView } from '../acts/cards.ts'
import { lockoutView } from './lockouts.ts'
import { timeOrNull } from './values.ts'

const accounts = z
  .array(
    z.object({
      target: z.string(),
      desired: z.string().nullable(),
      actual: z.string().nullable(),
      actualAt: timeOrNull,
    }),
  )
  .readonly()

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
    accounts,
    lockouts: z.array(lockoutView).readonly(),
  })
  .openapi('Card') satisfies z.ZodType<CardView>

export const cardUse = z.object({
  asked: z.string(),
  card: z.string().nullable().meta({ description: 'As this person holds it; null: the person is frozen.' }),
  person: z.string(),
  state: z.string(),
  waits: z.boolean(),
  accounts,
}) satisfies z.ZodType<CardUse>

export const cardDone = z.object({
  credential: z.string(),
  person: z.string(),
  waits: z.boolean().meta({ description: 'Until it was seen to be gone from the accounts of whoever gave it back.' }),
  lockouts: z.array(z.string()).readonly().meta({ description: 'To be proven: ask `/v1/lockouts/{id}`.' }),
  paused: z.array(z.string()).readonly().meta({ description: 'Targets where nothing happens until they are resumed.' }),
  refused: z
    .array(z.object({ target: z.string(), code: z.string() }))
    .readonly()
    .meta({ description: 'Targets that can not take an issued card of this format.' }),
}) satisfies z.ZodType<CardDone>
