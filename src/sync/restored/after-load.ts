/** What a backup says of its own time and is not true any more: undone in the transaction that loads it, so that nobody acts on it. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { PlanId, SubjectId } from '../../model/id.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { decidePlan, loadPlan } from '../../store/plans.ts'
import { saveRestore } from '../../store/restores.ts'
import { type DeclaredTarget, lockTargetMode, saveTargetMode, targetModes } from '../../store/target-modes.ts'
import type { Vault } from '../../vault/vault.ts'

export interface AfterLoad {
  readonly madeAt: Date
  readonly now: Date
  /** Who restores. */
  readonly subject: SubjectId
  /** As configured. */
  readonly targets: readonly DeclaredTarget[]
}

/** Returns how many plans were set aside. */
export async function unsettle(client: pg.ClientBase, vault: Vault, after: AfterLoad): Promise<number> {
  const { madeAt, now } = after
  const plans = await setPlansAside(client, vault)
  for (const target of after.targets) await waitForRelease(client, vault, target, after)
  await client.query(
    `update target set owner = null, owner_until = null, rest_until = null, breaker_until = null, breaker_failures = 0`,
  )
  // Whatever a source offers is read from its start, also what it had delivered before.
  await client.query('update source set fingerprint = null, fingerprint_at = null, written_at = null')
  await client.query('update account_work set lease_owner = null, lease_until = null')
  await saveRestore(client, vault, {
    ...{ id: randomUUID(), made_at: madeAt, restored_at: now },
    ...{ relocked_at: null, stock_taken: '[]', settled_at: null, stock_at: null, heard: null },
  })
  await raiseAlarm(client, vault, 'restore.unsettled', '')
  return plans
}

/** Held plans, and releases that were under way: what they would change is planned again, and looked at again. */
async function setPlansAside(client: pg.ClientBase, vault: Vault): Promise<number> {
  const { rows } = await client.query<{ id: PlanId }>(
    `select id from plan where state = 'held' or state = 'released' and applied_at is null`,
  )
  for (const { id } of rows) {
    const plan = await loadPlan(client, vault, id, true)
    if (plan !== null) await decidePlan(client, vault, plan, 'superseded', null)
  }
  return rows.length
}

/** The next plan of each target waits for a release, as the first one after `enable` does: the store is older than the target. */
async function waitForRelease(
  client: pg.ClientBase,
  vault: Vault,
  target: DeclaredTarget,
  { now, subject }: AfterLoad,
): Promise<void> {
  const row = await lockTargetMode(client, vault, target.id)
  const mode = (await targetModes(client, vault, [target])).get(target.id)
  // One that fails its guard is written nothing but lock-outs already, and stays so until a person says how it stands.
  if (row === null || mode?.is !== 'enabled') return
  await saveTargetMode(client, vault, {
    ...row,
    mode: 'enabled',
    mode_at: now,
    mode_by: subject,
    first_release_at: null,
  })
}
