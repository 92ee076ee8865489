/** What a person's act does to one other person, in one transaction: locked, checked, changed and saved, or nothing at all. */
import type pg from 'pg'
import type { PersonId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import type { Dossier } from '../store/dossier.ts'
import { loadDossiers } from '../store/load-dossiers.ts'
import { inTransaction } from '../store/transaction.ts'
import type { SyncContext } from './context.ts'
import { refuseErasing } from './erasure/under-way.ts'
import { tellForged } from './forged.ts'

/**
 * `work` saves what it changed. What shuts somebody out is done `whileErasing`, too. @throws Refusal `person.unknown`, `person.frozen`,
 * and `person.erasing` unless so.
 */
export async function changePerson<T>(
  context: SyncContext,
  id: PersonId,
  work: (dossier: Dossier, client: pg.PoolClient) => Promise<T>,
  { whileErasing = false }: { readonly whileErasing?: boolean } = {},
): Promise<T> {
  const done = await inTransaction(context.database.pool, async (client) => {
    const { dossiers, frozen } = await loadDossiers(client, context.vault, [id])
    await tellForged(client, context, ...frozen)
    if (frozen.length > 0) return null
    const dossier = dossiers.get(id)
    if (dossier === undefined) throw new Refusal('person.unknown')
    if (!whileErasing) await refuseErasing(client, context, id)
    return { result: await work(dossier, client) }
  })
  // Not before the alarm is on.
  if (done === null) throw new Refusal('person.frozen')
  return done.result
}
