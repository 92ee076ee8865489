/** Answers about the audit trail. */
import { z } from '@hono/zod-openapi'
import type { AuditEntryView } from '../acts/audit.ts'
import { count, time } from './values.ts'

export const auditEntryView = z
  .object({
    seq: z.int(),
    at: time,
    actor: z.string(),
    action: z.string(),
    object: z.string(),
    details: z.record(z.string(), z.unknown()),
    hash: z.string(),
  })
  .openapi('AuditEntry') satisfies z.ZodType<AuditEntryView>

export const auditVerdict = z
  .object({
    ok: z.boolean(),
    entries: count,
    head: z.string().nullable(),
    brokenAt: z.number().nullable(),
    why: z.string().nullable(),
  })
  .openapi('AuditVerdict')
