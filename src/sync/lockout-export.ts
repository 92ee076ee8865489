/** Every lock-out as a line that the gateway signs: when the news came, each step, and how far the proof goes; by random ids only. */
import { createHash } from 'node:crypto'
import { type LockoutEnding, type LockoutStatement, lockoutEndType, lockoutLineType } from '../audit/lockout-lines.ts'
import { recordAudit } from '../audit/record.ts'
import { signLine } from '../audit/signed-line.ts'
import type { SubjectId } from '../model/id.ts'
import type { LockoutRow } from '../store/guards.ts'
import { areGenuineSteps, eachLockout, isGenuineDecision, isSignedOff, type LockoutFilter } from '../store/lockouts.ts'
import { inTransaction } from '../store/transaction.ts'
import type { SyncContext } from './context.ts'
import { tellForged } from './forged.ts'

export function lockoutStatement(context: Pick<SyncContext, 'vault'>, row: LockoutRow): LockoutStatement {
  const iso = (at: Date | null): string | null => (at === null ? null : timeOf(at))
  const claimed = {
    ...{ person: row.person_id, account: row.account_id, target: row.target, cause: row.cause },
    credential: row.credential_id,
    arrivedAt: timeOf(row.arrived_at),
    decidedAt: timeOf(row.decided_at),
    startedAt: iso(row.started_at),
    acceptedAt: iso(row.accepted_at),
    provenAt: iso(row.proven_at),
    endedAt: iso(row.ended_at),
    ...{ proof: row.proof, requests: row.requests, waitingMs: row.waiting_ms },
  }
  const fault = !isGenuineDecision(context.vault, row)
    ? 'decision'
    : areGenuineSteps(context.vault, row)
      ? null
      : 'steps'
  if (fault !== null) return { state: 'not-provable', lockout: row.id, fault, claimed }
  const stated = { lockout: row.id, ...claimed }
  const { provenAt, proof, endedAt } = stated
  if (provenAt !== null && proof !== null) return { state: 'proven', ...stated, provenAt, proof }
  if (endedAt === null) return { state: 'open', ...stated }
  return { state: isSignedOff(context.vault, row) ? 'signed-off' : 'taken-back', ...stated, endedAt }
}

/** A time without end, which only somebody else writes, is read as no Date: the row fails its guard, and what it claims has to be shown all the same. */
function timeOf(at: Date): string {
  return (at instanceof Date ? at : new Date(0)).toISOString()
}

/**
 * Lines with their line feeds, in the order in which the lock-outs were decided, and one that ends them. The audit names who took
 * them out. A row that is not as Gatehouse wrote it is alarmed.
 */
export async function exportLockouts(
  context: SyncContext,
  filter: LockoutFilter,
  subject: SubjectId,
): Promise<AsyncIterable<string>> {
  const asked = { since: iso(filter.since), until: iso(filter.until), person: filter.person ?? null }
  await inTransaction(context.database.pool, (client) =>
    recordAudit(client, context.vault, {
      actor: subject,
      action: 'lockout.exported',
      object: filter.person ?? '',
      details: asked,
    }),
  )
  return linesOf(context, filter, asked)
}

async function* linesOf(
  context: SyncContext,
  filter: LockoutFilter,
  asked: Pick<LockoutEnding, 'since' | 'until' | 'person'>,
): AsyncGenerator<string> {
  const { database, vault } = context
  const digest = createHash('sha256')
  let lines = 0
  for await (const rows of eachLockout(database.pool, filter)) {
    let text = ''
    for (const row of rows) {
      const stated = lockoutStatement(context, row)
      if (stated.state === 'not-provable') await tellForged(database.pool, context, row.id)
      text += `${signLine(vault, lockoutLineType, stated)}\n`
    }
    lines += rows.length
    digest.update(text)
    yield text
  }
  const exportedAt = context.now().toISOString()
  yield `${signLine(vault, lockoutEndType, { exportedAt, ...asked, lines, sha256: digest.digest('hex') })}\n`
}

function iso(at: Date | undefined): string | null {
  return at?.toISOString() ?? null
}
