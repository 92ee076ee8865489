/** Answers about the accounts that were there before Gatehouse. */
import { z } from '@hono/zod-openapi'
import type { MatchRowView, MatchView } from '../acts/matches.ts'
import { count, time, timeOrNull } from './values.ts'

export const matchClassNames = ['certain', 'probable', 'ambiguous', 'none', 'unread', 'linked', 'untouchable'] as const

export const matchView = z
  .object({
    target: z.string(),
    state: z.string(),
    requestedAt: time,
    finishedAt: timeOrNull,
    accounts: count.meta({ description: 'Accounts looked at so far.' }),
    listed: count.meta({ description: 'Accounts that the list had so far: as many are to be looked at.' }),
    code: z.string().nullable().meta({ description: 'Why it failed.' }),
    classes: z.record(z.string(), count).meta({ description: 'How many accounts are in each class.' }),
  })
  .openapi('Match') satisfies z.ZodType<MatchView>

export const matchRowView = z
  .object({
    account: z.string().nullable().meta({ description: 'Personal data in clear. Null for what is left alone.' }),
    profile: z.record(z.string(), z.string()).nullable(),
    lock: z.string().nullable(),
    cards: count.nullable(),
    class: z.string(),
    person: z.string().nullable(),
    reasons: z.array(z.string()).readonly(),
  })
  .openapi('MatchedAccount') satisfies z.ZodType<MatchRowView>

export const adopted = z.object({ linked: count, left: count })
