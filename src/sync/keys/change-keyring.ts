/** Changes the keyring file, one process at a time, with what the database must know about it in the same transaction. */
import type pg from 'pg'
import { inTransaction } from '../../store/transaction.ts'
import type { Keyring } from '../../vault/keyring.ts'
import type { SyncContext } from '../context.ts'

/**
 * `work` is given the newest keyring, writes what belongs to the change, and returns the keyring to use instead, or null for no
 * change. The file is written last before the commit: a process that dies in between leaves keys there that nothing needs yet.
 */
export async function changeKeyring(
  context: SyncContext,
  work: (client: pg.PoolClient, keyring: Keyring) => Promise<Keyring | null>,
): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    await client.query(`select pg_advisory_xact_lock(hashtext('gatehouse.keyring'), 0)`)
    context.keyring.refresh()
    const next = await work(client, context.keyring.current)
    if (next !== null) context.keyring.change(() => next)
  })
}
