/** Drifts that somebody makes as often as they are undone: they are left, and a person is called, until they are gone or somebody takes a side. */
import type pg from 'pg'
import { driftChoice } from '../../model/drift.ts'
import type { AccountId } from '../../model/id.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { acceptedDrifts, type Drift } from '../../store/drifts.ts'
import { type AccountRow, ownedGuard } from '../../store/guards.ts'
import { inTransaction } from '../../store/transaction.ts'
import { lockIdle } from '../../store/work.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import { certain } from '../certain.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { encodeOwned, type Owned, ownedOf } from '../owned-row.ts'
import { endFight, fightsOf, isSameDrift, leaveBe } from './reverts.ts'

/** Accounts read together. */
const batch = 1000

export interface Fight {
  readonly account: AccountId
  readonly drift: Drift
}

type Row = Pick<AccountRow, 'id' | 'owned' | 'owned_guard'>

/** As the signed notes of the target's accounts say. */
export async function allFights(context: SyncContext, target: string): Promise<readonly Fight[]> {
  const fights: Fight[] = []
  for (let after: AccountId | null = null; ; ) {
    const { rows }: { rows: Row[] } = await context.database.pool.query<Row>(
      `select id, owned, owned_guard from account
        where target = $1 and owned like '%"fought":true%' and ($2::uuid is null or id > $2) order by id limit $3`,
      [target, after, batch],
    )
    for (const row of rows) {
      // One that somebody else wrote is frozen and alarmed by whoever acts on it.
      const owned = unlessRowFault(() => ownedOf(context.vault, row))
      if (owned === null) continue
      fights.push(...fightsOf(owned).map((drift) => ({ account: row.id, drift })))
    }
    if (rows.length < batch) return fights
    after = certain(rows.at(-1)).id
  }
}

/** Those that are gone. */
export function endFights(context: SyncContext, fights: readonly Fight[]): Promise<void> {
  return change(context, fights, endFight)
}

/** Those about which the configuration, or a person, has said since that nothing is undone. */
export async function endDecidedFights(
  context: SyncContext,
  target: TargetSetup,
  fights: readonly Fight[],
): Promise<void> {
  if (fights.length === 0) return
  const { database, vault } = context
  const accounts = [...new Set(fights.map(({ account }) => account))]
  const accepted = await acceptedDrifts(database.pool, vault, accounts)
  const isAccepted = ({ account, drift }: Fight) =>
    accepted.some((row) => row.account_id === account && isSameDrift(row, drift))
  await change(context, fights.filter(isAccepted), leaveBe)
  await endFights(
    context,
    fights.filter((fight) => !isAccepted(fight) && driftChoice(target.drift, fight.drift.class) !== 'revert'),
  )
}

/** On as long as there is one, with how many. */
export async function tellFights(context: SyncContext, target: string): Promise<void> {
  const { database, vault } = context
  const fights = await allFights(context, target)
  if (fights.length > 0) await raiseAlarm(database.pool, vault, 'drift.fight', target, fights.length)
  else await clearAlarm(database.pool, vault, 'drift.fight', target)
}

async function change(
  context: SyncContext,
  fights: readonly Fight[],
  by: (owned: Owned, drift: Drift) => Owned,
): Promise<void> {
  if (fights.length === 0) return
  await inTransaction(context.database.pool, (client) => changeNotes(client, context, fights, by))
}

/** Of what a worker is at nothing is changed: it would write over it. */
export async function changeNotes(
  client: pg.ClientBase,
  context: SyncContext,
  of: readonly Fight[],
  by: (owned: Owned, drift: Drift) => Owned,
): Promise<void> {
  const { vault } = context
  const notes = await lockNotes(
    client,
    context,
    of.map(({ account }) => account),
  )
  const asked = Map.groupBy(of, ({ account }) => account)
  const changed = [...notes].flatMap(([id, before]) => {
    const after = (asked.get(id) ?? []).reduce((so, { drift }) => by(so, drift), before)
    return after === before ? [] : [{ id, owned: encodeOwned(after) }]
  })
  if (changed.length === 0) return
  await client.query(
    `update account a set owned = v.owned, owned_guard = v.guard
       from unnest($1::uuid[], $2::text[], $3::bytea[]) as v(id, owned, guard) where a.id = v.id`,
    [
      changed.map(({ id }) => id),
      changed.map(({ owned }) => owned),
      changed.map(({ id, owned }) => vault.guard('account_owned', ownedGuard(id, owned))),
    ],
  )
}

/** What is noted of these accounts, locked until the caller's transaction ends; not of those that a worker is at, or that somebody else wrote. */
export async function lockNotes(
  client: pg.ClientBase,
  { vault }: SyncContext,
  accounts: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, Owned>> {
  const ids = [...new Set(accounts)]
  if (ids.length === 0) return new Map()
  const busy = await lockIdle(client, ids)
  const { rows } = await client.query<Row>(
    'select id, owned, owned_guard from account where id = any($1::uuid[]) order by id',
    [ids],
  )
  return new Map(
    rows.flatMap((row) => {
      const owned = busy.has(row.id) ? null : unlessRowFault(() => ownedOf(vault, row))
      return owned === null ? [] : [[row.id, owned] as const]
    }),
  )
}
