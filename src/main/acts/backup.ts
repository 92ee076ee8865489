/** Acts about the whole of what the gateway holds. */
import type { BackupActs } from '../../api/acts/backup.ts'
import { recordAudit } from '../../audit/record.ts'
import { startBackup } from '../../store/backup/write-backup.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { ActsParts } from './parts.ts'

export function backupActs({ engine: { context }, runtime }: ActsParts): BackupActs {
  const { database, vault } = context
  return {
    async backUp({ subject }, reason) {
      // Named before a byte leaves, so that the backup holds its own entry as well.
      await inTransaction(database.pool, (client) =>
        recordAudit(client, vault, { actor: subject, action: 'gateway.backed-up', object: '', details: { reason } }),
      )
      return { content: await startBackup(runtime, vault, context.now()) }
    },
  }
}
