/** A person decides about a held plan: lets it go, or refuses it. */
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import type { PlanId, SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import type { PlanRow } from '../../store/guards.ts'
import { decidePlan, loadPlan, markApplied } from '../../store/plans.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'
import { sourceOf } from '../origin.ts'
import { acceptSize } from '../pull/pull-brakes.ts'
import { endByRelease } from '../suspect/suspicion.ts'
import { modesOf, noteFirstRelease } from '../target-modes.ts'
import { applyPlan, refuseForged } from './apply-plan.ts'
import type { Hold } from './brake.ts'
import type { Outline } from './plan.ts'

/**
 * A person lets a held plan go. Its changes are made to the last, even when the process dies over them: `finishReleases` goes on.
 * @throws Refusal `plan.not-held` when it was decided already, `plan.observed` or `plan.restored` when nothing of it may be written yet,
 * `plan.frozen` while a person has stopped a target of it, `plan.busy` while another is being released, `plan.unknown`, `plan.forged`.
 */
export async function releasePlan(
  context: SyncContext,
  id: PlanId,
  subject: SubjectId,
  reason: string,
): Promise<{ applied: number; dropped: number }> {
  const done = await inTurn(context.database.pool, async () => {
    const row = await inTransaction(context.database.pool, async (client) => {
      const found = await openPlan(client, context, id)
      await refuseUnwritable(client, context, id)
      if (await touchesFrozen(client, context, id)) throw new Refusal('plan.frozen')
      await refuseForged(context, id, { held: true, digest: found.hash })
      const decided = await decidePlan(client, context.vault, found, 'released', subject)
      await noteFirstRelease(client, context, found)
      const source = brakedSource(found)
      if (source !== null) await acceptSize(client, context, source)
      await recordAudit(client, context.vault, {
        actor: subject,
        action: 'plan.released',
        object: id,
        details: { reason, hash: found.hash.toString('hex') },
      })
      return decided
    })
    return carryOut(context, row, subject)
  })
  if (done === null) throw new Refusal('plan.busy')
  return done
}

/** Goes on where a process died over a release: nobody is asked twice. Called by the scheduler, again and again. */
export async function finishReleases(context: SyncContext): Promise<void> {
  const { pool } = context.database
  const begun = `select id from plan where state = 'released' and applied_at is null order by decided_at`
  if ((await pool.query(begun)).rowCount === 0) return
  await inTurn(pool, async () => {
    const { rows } = await pool.query<{ id: PlanId }>(begun)
    for (const { id } of rows) {
      const row = await loadPlan(pool, context.vault, id)
      if (row === null || row.decided_by === null || (await touchesFrozen(pool, context, id))) continue
      context.log('warn', 'plan.resumed', { scope: id })
      await carryOut(context, row, row.decided_by)
    }
  })
}

async function carryOut(context: SyncContext, row: PlanRow, subject: SubjectId) {
  const { applied, dropped } = await applyPlan(context, row.id, {
    held: true,
    digest: row.hash,
    actor: subject,
    arrivedAt: context.now(),
    resolveFirst: true,
  })
  const source = suspectSource(row)
  if (source !== null) await endByRelease(context, source, subject, row.id)
  await markApplied(context.database.pool, context.vault, row, context.now())
  return { applied, dropped }
}

/** The source whose delivery was braked as a whole when this plan was made, whatever else held each of its changes. */
function brakedSource({ origin, outline }: PlanRow): string | null {
  const waited = outline !== null && (JSON.parse(outline) as Outline).pull !== null
  return waited ? sourceOf(origin) : null
}

/** The source that may be trusted again once this plan was released: it held lock-outs by record, for whatever reason. */
function suspectSource({ origin, holds }: PlanRow): string | null {
  const waited = (JSON.parse(holds) as readonly Hold[]).some(({ kind }) => kind === 'lockout-record')
  return waited ? sourceOf(origin) : null
}

const turn = `hashtext('gatehouse.release'), 0`

/** One release at a time, in whatever process; null when another is under way. Who dies gives the turn back with the connection. */
async function inTurn<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T | null> {
  const client = await pool.connect()
  let mine = false
  try {
    const { rows } = await client.query<{ mine: boolean }>(`select pg_try_advisory_lock(${turn}) as mine`)
    mine = rows[0]?.mine === true
    return mine ? await work() : null
  } finally {
    // Closing the connection alone would end it some moments later, and the next release would find it busy.
    if (mine) await client.query(`select pg_advisory_unlock(${turn})`).catch(() => undefined)
    client.release(true)
  }
}

async function openPlan(client: pg.ClientBase, context: SyncContext, id: PlanId): Promise<PlanRow> {
  const row = await loadPlan(client, context.vault, id, true)
  if (row === null) throw new Refusal('plan.unknown')
  if (row.state !== 'held') throw new Refusal('plan.not-held')
  return row
}

/** @throws Refusal `plan.observed`, `plan.restored` when all of a plan is at targets where nothing may be written now. */
async function refuseUnwritable(client: pg.ClientBase, context: SyncContext, id: PlanId): Promise<void> {
  const modes = await modesOf(client, context)
  const touched = (await heldAt(client, id)).flatMap((target) => modes.get(target) ?? [])
  if (touched.some(({ writes }) => writes)) return
  throw new Refusal(touched.some(({ waits }) => waits === 'restored') ? 'plan.restored' : 'plan.observed')
}

async function touchesFrozen(
  client: pg.ClientBase | pg.Pool,
  { standings }: SyncContext,
  id: PlanId,
): Promise<boolean> {
  const frozen = await standings.frozen()
  return (await heldAt(client, id)).some(frozen)
}

/** Targets of the plan's changes that wait. */
async function heldAt(client: pg.ClientBase | pg.Pool, id: PlanId): Promise<readonly string[]> {
  const { rows } = await client.query<{ target: string }>(
    'select distinct target from plan_change where plan_id = $1 and held_for is not null',
    [id],
  )
  return rows.map(({ target }) => target)
}

/** A person refuses a held plan: nothing of it happens. It comes again with the next delivery of its source, or by `askAgain`. @throws Refusal `plan.not-held`, `plan.unknown`, `plan.forged`. */
export async function rejectPlan(context: SyncContext, id: PlanId, subject: SubjectId, reason: string): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    const row = await openPlan(client, context, id)
    await decidePlan(client, context.vault, row, 'rejected', subject)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'plan.rejected',
      object: id,
      details: { reason },
    })
  })
}
