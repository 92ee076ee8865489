/** How many accounts are open at a target: what percentages of brakes are of. Only genuine rows count, and no more than the plan needs. */
import type pg from 'pg'
import type { AccountId } from '../../model/id.ts'
import { type AccountRow, accountGuard, guardedOfAccount } from '../../store/guards.ts'
import { certain } from '../certain.ts'
import type { Brakes, SyncContext } from '../context.ts'
import { decodeParts } from '../parts.ts'
import type { KindCount } from './brake.ts'

type Row = Pick<AccountRow, (typeof guardedOfAccount)[number] | 'guard'>

/** Accounts read at a time, and when a few are enough. */
const page = 1000
const fewAccounts = 50

/** By target; counting ends where every kind of these changes passes, so that a small plan costs little at a large site. */
export async function activeAccounts(
  client: pg.ClientBase,
  context: SyncContext,
  counts: readonly KindCount[],
  brakes: Brakes,
): Promise<ReadonlyMap<string, number>> {
  const active = new Map<string, number>()
  for (const [target, kinds] of Map.groupBy(counts, (count) => count.target)) {
    const enough = Math.max(...kinds.map((count) => neededBy(count, brakes)))
    active.set(target, await countOpen(client, context, target, enough))
  }
  return active
}

/** So many open accounts let these changes pass. */
function neededBy({ kind, accounts }: KindCount, brakes: Brakes): number {
  if (kind === 'lockout-record') return 0
  const { min, percent, whenEmpty } = brakes[kind]
  if (accounts <= min || percent === 0) return whenEmpty === undefined ? 0 : 1
  return Math.ceil((accounts * 100) / percent) + 1
}

async function countOpen(
  client: pg.ClientBase,
  { vault }: SyncContext,
  target: string,
  enough: number,
): Promise<number> {
  let open = 0
  let after: AccountId | null = null
  const limit = enough < fewAccounts ? fewAccounts : page
  while (open < enough) {
    const { rows }: { rows: Row[] } = await client.query<Row>(
      `select ${[...guardedOfAccount, 'guard'].join(', ')} from account
        where target = $1 and desired is not null and ($2::uuid is null or id > $2) order by id limit ${limit}`,
      [target, after],
    )
    if (rows.length === 0) break
    after = certain(rows.at(-1)).id
    for (const row of rows) {
      // A thief could fill the table with open accounts, and no brake would hold any more.
      const genuine = vault.verifyGuard('account', accountGuard(row), row.guard)
      if (genuine && row.desired !== null && decodeParts(row.desired).lock === 'open') open += 1
    }
  }
  return open
}
