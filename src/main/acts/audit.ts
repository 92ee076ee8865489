/** Acts about the audit trail. */
import type { AuditActs } from '../../api/acts/audit.ts'
import { openAuditPage } from '../../audit/page.ts'
import { verifyAudit } from '../../audit/verify.ts'
import { checkedCursor } from '../cursor.ts'
import type { ActsParts } from './parts.ts'

export function auditActs({ engine: { context } }: ActsParts): AuditActs {
  const { database, vault } = context
  let verifying: ReturnType<typeof verifyAudit> | null = null
  return {
    async audit({ after, limit }) {
      const entries = await openAuditPage(database.pool, vault, Number(checkedCursor(after, 'number') ?? 0), limit)
      const rows = entries.map((entry) => ({
        seq: entry.seq,
        at: entry.at,
        actor: entry.actor,
        action: entry.action,
        object: entry.object,
        details: entry.details ?? { unreadable: true },
        hash: entry.hash.toString('hex'),
      }))
      return { rows, next: rows.length === limit ? String(rows.at(-1)?.seq) : null }
    },
    // One walk at a time, shared by all who ask meanwhile: it costs more the longer the trail is.
    verifyAudit() {
      verifying ??= verifyAudit(database.pool, vault).finally(() => {
        verifying = null
      })
      return verifying
    },
  }
}
