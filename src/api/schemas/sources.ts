/** Answers about sources. */
import { z } from '@hono/zod-openapi'
import type { SourceView } from '../acts/sources.ts'
import { count, time, timeOrNull } from './values.ts'

export const syncResult = z
  .object({
    source: z.string(),
    outcome: z.string(),
    records: count,
    changed: count,
    problems: count,
    missing: count,
    plan: z.string().nullable(),
  })
  .openapi('SyncResult')

const ofLimit = z.object({ rows: count, limit: count }).nullable()

export const sourceView = z
  .object({
    id: z.string(),
    standing: z.object({
      forged: z.boolean().meta({ description: 'What is stored about it was changed outside Gatehouse.' }),
      suspectSince: timeOrNull,
      lockedOut: count.meta({ description: 'People locked out by its records within the last hour.' }),
      heldBack: count.meta({ description: 'People whose lock-out waits because the source is suspect.' }),
      braked: z.object({ lost: ofLimit, changed: ofLimit }).nullable(),
      columnsMoved: z.boolean(),
    }),
    deliveries: z
      .array(
        z.object({
          id: z.string(),
          mode: z.string(),
          arrivedAt: time,
          outcome: z.string().nullable(),
          records: count,
          changed: count,
          problems: count,
          missing: count,
        }),
      )
      .readonly(),
    problemsOf: z.string().nullable(),
    problems: z
      .array(z.object({ place: z.string(), field: z.string().nullable(), code: z.string() }))
      .readonly()
      .meta({ description: 'By place, field and code; never by value.' }),
  })
  .openapi('Source') satisfies z.ZodType<SourceView>
