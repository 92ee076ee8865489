/** Asks once more, just before an account is deleted, whether its person still counts as gone: what was decided then may not hold any more. */
import { loadDossiers } from '../../store/load-dossiers.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { decodeParts } from '../parts.ts'
import { isDeleted, stagesOf } from '../resolve/stages.ts'
import type { WorkItem } from './work-item.ts'

/**
 * By what is signed now: the deletion is official and still wanted, and the person left so long ago. False of whoever came back while
 * it waited, and of whom a row is forged or missing: then nobody can tell.
 */
export async function isStillGone(
  context: SyncContext,
  { row: { id, person_id: person } }: WorkItem,
): Promise<boolean> {
  if (person === null) return false
  return inTransaction(context.database.pool, async (client) => {
    const { dossiers, frozen } = await loadDossiers(client, context.vault, [person])
    await tellForged(client, context, ...frozen)
    const dossier = dossiers.get(person)
    const account = dossier?.accounts.find(({ row }) => row.id === id)
    if (dossier === undefined || account === undefined) return false
    const isWanted = decodeParts(account.row.wanted).gone === true
    return isDeleted(account) && isWanted && stagesOf(context, dossier, context.now()).accountIsOver
  })
}
