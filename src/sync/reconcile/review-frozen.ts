/** Looks again at every account that is marked as frozen: an alarm is on for each, and none stays marked that is as Gatehouse wrote it. */
import type { AccountId } from '../../model/id.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'
import { claimsToLookAt, loadWork } from './work-item.ts'

/** Accounts looked at together. */
const batch = 500

export async function reviewFrozen({ database, vault, now }: SyncContext): Promise<void> {
  for (let after: AccountId | null = null; ; ) {
    const { rows }: { rows: { id: AccountId }[] } = await database.pool.query<{ id: AccountId }>(
      `select id from account where frozen_at is not null and ($1::uuid is null or id > $1) order by id limit ${batch}`,
      [after],
    )
    if (rows.length === 0) return
    after = certain(rows.at(-1)).id
    await loadWork(database.pool, vault, claimsToLookAt(rows.map(({ id }) => ({ id, intents: [] }))), now())
  }
}
