/** Answers about tokens. */
import { z } from '@hono/zod-openapi'
import type { TokenView } from '../acts/tokens.ts'
import { time, timeOrNull } from './values.ts'

export const tokenView = z
  .object({
    id: z.string(),
    subject: z.string(),
    name: z.string(),
    role: z.string(),
    createdAt: time,
    expiresAt: time,
    revokedAt: timeOrNull,
  })
  .openapi('Token') satisfies z.ZodType<TokenView>
