/** Answers about keys: ids, ages and counts. */
import { z } from '@hono/zod-openapi'
import type { KeysView, PublicKeyView } from '../acts/keys.ts'
import { count, time, timeOrNull } from './values.ts'

export const keysView = z
  .object({
    gateway: z.string(),
    stamp: z.string(),
    createdAt: time,
    generation: count.meta({ description: 'Counts the changes of the keyring file.' }),
    epochs: z
      .array(
        z.object({
          id: z.string(),
          createdAt: time,
          state: z.enum(['current', 'retired']),
          emptyAt: timeOrNull.meta({ description: 'Since when nothing living is wrapped under it.' }),
          destroyedAt: timeOrNull.meta({ description: 'When it is to be destroyed; null: not yet known.' }),
          people: count,
          archives: count,
        }),
      )
      .readonly(),
    keys: z.array(z.object({ purpose: z.string(), id: z.string() })).readonly(),
  })
  .openapi('Keys') satisfies z.ZodType<KeysView>

export const publicKeyView = z
  .object({
    id: z.string(),
    algorithm: z.string(),
    publicKey: z
      .string()
      .meta({ description: 'SPKI in PEM, to be pinned by whoever verifies what this gateway signs.' }),
    former: z
      .array(z.object({ id: z.string(), publicKey: z.string(), until: time }))
      .readonly()
      .meta({ description: 'Keys from before all were replaced: what they signed since proves nothing.' }),
  })
  .openapi('PublicKey') satisfies z.ZodType<PublicKeyView>
