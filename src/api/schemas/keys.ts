/** Answers about the gateway's keys. */
import { z } from '@hono/zod-openapi'
import type { PublicKeyView } from '../acts/keys.ts'

export const publicKeyView = z
  .object({
    id: z.string(),
    algorithm: z.string(),
    publicKey: z
      .string()
      .meta({ description: 'SPKI in PEM, to be pinned by whoever verifies what this gateway signs.' }),
  })
  .openapi('PublicKey') satisfies z.ZodType<PublicKeyView>
