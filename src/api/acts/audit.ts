/** The audit trail. */
import type { Actor } from '../../auth/actor.ts'
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
  /** `head`, as `seq:hash`: an entry that must be there. */
  verifyAudit(head?: string): Promise<{
    ok: boolean
    entries: number
    head: string | null
    brokenAt: number | null
    why: string | null
  }>
  /** Lines with their line feeds, after an entry in the trail; `sealed`: with no details opened. */
  exportAudit(actor: Actor, sealed: boolean): Promise<AsyncIterable<string>>
}
