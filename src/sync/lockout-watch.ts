/** Keeps looking whether a lock-out that is no longer open was really proven or taken back by us, and opens it again when it was not. */
import { recordAudit } from '../audit/record.ts'
import { type AccountRow, accountGuard, type LockoutRow } from '../store/guards.ts'
import {
  areGenuineSteps,
  eachLockout,
  endLockouts,
  isGenuineDecision,
  lockoutsById,
  openLockouts,
  reopenForged,
} from '../store/lockouts.ts'
import { inTransaction } from '../store/transaction.ts'
import { enqueue } from '../store/work.ts'
import { certain } from './certain.ts'
import type { SyncContext } from './context.ts'
import { tellForged } from './forged.ts'
import { decodeIfAny } from './parts.ts'

/** What a process that begins to look takes in of the past; and what each later look takes in twice, lest a late commit be missed. */
const firstLookMs = 24 * 3_600_000
const overlapMs = 60_000
const page = 1_000

/** A look, to be called again and again: it remembers what was open the last time. */
export function watchLockouts(context: SyncContext): () => Promise<void> {
  const { database, vault } = context
  let wasOpen: ReadonlySet<string> = new Set()
  let since = new Date(context.now().getTime() - firstLookMs)

  async function look(): Promise<void> {
    const next = new Date(context.now().getTime() - overlapMs)
    const isOpen = new Set<string>()
    for (let after: string | null = null; ; ) {
      const rows: readonly LockoutRow[] = await openLockouts(database.pool, after, page)
      if (rows.length === 0) break
      for (const row of rows) isOpen.add(row.id)
      await checkAll(rows)
      after = certain(rows.at(-1)).id
    }
    const closed = [...wasOpen].filter((id) => !isOpen.has(id))
    for (let at = 0; at < closed.length; at += page)
      await checkAll(await lockoutsById(database.pool, closed.slice(at, at + page)))
    for await (const rows of eachLockout(database.pool, { since })) await checkAll(rows)
    wasOpen = isOpen
    since = next
  }

  async function checkAll(rows: readonly LockoutRow[]): Promise<void> {
    for (const row of rows) {
      if (!isGenuineDecision(vault, row)) await report(context, row)
      else if (!areGenuineSteps(vault, row)) await openAgain(context, row)
    }
  }

  return look
}

/** Whom such a row shuts out, and since when, is not known: it proves nothing, and a person is called once. */
async function report(context: SyncContext, row: LockoutRow): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    if (!(await tellForged(client, context, row.id))) return
    await recordAudit(client, context.vault, forgeryOf(row, 'decision'))
  })
}

/** The door system is asked again; the account's own row, which is guarded, says what is to be shown there. */
async function openAgain(context: SyncContext, { id, account_id }: LockoutRow): Promise<void> {
  const { database, vault } = context
  await inTransaction(database.pool, async (client) => {
    const { rows } = await client.query<AccountRow>('select * from account where id = $1 for update', [account_id])
    const forged = await reopenForged(client, vault, id)
    // Settled anew since it was read.
    if (forged === null) return
    await tellForged(client, context, id)
    await recordAudit(client, vault, forgeryOf(forged, 'steps'))
    const [account] = rows
    if (account === undefined || !vault.verifyGuard('account', accountGuard(account), account.guard)) return
    const desired = decodeIfAny(account.desired)
    const card = forged.credential_id
    const isOpen = desired?.lock === 'open' && (card === null || desired.cards[card] === 'on')
    const opened = card === null ? { accounts: [account.id], cards: [] } : { accounts: [], cards: [card] }
    if (isOpen) await endLockouts(client, vault, opened, context.now())
    else await enqueue(client, 'urgent', [account])
  })
}

function forgeryOf({ id, proven_at, ended_at, proof }: LockoutRow, part: 'decision' | 'steps') {
  return {
    actor: 'engine',
    action: 'guard.failed' as const,
    object: id,
    details: { table: 'lockout', part, claims: { provenAt: proven_at, endedAt: ended_at, proof } },
  }
}
