/** What a person's act does to one other person, in one transaction: locked, checked, changed and saved, or nothing at all. */
import type pg from 'pg'
import type { PersonId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import type { Dossier } from '../store/dossier.ts'
import { isErasing } from '../store/erasures.ts'
import { loadDossiers } from '../store/load-dossiers.ts'
import { inTransaction } from '../store/transaction.ts'
import type { SyncContext } from './context.ts'

/** `work` saves what it changed. @throws Refusal `person.unknown`, `person.frozen`, `person.erasing`. */
export async function changePerson<T>(
  { database, vault }: SyncContext,
  id: PersonId,
  work: (dossier: Dossier, client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return inTransaction(database.pool, async (client) => {
    const { dossiers, frozen } = await loadDossiers(client, vault, [id])
    if (frozen.length > 0) throw new Refusal('person.frozen')
    const dossier = dossiers.get(id)
    if (dossier === undefined) throw new Refusal('person.unknown')
    if (await isErasing(client, id)) throw new Refusal('person.erasing')
    return work(dossier, client)
  })
}
