/** Answers about erasures: ids, times, targets; no personal data. */
import { z } from '@hono/zod-openapi'
import type { ErasurePreview, ErasureView } from '../acts/erasures.ts'
import { count, time, timeOrNull } from './values.ts'

export const erasurePreview = z
  .object({
    person: z.string(),
    accounts: z
      .array(
        z.object({
          target: z.string(),
          made: z.boolean().meta({ description: 'Whether there is anything to be removed.' }),
          waits: z.string().nullable().meta({ description: 'Why it can not be removed just now.' }),
        }),
      )
      .readonly(),
    sources: z.array(z.string()).readonly(),
    records: count,
    cards: count,
    archivesUntil: timeOrNull.meta({ description: 'Until when kept deliveries may hold the person.' }),
    backupsUntil: time.meta({ description: 'When backups can not be opened either, if no epoch is begun sooner.' }),
  })
  .openapi('ErasurePreview') satisfies z.ZodType<ErasurePreview>

export const erasureView = z
  .object({
    id: z.string(),
    person: z.string(),
    askedAt: time,
    askedBy: z.string(),
    state: z.enum(['removing', 'deleted', 'closed', 'forged']),
    accounts: z.array(z.object({ target: z.string(), outcome: z.string().nullable(), at: timeOrNull })).readonly(),
    deletedAt: timeOrNull,
    backupsUnreadableSince: timeOrNull,
    liftedAt: timeOrNull,
    statement: z.string().nullable().meta({ description: 'Signed line: what was deleted and removed, and when.' }),
    closing: z.string().nullable().meta({ description: 'Signed line: since when backups can not be opened either.' }),
  })
  .openapi('Erasure') satisfies z.ZodType<ErasureView>
