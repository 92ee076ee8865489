/** Answers about what was given up or refused. */
import { z } from '@hono/zod-openapi'
import type { FailureView } from '../acts/failures.ts'
import { count, timeOrNull } from './values.ts'

export const failureView = z
  .object({
    account: z.string(),
    target: z.string(),
    part: z.string(),
    kind: z.string(),
    code: z.string(),
    state: z
      .enum(['given-up', 'refused', 'retrying'])
      .meta({ description: 'Whether the account waits for a person, this part does, or it is tried again by itself.' }),
    action: z.string().nullable(),
    since: timeOrNull,
    attempts: count,
  })
  .openapi('Failure') satisfies z.ZodType<FailureView>
