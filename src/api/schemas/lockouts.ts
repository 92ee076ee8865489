/** Answers about lock-outs. */
import { z } from '@hono/zod-openapi'
import type { LockoutView } from '../acts/lockouts.ts'
import { count, time, timeOrNull } from './values.ts'

/** States by which they are listed: those that a row can claim. */
export const listedStates = ['open', 'proven', 'taken-back', 'signed-off'] as const

export const lockoutView = z
  .object({
    id: z.string(),
    person: z.string().nullable(),
    account: z.string(),
    credential: z.string().nullable().meta({ description: 'One card of the account; null: all of it.' }),
    target: z.string(),
    cause: z.string(),
    state: z
      .enum([...listedStates, 'not-provable'])
      .meta({ description: '`not-provable`: somebody else wrote to its row; its times say nothing.' }),
    arrivedAt: time.meta({ description: 'When the news reached us: a lock-out is timed from here to `provenAt`.' }),
    decidedAt: time,
    startedAt: timeOrNull,
    acceptedAt: timeOrNull,
    provenAt: timeOrNull,
    proof: z.string().nullable().meta({ description: 'How far `provenAt` proves it: accepted, read-back, …' }),
    requests: count,
    waitingMs: z.number(),
    endedAt: timeOrNull,
  })
  .openapi('Lockout') satisfies z.ZodType<LockoutView>
