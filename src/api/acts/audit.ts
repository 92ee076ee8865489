/** The audit trail. */
import type { Paged } from './paged.ts'

export interface AuditEntryView {
  readonly seq: number
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly object: string
  readonly details: Readonly<Record<string, unknown>>
  readonly hash: string
}

export interface AuditActs {
  audit(page: { after?: string; limit: number }): Promise<Paged<AuditEntryView>>
  verifyAudit(): Promise<{
    ok: boolean
    entries: number
    head: string | null
    brokenAt: number | null
    why: string | null
  }>
}
