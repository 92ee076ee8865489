/** People on the test bench, as the composition root has subscriptions read them. */
import { loadDossiers } from '../../store/load-dossiers.ts'
import { inSnapshot } from '../../store/transaction.ts'
import type { SyncContext } from '../../sync/context.ts'
import { understand } from '../../sync/resolve/resolve.ts'
import type { ReadPeople } from './people.ts'

export function peopleOn(context: () => SyncContext): ReadPeople {
  return async (ids) => {
    const { database, vault, now } = context()
    const { dossiers } = await inSnapshot(database.pool, (client) => loadDossiers(client, vault, ids, { lock: false }))
    return new Map(
      [...dossiers].map(([id, dossier]) => {
        const { facts } = understand(context(), dossier, now()).person
        const { employeeNumber = null, email = null, department = null } = facts
        const { givenName = null, familyName = null, preferredName = null } = facts
        return [id, { employeeNumber, email, department, givenName, familyName, preferredName }]
      }),
    )
  }
}
