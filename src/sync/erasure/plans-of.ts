/** Plans that speak of somebody who is erased: their changes go with the person, so what still waits is planned anew without them. */
import type pg from 'pg'
import type { PersonId, PlanId } from '../../model/id.ts'
import { nullWhenRefused } from '../../model/refusal.ts'
import { decidePlan, loadPlan } from '../../store/plans.ts'
import type { Vault } from '../../vault/vault.ts'

/** False while one of them is being carried out: its hash covers every change until the last is made. */
export async function supersedePlansOf(client: pg.ClientBase, vault: Vault, person: PersonId): Promise<boolean> {
  const { rows } = await client.query<{ id: PlanId; state: string }>(
    `select p.id, p.state from plan p
      where (p.state = 'held' or p.state = 'released' and p.applied_at is null)
        and exists (select 1 from plan_change c join account a on a.id = c.account_id where c.plan_id = p.id and a.person_id = $1)
      order by p.id for update`,
    [person],
  )
  if (rows.some(({ state }) => state === 'released')) return false
  for (const { id } of rows) {
    // Nobody can release a forged one, and it is alarmed when somebody tries.
    const row = await loadPlan(client, vault, id).catch(nullWhenRefused)
    if (row !== null) await decidePlan(client, vault, row, 'superseded', null)
  }
  return true
}
