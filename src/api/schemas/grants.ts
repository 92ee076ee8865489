/** Answers about individual grants. */
import { z } from '@hono/zod-openapi'
import type { GrantView } from '../acts/grants.ts'
import { time, timeOrNull } from './values.ts'

export const grantView = z
  .object({
    id: z.string(),
    person: z.string(),
    level: z.string().meta({ description: '`target/name`, or the id of a level that its target offers no more.' }),
    until: timeOrNull.meta({ description: 'Null: without an end.' }),
    since: time,
    by: z.string().nullable().meta({ description: 'Who gave it.' }),
    reason: z.string().nullable(),
    waits: z.string().nullable().meta({
      description:
        'What keeps it from opening anything: locked, suspended, future, left, unknown, observe, first-plan, restored, no-account, frozen. Null: nothing.',
    }),
  })
  .openapi('Grant') satisfies z.ZodType<GrantView>
