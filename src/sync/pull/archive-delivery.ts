/** Keeps a delivery as it came, sealed under a key of its own: before it is settled, once, and never a byte of another. */
import { createHash } from 'node:crypto'
import { recordAudit } from '../../audit/record.ts'
import type { Delivery } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { PullId } from '../../model/id.ts'
import { hasArchiveFile, writeArchiveFile } from '../../store/archive-files.ts'
import { archivesOf, insertArchive, isGenuineArchive } from '../../store/archives.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { SourceSetup, SyncContext } from '../context.ts'
import { sourceOrigin } from '../origin.ts'

/**
 * Does nothing for a source whose archive is off. Killed at any moment it leaves no plain text: a file without its row has no key,
 * and the sweep takes it away.
 * @throws ConnectorError `transient` when the delivery is no longer what it was, or can't be archived; then it must not be settled.
 */
export async function archiveDelivery(
  context: SyncContext,
  source: SourceSetup,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<void> {
  if (source.archiveKeepMs === null) return
  const { vault, archiveFolder } = context
  const { fingerprint: told, raw } = delivery
  if (told === null || raw === undefined)
    throw failure('source.not-archivable', 'this kind of source gives no archive: leave archive out')
  const fingerprint = vault.digest('archive', [source.id, told])
  if (await isArchived(context, source.id, fingerprint)) return
  const pull = await pullOf(context, source.id)
  const content = provenContent(raw(signal), told)
  const { row: key, sealed } = vault.sealFile(content.bytes)
  await writeArchiveFile(archiveFolder, key.id, sealed)
  const createdAt = context.now()
  const expiresAt = new Date(createdAt.getTime() + source.archiveKeepMs)
  const bytes = content.count()
  await inTransaction(context.database.pool, async (client) => {
    await insertArchive(client, vault, { key, source: source.id, pull, fingerprint, bytes, createdAt, expiresAt })
    await recordAudit(client, vault, {
      actor: sourceOrigin(source.id),
      action: 'source.archived',
      object: key.id,
      details: { pull, bytes, expiresAt },
    })
  })
}

/** Only what can still be opened counts: a forged row, or one whose file is lost, would let the sender's copy be deleted for nothing. */
async function isArchived(context: SyncContext, source: string, fingerprint: Buffer): Promise<boolean> {
  for (const row of await archivesOf(context.database.pool, source, fingerprint)) {
    const living = row.expires_at > context.now() && isGenuineArchive(context.vault, row)
    if (living && (await hasArchiveFile(context.archiveFolder, row.id))) return true
  }
  return false
}

/** The pull that took these bytes: the source's last, for a repeat is known by having the fingerprint that this one left. */
async function pullOf(context: SyncContext, source: string): Promise<PullId> {
  const { rows } = await context.database.pool.query<{ id: PullId }>(
    `select id from pull where source = $1 and outcome in ('taken', 'incomplete') order by finished_at desc limit 1`,
    [source],
  )
  // A delivery is archived after it was taken.
  return certain(rows[0]).id
}

/** Counts the bytes, and fails at their end unless they are those of the fingerprint. */
function provenContent(raw: AsyncIterable<Buffer>, told: Buffer): { bytes: AsyncIterable<Buffer>; count(): number } {
  let count = 0
  async function* bytes(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const hash = createHash('sha256')
    for await (const chunk of content) {
      hash.update(chunk)
      count += chunk.length
      yield chunk
    }
    if (!hash.digest().equals(told)) throw failure('source.changed', 'it changed while it was read')
  }
  return { bytes: bytes(raw), count: () => count }
}

function failure(code: string, hint: string): ConnectorError {
  return new ConnectorError({ kind: 'transient', code, hint })
}
