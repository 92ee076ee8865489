/** Answers about people of whom nothing is decided. */
import { z } from '@hono/zod-openapi'
import type { FrozenView, ThawedView } from '../acts/frozen.ts'
import { count, time } from './values.ts'

export const frozenView = z
  .object({ person: z.string(), accounts: z.array(z.string()).readonly(), since: time })
  .openapi('Frozen') satisfies z.ZodType<FrozenView>

export const thawedView = z
  .object({
    person: z.boolean().meta({ description: 'Whether their own row could not be trusted.' }),
    records: count,
    cards: count,
    grants: count,
    accounts: count,
    lost: z
      .array(z.object({ account: z.string(), target: z.string() }))
      .readonly()
      .meta({ description: 'Nobody can address these any more: close them at the door system by hand.' }),
    lockouts: z.array(z.string()).readonly(),
  })
  .openapi('Thawed') satisfies z.ZodType<ThawedView>
