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

/** `seq:hash`. */
export const auditHead = z.string().regex(/^[1-9]\d{0,14}:[0-9a-f]{64}$/, 'a head, as in 17:<64 hex digits>')

export const auditVerdict = z
  .object({
    ok: z.boolean(),
    entries: count,
    head: z.string().nullable().meta({ description: 'The last entry found whole: write it down elsewhere.' }),
    brokenAt: z.number().nullable(),
    why: z.string().nullable(),
  })
  .openapi('AuditVerdict')
