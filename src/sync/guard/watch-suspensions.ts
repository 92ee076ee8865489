/** Looks whether every suspended account is shut as both its own row and its suspension say: where one of them was put back or taken away, it is shut anew, and a person is called. What only a forged row says is shut no further than the brake lets. */
import type pg from 'pg'
import type { AccountId, PersonId, SuspensionId } from '../../model/id.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { loadDossiers, wholeAndTorn } from '../../store/load-dossiers.ts'
import {
  disagreements,
  dropSuspensionOf,
  type FoundSuspension,
  listSuspensions,
  lockSuspensionsOf,
} from '../../store/suspensions.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { alarmsMax } from './capped-alarm.ts'
import { dealWith, type Finding, holdTarget, isWitnessed, shutAnew } from './findings.ts'

/** Looked at together. */
const batch = 100

/** Called by the scheduler, every few seconds. */
export async function watchSuspensions(context: SyncContext): Promise<void> {
  const { database } = context
  for (const account of new Set([...(await forgedOnes(context)), ...(await disagreements(database.pool, batch))]))
    await inTransaction(database.pool, (client) => mend(client, context, account))
}

/** Accounts with a suspension that somebody else wrote. As long as nobody has decided about one, its alarm is on, whoever cleared it. */
async function forgedOnes({ database: { pool }, vault }: SyncContext): Promise<readonly AccountId[]> {
  const forged: AccountId[] = []
  let raised = 0
  for (let after: SuspensionId | null = null; ; ) {
    const page: readonly FoundSuspension[] = await listSuspensions(pool, vault, { all: false, after, limit: batch })
    for (const { row, genuine } of page) {
      if (!genuine) forged.push(row.account_id)
      if (!genuine || row.kept_at !== null || raised >= alarmsMax) continue
      raised += 1
      await raiseAlarm(pool, vault, 'credential.changed_unexpectedly', row.account_id)
    }
    if (page.length < batch) return forged
    after = certain(page.at(-1)).row.id
  }
}

async function mend(client: pg.ClientBase, context: SyncContext, account: AccountId): Promise<void> {
  await tellForged(client, context, account)
  const { rows } = await client.query<{ person: PersonId | null; at: string }>(
    'select person_id as person, target as at from account where id = $1',
    [account],
  )
  const { person = null, at = '' } = rows[0] ?? {}
  // Nobody has such an account: there is nothing to shut.
  if (person === null) return dropSuspensionOf(client, account)
  await holdTarget(client, at)
  const loaded = await loadDossiers(client, context.vault, [person])
  await tellForged(client, context, ...loaded.frozen)
  const dossier = wholeAndTorn(loaded).get(person)
  if (dossier === undefined) return
  const [open] = await lockSuspensionsOf(client, context.vault, [account])
  if (isWitnessed(dossier, account, open)) return shutAnew(client, context, dossier, account)
  // Only a row that somebody else wrote says so: it counts as found now, and no more is done than of anything else that is found.
  if (open?.genuine !== false) return
  await dropSuspensionOf(client, account)
  const target = context.targets.get(at)
  const finding: Finding = { account, person, verdict: 'record', position: null }
  if (target !== undefined) await dealWith(client, context, target, [finding])
}
