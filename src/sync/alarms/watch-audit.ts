/** Looks whether the audit trail is whole: what is new every time, all of it once a day; and remembers, signed, up to where it was. */
import { parseHead } from '../../audit/entry.ts'
import { verifyAudit } from '../../audit/verify.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { holdsEntry, readAuditMark, writeAuditMark } from '../../store/audit-mark.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'

const wholeEveryMs = 86_400_000

/** Returns what looks once; called by the scheduler, again and again. */
export function watchAudit(context: SyncContext): () => Promise<void> {
  const { database, vault } = context
  let wholeAt: number | null = null

  return async function look() {
    const mark = await readAuditMark(database.pool, vault)
    if (mark === 'forged') {
      await tell(context, 'mark-forged')
      wholeAt = null
    }
    const known = mark === 'forged' ? null : mark
    // What was verified before may be gone since, with all that came after it.
    if (known !== null && !(await holdsEntry(database.pool, known))) {
      await tell(context, 'truncated')
      wholeAt = null
    }
    const isWhole = wholeAt === null || Date.now() - wholeAt >= wholeEveryMs
    const verdict = await verifyAudit(database.pool, vault, isWhole || known === null ? {} : { after: known })
    if (!verdict.ok) {
      wholeAt = null
      await tell(context, certain(verdict.why))
      return
    }
    if (isWhole) wholeAt = Date.now()
    if (verdict.head !== null) await writeAuditMark(database.pool, vault, parseHead(verdict.head))
  }
}

async function tell({ database, vault, log }: SyncContext, how: string): Promise<void> {
  if (await raiseAlarm(database.pool, vault, 'audit.broken', how)) log('error', 'audit.broken', { code: how })
}
