/** An operator's lock holds on though the row of its person is gone: whoever is found by the same record or number is made locked. */
import type pg from 'pg'
import { recordAuditMany } from '../audit/record.ts'
import { clearAlarm, raiseAlarm } from '../store/alarms.ts'
import type { Dossier } from '../store/dossier.ts'
import { olderIdentifiers } from '../store/identifiers.ts'
import { addLockMarks, anyLockMarks, findLockMarks, type LockMark, removeLockMarks } from '../store/lock-marks.ts'
import type { SyncContext } from './context.ts'
import { tellForged } from './forged.ts'
import { markName, marksOf } from './pull/correlate.ts'

/** Part of the transaction that locks. */
export async function rememberLock(client: pg.ClientBase, context: SyncContext, dossier: Dossier): Promise<void> {
  await addLockMarks(client, context.vault, dossier.person.id, lockMarks(context, dossier))
}

/** Part of the transaction that unlocks. */
export async function forgetLock(client: pg.ClientBase, context: SyncContext, dossier: Dossier): Promise<void> {
  await removeLockMarks(client, dossier.person.id, anyLockMarksOf(context, dossier))
  await clearAlarm(client, context.vault, 'lock.outlived', dossier.person.id)
}

/** Locks those newcomers, in memory, whom a remembered lock names; alarmed, since somebody took their row away. */
export async function holdOutlivedLocks(
  client: pg.ClientBase,
  context: SyncContext,
  newcomers: readonly Dossier[],
): Promise<void> {
  if (newcomers.length === 0 || !(await anyLockMarks(client))) return
  const found = await findLockMarks(
    client,
    context.vault,
    newcomers.flatMap((dossier) => anyLockMarksOf(context, dossier)),
  )
  if (found.length === 0) return
  const names = new Set(found.map(markName))
  const locked = newcomers.filter((dossier) =>
    anyLockMarksOf(context, dossier).some((mark) => names.has(markName(mark))),
  )
  for (const { person } of locked) {
    person.locked_at = context.now()
    context.log('error', 'lock.outlived', { person: person.id })
    await raiseAlarm(client, context.vault, 'lock.outlived', person.id)
  }
  if (found.some(({ genuine }) => !genuine)) await tellForged(client, context, 'lock_mark')
  for (const dossier of locked) await rememberLock(client, context, dossier)
  await recordAuditMany(
    client,
    context.vault,
    locked.map(({ person }) => ({
      actor: 'engine',
      action: 'person.locked' as const,
      object: person.id,
      details: { because: 'an operator had locked somebody of this record or number, whose row is gone' },
    })),
  )
}

function lockMarks({ vault }: SyncContext, { records }: Dossier): readonly LockMark[] {
  return records.flatMap(({ row, record }) => [
    { purpose: 'record-key', digest: row.key_digest },
    ...marksOf(vault, row.source, record).digests,
  ])
}

/** As `lockMarks`, and what the same marks became when keys were replaced. */
function anyLockMarksOf(context: SyncContext, dossier: Dossier): readonly LockMark[] {
  const older = dossier.records.flatMap(({ row, record }) => olderIdentifiers(context.vault, row.source, record))
  return [...lockMarks(context, dossier), ...older]
}
