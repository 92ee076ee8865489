/** After a restore, whoever is out is shut out again at every target, proven anew, before anything else is written there. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { recordAuditMany } from '../../audit/record.ts'
import type { AccountId, PersonId } from '../../model/id.ts'
import { isClosed } from '../../store/account-sql.ts'
import { insertLockouts } from '../../store/lockouts.ts'
import { openRestore, saveRestore } from '../../store/restores.ts'
import { inTransaction } from '../../store/transaction.ts'
import { enqueue } from '../../store/work.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'

/** Accounts per statement. */
const batch = 1_000

/**
 * Puts every account that is to be shut on the urgent list, once per restore; called at each start, before any work begins. What is
 * proven counts from now: how long the gateway was away is not how long a lock-out took.
 */
export async function relockOnce(context: SyncContext): Promise<void> {
  const { database, vault } = context
  const count = await inTransaction(database.pool, async (client) => {
    const open = await openRestore(client, vault, true)
    if (open === null || open.row.relocked_at !== null) return null
    const now = context.now()
    let shut = 0
    let after: AccountId | null = null
    for (;;) {
      const accounts = await nextShut(client, after)
      if (accounts.length === 0) break
      after = certain(accounts.at(-1)).id
      shut += accounts.length
      await relock(client, context, accounts, now)
    }
    if (!open.forged) await saveRestore(client, vault, { ...open.row, relocked_at: now })
    return shut
  })
  if (count !== null) context.log('warn', 'restore.relocked', { count })
}

interface ShutAccount {
  readonly id: AccountId
  readonly person_id: PersonId | null
  readonly target: string
  readonly desired_version: number
  /** A lock-out of the backup's time is not proven yet: that one goes on. */
  readonly opened: boolean
}

/** Whether a row is genuine is looked at before it is acted upon, as for all work. */
async function nextShut(client: pg.ClientBase, after: AccountId | null): Promise<readonly ShutAccount[]> {
  const { rows } = await client.query<ShutAccount>(
    `select id, person_id, target, desired_version,
            exists (select from lockout l where l.account_id = a.id and l.proven_at is null and l.ended_at is null) as opened
       from account a where ${isClosed('desired')} and ($1::uuid is null or id > $1) order by id limit ${batch}`,
    [after],
  )
  return rows
}

async function relock(
  client: pg.ClientBase,
  { vault }: SyncContext,
  accounts: readonly ShutAccount[],
  now: Date,
): Promise<void> {
  const lockouts = accounts
    .filter(({ opened }) => !opened)
    .map(({ id, person_id, target, desired_version: version }) => ({
      ...{ id: randomUUID(), account_id: id, person_id, target, version },
      ...{ credential_id: null, trace: null, cause: 'restore', arrived_at: now, decided_at: now },
    }))
  await insertLockouts(client, vault, lockouts)
  await enqueue(client, 'urgent', accounts)
  await recordAuditMany(
    client,
    vault,
    lockouts.map(({ id: lockout, account_id: object, target }) => ({
      ...{ actor: 'engine', action: 'lockout.opened' as const, object },
      details: { because: 'restore', target, lockout },
    })),
  )
}
