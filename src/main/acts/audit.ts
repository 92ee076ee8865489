/** Acts about the audit trail. */
import type { AuditActs } from '../../api/acts/audit.ts'
import type { Verification } from '../../audit/chain.ts'
import { parseHead } from '../../audit/entry.ts'
import { exportAudit } from '../../audit/export.ts'
import { openAuditPage } from '../../audit/page.ts'
import { verifyAudit } from '../../audit/verify.ts'
import { checkedCursor } from '../cursor.ts'
import type { ActsParts } from './parts.ts'

export function auditActs({ engine: { context } }: ActsParts): AuditActs {
  const { database, vault } = context
  const walks = new Map<string, Promise<Verification>>()
  let last: Promise<unknown> = Promise.resolve()
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
    // One walk at a time, shared by all who ask the same meanwhile: it costs more the longer the trail is.
    verifyAudit(head = '') {
      const options = head === '' ? {} : { expectedHead: parseHead(head) }
      const walk =
        walks.get(head) ?? last.then(() => verifyAudit(database.pool, vault, options)).finally(() => walks.delete(head))
      walks.set(head, walk)
      last = walk.catch(() => undefined)
      return walk
    },
    exportAudit: (actor, sealed) => exportAudit(database.pool, vault, { subject: actor.subject, sealed }),
  }
}
