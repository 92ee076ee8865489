/** What becomes of archived deliveries: opened or destroyed by name, and destroyed by the clock. */
import { recordAudit } from '../../audit/record.ts'
import { errorCode } from '../../model/error-code.ts'
import type { KeyId, SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { clearAlarm, raiseAlarm, readAlarms, setAlarms } from '../../store/alarms.ts'
import {
  hasArchiveFile,
  listArchiveFiles,
  readArchiveFile,
  removeArchiveFile,
  removeOlder,
} from '../../store/archive-files.ts'
import { deleteArchive, eachArchive, findArchive, isGenuineArchive } from '../../store/archives.ts'
import type { ArchiveRow } from '../../store/guards.ts'
import { inTransaction } from '../../store/transaction.ts'
import { isRowFault } from '../../vault/vault-error.ts'
import type { SyncContext } from '../context.ts'

/** A file without a row may be one that is just being written, by a scheduler that does not know yet that it was replaced. */
const strayAfterMs = 10 * 60_000

export interface OpenedArchive {
  readonly bytes: number
  /** Plain personal data. Fails before its end if the file was changed after it was looked through. */
  readonly content: AsyncIterable<Buffer>
}

/**
 * Looks through the whole file first, so that nothing of a damaged one leaves, and records who opens it before a byte does.
 * @throws Refusal `archive.unknown`, `archive.forged`, `archive.not-here`, `archive.damaged`.
 */
export async function openArchive(
  context: SyncContext,
  id: KeyId,
  subject: SubjectId,
  reason: string,
): Promise<OpenedArchive> {
  const row = await findArchive(context.database.pool, id)
  if (row === null || row.expires_at <= context.now()) throw new Refusal('archive.unknown')
  if (!isGenuineArchive(context.vault, row)) {
    context.log('error', 'archive.forged', { table: 'archive', row: id })
    await raiseAlarm(context.database.pool, context.vault, 'archive.forged', id)
    throw new Refusal('archive.forged')
  }
  await lookThrough(context, row)
  await inTransaction(context.database.pool, (client) =>
    recordAudit(client, context.vault, {
      actor: subject,
      action: 'source.archive-opened',
      object: id,
      details: { source: row.source, reason },
    }),
  )
  return { bytes: Number(row.bytes), content: contentOf(context, row) }
}

function contentOf(context: SyncContext, row: ArchiveRow): AsyncIterable<Buffer> {
  return context.vault.openFile(row, readArchiveFile(context.archiveFolder, row.id))
}

async function lookThrough(context: SyncContext, row: ArchiveRow): Promise<void> {
  try {
    for await (const _ of contentOf(context, row));
  } catch (error) {
    if (isRowFault(error)) throw new Refusal('archive.damaged')
    if (errorCode(error) === 'ENOENT') throw new Refusal('archive.not-here')
    throw error
  }
}

/** @throws Refusal `archive.unknown`. */
export async function destroyArchive(
  context: SyncContext,
  id: KeyId,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  if (!(await destroy(context, id, subject, { reason }))) throw new Refusal('archive.unknown')
}

/** The key first, which makes every copy unreadable at once; if the file then stays behind, the next sweep has it. */
async function destroy(
  context: SyncContext,
  id: KeyId,
  actor: string,
  details: Readonly<Record<string, string>>,
): Promise<boolean> {
  const destroyed = await inTransaction(context.database.pool, async (client) => {
    const source = await deleteArchive(client, id)
    if (source === null) return false
    await recordAudit(client, context.vault, {
      actor,
      action: 'source.archive-destroyed',
      object: id,
      details: { source, ...details },
    })
    return true
  })
  await removeArchiveFile(context.archiveFolder, id)
  return destroyed
}

/**
 * Destroys what was kept long enough, and takes away what a crash left behind. Trouble with the folder is an alarm, and stops
 * nothing else that the scheduler does. With the signal it stops where it is; the next sweep does the rest.
 */
export async function sweepArchives(context: SyncContext, signal: AbortSignal): Promise<void> {
  const { pool } = context.database
  try {
    await sweep(context, signal)
    await clearAlarm(pool, context.vault, 'archive.failed', '')
  } catch (error) {
    if (await raiseAlarm(pool, context.vault, 'archive.failed', ''))
      context.log('error', 'archive.failed', { code: errorCode(error) })
  }
}

async function sweep(context: SyncContext, signal: AbortSignal): Promise<void> {
  const { archiveFolder, database, vault } = context
  const now = context.now()
  const seen = await readAlarms(database.pool, 'archive.forged', 'archive.lost')
  // Files first: whoever is archived between the two looks has a row, and then a file at the closer look below.
  const files = await listArchiveFiles(archiveFolder)
  const there = new Set(files.map(({ id }) => id))
  const known = new Set<KeyId>()
  const forged: KeyId[] = []
  const lost = new Set<string>()
  for await (const row of eachArchive(database.pool)) {
    if (signal.aborted) return
    known.add(row.id)
    // To be destroyed needs no proof: whoever can change the row can delete it.
    if (row.expires_at <= now) await destroy(context, row.id, 'clock', { why: 'expired' })
    else if (!isGenuineArchive(vault, row)) forged.push(row.id)
    // Its key stays all the same: the folder may only not be mounted, and nothing here may make that final.
    else if (!there.has(row.id) && !(await hasArchiveFile(archiveFolder, row.id))) lost.add(row.source)
  }
  const strayBefore = new Date(now.getTime() - strayAfterMs)
  for (const { path, id } of files) if (id === null || !known.has(id)) await removeOlder(path, strayBefore)
  for (const row of await setAlarms(database.pool, context.vault, 'archive.forged', forged, seen))
    context.log('error', 'archive.forged', { table: 'archive', row })
  for (const source of await setAlarms(database.pool, context.vault, 'archive.lost', [...lost], seen))
    context.log('error', 'archive.lost', { source })
}
