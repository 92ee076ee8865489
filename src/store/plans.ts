/** Plans: what a pull or an edit would change, bound by a hash, and the decision taken about it. */
import type pg from 'pg'
import type { AccountId, PersonId, PlanId, SubjectId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import type { Vault } from '../vault/vault.ts'
import { type PlanRow, planGuard } from './guards.ts'
import type { HeldFor } from './schema.ts'

/** @throws Refusal `plan.forged` when the row is not as Gatehouse wrote it: such a plan can't be released. */
export async function loadPlan(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  id: PlanId,
  lock = false,
): Promise<PlanRow | null> {
  const { rows } = await client.query<PlanRow>(`select * from plan where id = $1${lock ? ' for update' : ''}`, [id])
  const [row] = rows
  if (row === undefined) return null
  if (!vault.verifyGuard('plan', planGuard(row), row.guard)) throw new Refusal('plan.forged')
  return row
}

export async function insertPlan(
  client: pg.ClientBase,
  vault: Vault,
  row: Omit<PlanRow, 'guard' | 'created_at' | 'decided_at' | 'decided_by' | 'applied_at'>,
): Promise<void> {
  await client.query(
    `insert into plan (id, origin, pull_id, state, hash, counts, holds, outline, guard) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      row.id,
      row.origin,
      row.pull_id,
      row.state,
      row.hash,
      row.counts,
      row.holds,
      row.outline,
      vault.guard('plan', planGuard({ ...row, decided_by: null, applied_at: null })),
    ],
  )
}

/** Decides about a plan and returns it as decided; `by` is null when a newer plan or the brakes decided. */
export async function decidePlan(
  client: pg.ClientBase,
  vault: Vault,
  row: PlanRow,
  state: PlanRow['state'],
  by: SubjectId | null,
): Promise<PlanRow> {
  const decided = { ...row, state, decided_by: by }
  await client.query('update plan set state = $2, decided_at = now(), decided_by = $3, guard = $4 where id = $1', [
    row.id,
    state,
    by,
    vault.guard('plan', planGuard(decided)),
  ])
  return decided
}

/** Notes that all changes of a released plan were made; guarded, or an old release could be had again. */
export async function markApplied(pool: pg.Pool, vault: Vault, row: PlanRow, at: Date): Promise<void> {
  const guard = vault.guard('plan', planGuard({ ...row, applied_at: at }))
  await pool.query('update plan set applied_at = $2, guard = $3 where id = $1', [row.id, at, guard])
}

/** Plans of an origin that still wait, oldest first. */
export async function heldPlans(client: pg.ClientBase, vault: Vault, origin: string): Promise<readonly PlanRow[]> {
  const { rows } = await client.query<PlanRow>(
    `select * from plan where origin = $1 and state = 'held' order by created_at for update`,
    [origin],
  )
  return rows.filter((row) => vault.verifyGuard('plan', planGuard(row), row.guard))
}

/** Genuine plans of the last two days that let accounts be deleted; when exactly is signed in their outline. */
export async function latelyPassed(client: pg.ClientBase, vault: Vault): Promise<readonly PlanRow[]> {
  const { rows } = await client.query<PlanRow>(
    `select * from plan where created_at > now() - interval '2 days' and outline like '%"deletes":{%'`,
  )
  return rows.filter((row) => vault.verifyGuard('plan', planGuard(row), row.guard))
}

/** Plans looked at together. */
const page = 500

/** Every plan there is, page by page, with those that somebody else wrote or changed told apart: of these nobody can say what they were. */
export async function* eachPlan(
  client: pg.ClientBase,
  vault: Vault,
): AsyncGenerator<{ readonly row: PlanRow; readonly genuine: boolean }> {
  for (let after: PlanId | null = null; ; ) {
    const { rows }: { rows: PlanRow[] } = await client.query<PlanRow>(
      'select * from plan where $1::uuid is null or id > $1 order by id limit $2',
      [after, page],
    )
    if (rows.length === 0) return
    for (const row of rows) yield { row, genuine: vault.verifyGuard('plan', planGuard(row), row.guard) }
    after = rows.at(-1)?.id ?? null
  }
}

/** Whether a person refused exactly these changes, and nothing of this origin was decided by a person since. */
export async function wasRejected(client: pg.ClientBase, vault: Vault, origin: string, hash: Buffer): Promise<boolean> {
  const { rows } = await client.query<PlanRow>(
    `select * from plan where origin = $1 and state in ('rejected', 'released') order by decided_at desc limit 1`,
    [origin],
  )
  const [last] = rows
  return last?.state === 'rejected' && last.hash.equals(hash) && vault.verifyGuard('plan', planGuard(last), last.guard)
}

/** A planned change together with its account and person. */
export interface PlannedChange {
  readonly account_id: AccountId
  readonly person_id: PersonId | null
  readonly target: string
  readonly kind: string
  readonly part: string
  readonly before: string | null
  readonly after: string | null
  readonly held_for: HeldFor | null
  readonly dropped: boolean
}

/** The next changes of a plan, held or passed, of whole accounts after `after`, in the order that the plan's hash covers. */
export async function nextChanges(
  client: pg.ClientBase | pg.Pool,
  plan: PlanId,
  held: boolean,
  after: AccountId | null,
  accounts: number,
): Promise<readonly PlannedChange[]> {
  const { rows } = await client.query<PlannedChange>(
    `select c.account_id, a.person_id, c.target, c.kind, c.part, c.before, c.after, c.held_for, c.dropped
       from plan_change c left join account a on a.id = c.account_id
      where c.plan_id = $1 and (c.held_for is not null) = $2 and c.account_id in (
        select distinct account_id from plan_change
         where plan_id = $1 and (held_for is not null) = $2 and ($3::uuid is null or account_id > $3)
         order by account_id limit $4)
      order by c.account_id, c.part collate "C"`,
    [plan, held, after, accounts],
  )
  return rows
}
