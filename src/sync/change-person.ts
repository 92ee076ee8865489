/** What a person's act does to one other person, in one transaction: locked, checked, changed and saved, or nothing at all. */
import type pg from 'pg'
import type { PersonId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import type { Dossier } from '../store/dossier.ts'
import { loadDossiers, wholeAndTorn } from '../store/load-dossiers.ts'
import { inTransaction } from '../store/transaction.ts'
import type { SyncContext } from './context.ts'
import { refuseErasing } from './erasure/under-way.ts'
import { tellForged } from './forged.ts'

/**
 * `work` saves what it changed. What `shutsOut` is done to whoever is being erased, too, and to whom a row is missing. @throws Refusal
 * `person.unknown`, `person.frozen`, and `person.erasing` unless so.
 */
export async function changePerson<T>(
  context: SyncContext,
  id: PersonId,
  work: (dossier: Dossier, client: pg.PoolClient) => Promise<T>,
  { shutsOut = false }: { readonly shutsOut?: boolean } = {},
): Promise<T> {
  const done = await inTransaction(context.database.pool, async (client) => {
    const loaded = await loadDossiers(client, context.vault, [id])
    const { frozen } = loaded
    await tellForged(client, context, ...frozen)
    const dossier = (shutsOut ? wholeAndTorn(loaded) : loaded.dossiers).get(id)
    if (dossier === undefined && frozen.length > 0) return null
    if (dossier === undefined) throw new Refusal('person.unknown')
    if (!shutsOut) await refuseErasing(client, context, id)
    return { result: await work(dossier, client) }
  })
  // Not before the alarm is on.
  if (done === null) throw new Refusal('person.frozen')
  return done.result
}
