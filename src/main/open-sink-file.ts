/** Opens a sealed file of a subscription for an admin: proven whole first, then written into the audit trail, then handed out. */
import { join } from 'node:path'
import { openSealedFile } from '../../connectors/file/open-sealed.ts'
import { DamagedFileError } from '../../connectors/file/pieces.ts'
import { settings } from '../../connectors/file/settings.ts'
import { recordAudit } from '../audit/record.ts'
import type { DeliverContext } from '../events/deliver/context.ts'
import { errorCode } from '../model/error-code.ts'
import type { SubjectId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import { inTransaction } from '../store/transaction.ts'
import { isRowFault } from '../vault/vault-error.ts'
import type { ConfiguredSubscription } from './delivery.ts'
import { fileSealer } from './file-sealer.ts'

export interface SinkFile {
  readonly bytes: number
  readonly content: AsyncIterable<Buffer>
}

/** `name`: without a folder. @throws Refusal `subscription.no-files`, `subscription.file-unknown`, `subscription.file-damaged`. */
export async function openSinkFile(
  { database, vault }: Pick<DeliverContext, 'database' | 'vault'>,
  {
    setup: { id },
    config,
  }: { readonly setup: { readonly id: string }; readonly config: ConfiguredSubscription['config'] },
  name: string,
  { subject, reason }: { readonly subject: SubjectId; readonly reason: string },
): Promise<SinkFile> {
  if (config.connector !== 'file') throw new Refusal('subscription.no-files')
  const path = join(settings.parse(config.settings).folder, name)
  const open = () => openSealedFile(path, fileSealer(vault, id))
  const bytes = await lookThrough(open())
  await inTransaction(database.pool, (client) =>
    recordAudit(client, vault, {
      actor: subject,
      action: 'subscription.file-opened',
      object: id,
      details: { file: name, reason },
    }),
  )
  return { bytes, content: open() }
}

async function lookThrough(content: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0
  try {
    for await (const piece of content) bytes += piece.length
  } catch (error) {
    if (error instanceof DamagedFileError || isRowFault(error)) throw new Refusal('subscription.file-damaged')
    if (errorCode(error) === 'ENOENT') throw new Refusal('subscription.file-unknown')
    throw error
  }
  return bytes
}
