/** Shuts accounts and cards again that should be shut, as new lock-outs with clocks of their own: what was proven before stays proven as it was. */
import type pg from 'pg'
import { recordAuditMany } from '../../audit/record.ts'
import type { AccountId, CredentialId, PersonId } from '../../model/id.ts'
import { sleep } from '../../model/sleep.ts'
import { isBeingShut, isClosed } from '../../store/account-sql.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { loadDossiers, wholeAndTorn } from '../../store/load-dossiers.ts'
import { saveDossiers } from '../../store/save-dossiers.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'
import { bump } from '../desire.ts'
import { tellForged } from '../forged.ts'
import { type PassedLockout, recordLockouts } from '../lock-out.ts'
import { decodeParts } from '../parts.ts'
import { modesOf } from '../target-modes.ts'

/** Accounts per transaction. */
const batch = 50

/** An account that lets somebody in who is out, as a whole or by these cards. */
export interface Opened {
  readonly id: AccountId
  readonly cards: 'all' | readonly CredentialId[]
}

/** Of these what is still to be shut, and what nobody is at already, with an alarm; nothing at a target that is only observed. */
export async function shutAgain(context: SyncContext, target: string, opened: readonly Opened[]): Promise<void> {
  const shut = await shutAll(context, target, opened)
  if (shut > 0) await raiseAlarm(context.database.pool, context.vault, 'lockout.undone', target, shut)
}

/** Nobody is found open any more: the alarm is over when each that was is proven shut again. */
export async function clearUndone({ database, vault }: SyncContext, target: string): Promise<void> {
  const { rows } = await database.pool.query<{ over: boolean }>(
    `select not exists (select from lockout where target = $1 and cause = 'undone' and proven_at is null and ended_at is null)
        and not exists (select from drift where target = $1 and class in ('opened', 'card-unblocked')) as over`,
    [target],
  )
  if (certain(rows[0]).over) await clearAlarm(database.pool, vault, 'lockout.undone', target)
}

async function shutAll(context: SyncContext, target: string, opened: readonly Opened[]): Promise<number> {
  if (opened.length === 0) return 0
  const mode = (await modesOf(context.database.pool, context)).get(target)
  if (mode?.locksOut !== true) return 0
  let count = 0
  for (let start = 0; start < opened.length; start += batch)
    count += await shutSome(context, opened.slice(start, start + batch))
  return count
}

async function shutSome(context: SyncContext, opened: readonly Opened[]): Promise<number> {
  return inTransaction(context.database.pool, async (client) => {
    const { rows } = await client.query<{ person_id: PersonId }>(
      `select distinct person_id from account a where id = any($1::uuid[]) and person_id is not null
          and not ${isBeingShut('a.id')}`,
      [opened.map(({ id }) => id)],
    )
    const loaded = await loadDossiers(
      client,
      context.vault,
      rows.map(({ person_id }) => person_id),
    )
    await tellForged(client, context, ...loaded.frozen)
    const dossiers = [...wholeAndTorn(loaded).values()]
    const wanted = new Map(opened.map(({ id, cards }) => [id, cards]))
    const again = dossiers.flatMap((dossier) =>
      dossier.accounts.flatMap((account): PassedLockout[] => {
        const { row } = account
        const cards = wanted.get(row.id)
        if (cards === undefined || row.desired === null) return []
        const desired = decodeParts(row.desired)
        const whole = desired.lock === 'closed'
        const cardsShut = whole || cards === 'all' ? [] : cards.filter((id) => desired.cards[id] === 'blocked')
        if (!whole && cardsShut.length === 0) return []
        bump(account)
        return [{ dossier, account, whole, cardsShut }]
      }),
    )
    await saveDossiers(client, context.vault, dossiers)
    await recordLockouts(client, context, again, { actor: 'engine', because: 'undone', arrivedAt: context.now() })
    await recordAuditMany(
      client,
      context.vault,
      again.map(({ account: { row }, whole, cardsShut }) => ({
        actor: 'engine',
        action: 'lockout.undone' as const,
        object: row.id,
        details: { target: row.target, ...(whole ? {} : { cards: cardsShut }) },
      })),
    )
    return again.length
  })
}

/** So long a worker may take over one page of them before the rest is left to the next sweep. */
const patienceMs = 60_000

/**
 * Everybody at a target that forgot who is to be shut there, and was not shut again since; page by page, and the next one when most of
 * the last are done: a leaver of this moment must not wait behind all leavers of the past.
 */
export async function shutAllAgain(context: SyncContext, target: string, signal: AbortSignal): Promise<void> {
  const { pool } = context.database
  let after: AccountId | null = null
  while (await isWorkedOff(pool, target, signal)) {
    const { rows }: { rows: { id: AccountId }[] } = await pool.query<{ id: AccountId }>(
      `select id from account a where target = $1 and ${isClosed('desired')} and ($2::uuid is null or id > $2)
          and not exists (select from lockout l join target t on t.id = $1
                           where l.account_id = a.id and l.cause = 'undone' and l.decided_at >= t.restored_at)
        order by id limit ${batch}`,
      [target, after],
    )
    if (rows.length === 0) return
    after = certain(rows.at(-1)).id
    await shutAll(
      context,
      target,
      rows.map(({ id }) => ({ id, cards: 'all' as const })),
    )
  }
}

async function isWorkedOff(pool: pg.Pool, target: string, signal: AbortSignal): Promise<boolean> {
  for (let waited = 0; waited < patienceMs && !signal.aborted; waited += 250) {
    const { rows } = await pool.query<{ count: number }>(
      `select count(*)::int as count from account_work where target = $1 and lane = 'urgent' and dead_at is null`,
      [target],
    )
    if (certain(rows[0]).count <= batch) return true
    await sleep(250, signal)
  }
  return false
}
