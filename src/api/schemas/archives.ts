/** Answers about archived deliveries. */
import { z } from '@hono/zod-openapi'
import type { ArchiveView } from '../acts/archives.ts'
import { count, time } from './values.ts'

export const archiveView = z
  .object({
    id: z.string(),
    source: z.string(),
    pull: z.string(),
    createdAt: time,
    expiresAt: time,
    bytes: count,
    state: z.enum(['kept', 'forged']),
  })
  .openapi('Archive') satisfies z.ZodType<ArchiveView>
