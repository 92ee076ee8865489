/** Carries every erasure on from wherever it stands: has accounts removed, and deletes whoever is left at no target. */
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import { errorCode } from '../../model/error-code.ts'
import type { AccountId } from '../../model/id.ts'
import { readAlarms, setAlarms } from '../../store/alarms.ts'
import type { Dossier } from '../../store/dossier.ts'
import {
  deletePersonRows,
  findErasure,
  isGenuineErasure,
  isGenuineRemoval,
  noteRemovals,
  openErasures,
  putTombstones,
  removalsOf,
  saveErasure,
} from '../../store/erasures.ts'
import { lockMatchRuns } from '../../store/forget-match.ts'
import type { ErasureAccountRow, ErasureRow } from '../../store/guards.ts'
import { accountsAmong, namesOf } from '../../store/holdings.ts'
import { loadDossiers, wholeAndTorn } from '../../store/load-dossiers.ts'
import { saveDossiers } from '../../store/save-dossiers.ts'
import { inTransaction } from '../../store/transaction.ts'
import { enqueue } from '../../store/work.ts'
import { currentEpoch } from '../../vault/keyring.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { tombstonesOfAll } from './erase.ts'
import { supersedePlansOf } from './plans-of.ts'
import { statementOf } from './statement.ts'

/** Erasures looked at in one round: each is an act by name, and few are open at a time. */
const limit = 200
/** Somebody is told about an erasure that is not done after this. */
const patienceMs = 15 * 60_000

/** Called by the scheduler again and again. One that fails is reported, and keeps no other from its end. */
export async function continueErasures(context: SyncContext): Promise<void> {
  const { pool } = context.database
  const seen = await readAlarms(pool, 'erasure.waits')
  const waiting: string[] = []
  for (const erasure of await openErasures(pool, limit)) {
    if (!isGenuineErasure(context.vault, erasure)) {
      await tellForged(pool, context, erasure.id)
      continue
    }
    const done = await carryOn(context, erasure).catch((error: unknown) => {
      context.log('error', 'erasure.failed', { erasure: erasure.id, code: errorCode(error) })
      return false
    })
    if (!done && erasure.asked_at.getTime() + patienceMs <= context.now().getTime()) waiting.push(erasure.id)
  }
  await setAlarms(pool, context.vault, 'erasure.waits', waiting, seen)
}

/** True when the person is gone. */
async function carryOn(context: SyncContext, erasure: ErasureRow): Promise<boolean> {
  const left = await haveRemoved(context, erasure)
  return left === 0 && deletePerson(context, erasure)
}

interface OpenAccount {
  readonly id: AccountId
  readonly target: string
  readonly made: boolean
  readonly listed: boolean
}

/** Puts what is still at a target on the work list. Returns how many accounts that are. */
async function haveRemoved({ database, vault, now }: SyncContext, erasure: ErasureRow): Promise<number> {
  return inTransaction(database.pool, async (client) => {
    const { rows } = await client.query<OpenAccount>(
      `select a.id, a.target, a.desired is not null or a.owned is not null as made, w.account_id is not null and w.dead_at is null as listed
         from account a left join account_work w on w.account_id = a.id where a.person_id = $1 order by a.id`,
      [erasure.person_id],
    )
    const removed = new Set((await genuineRemovals(client, vault, erasure)).map(({ account_id }) => account_id))
    const open = rows.filter(({ id }) => !removed.has(id))
    const [made, never] = [open.filter((account) => account.made), open.filter((account) => !account.made)]
    const noted = never.map(({ id, target }) => ({
      ...{ erasure: erasure.id, account: id, target },
      outcome: 'never-made' as const,
    }))
    await noteRemovals(client, vault, noted, now())
    await enqueue(
      client,
      'bulk',
      made.filter(({ listed }) => !listed),
    )
    return made.length
  })
}

async function genuineRemovals(
  client: Parameters<typeof removalsOf>[0],
  vault: SyncContext['vault'],
  { id }: ErasureRow,
): Promise<readonly ErasureAccountRow[]> {
  const noted = await removalsOf(client, [id])
  return noted.filter((row) => row.outcome !== null && isGenuineRemoval(vault, row))
}

/** False when it has to wait: an account came into being meanwhile, or a plan that touches the person is just being made. */
async function deletePerson(context: SyncContext, erasure: ErasureRow): Promise<boolean> {
  const { vault, now } = context
  const deleted = await inTransaction(context.database.pool, async (client) => {
    const runs = await lockMatchRuns(client)
    const loaded = await loadDossiers(client, vault, [erasure.person_id])
    const dossier = wholeAndTorn(loaded).get(erasure.person_id)
    // A row that was changed outside keeps nobody from being erased: the journal knows what holds a re-import.
    await tellForged(client, context, ...loaded.frozen)
    // An account that somebody took from them is theirs again, and removed with the others.
    if (dossier?.torn) await saveDossiers(client, vault, [dossier])
    const current = await findErasure(client, erasure.id, true)
    if (current === null) return true
    // Looked at again: what is signed below must not have been changed since this round began.
    if (!isGenuineErasure(vault, current)) {
      await tellForged(client, context, current.id)
      return false
    }
    if (current.deleted_at !== null) return true
    const removals = await genuineRemovals(client, vault, current)
    const accounts = await accountsOf(client, current, dossier)
    if (!accounts.every((id) => removals.some(({ account_id }) => account_id === id))) return false
    if (!(await supersedePlansOf(client, vault, erasure.person_id))) return false
    if (dossier !== undefined) await putTombstones(client, vault, erasure.id, tombstonesOfAll(context, dossier))
    const sources = dossier?.records.map(({ row }) => row.source) ?? []
    const done = { ...current, epoch: newestEpoch(context), deleted_at: now() }
    const statement = await statementOf(client, context, done, removals, sources)
    await deletePersonRows(client, vault, erasure.person_id, runs, now())
    await saveErasure(client, vault, { ...done, statement })
    await recordAudit(client, vault, {
      actor: 'engine',
      action: 'person.erased',
      object: erasure.person_id,
      details: { erasure: erasure.id, accounts: removals.map(({ target, outcome }) => ({ target, outcome })) },
    })
    return true
  })
  if (deleted) vault.forget(erasure.key_id)
  return deleted
}

/** Those that are there, and those that were: of one whose row somebody deleted nobody knows that it was removed, until it is signed off. */
async function accountsOf(
  client: pg.ClientBase,
  { id, person_id }: ErasureRow,
  dossier: Dossier | undefined,
): Promise<readonly AccountId[]> {
  const { rows } = await client.query<{ id: AccountId }>('select id from account where person_id = $1 for update', [
    person_id,
  ])
  const noted = await removalsOf(client, [id])
  const named = accountsAmong(namesOf(dossier?.person.holdings ?? ''))
  return [...rows.map((row) => row.id), ...noted.map(({ account_id }) => account_id), ...named]
}

/** No copy of the person's key lies under a newer one: with its end none opens any more. What the key's row says of its epoch is not guarded. */
function newestEpoch({ keyring }: SyncContext): string {
  keyring.refresh()
  return currentEpoch(keyring.current).id
}
