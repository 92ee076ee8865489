/** Turns what is wanted into a plan, holds the kinds whose brake trips, and lets the rest pass. */
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import { newId, type PlanId, type PullId } from '../../model/id.ts'
import type { PlanRow } from '../../store/guards.ts'
import { decidePlan, heldPlans, insertPlan, wasRejected } from '../../store/plans.ts'
import type { WholeTargetWaits } from '../../store/target-modes.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { Brakes, SyncContext } from '../context.ts'
import type { Origin } from '../origin.ts'
import { activeAccounts } from './active-accounts.ts'
import { applyPlan } from './apply-plan.ts'
import { type Hold, type KindCount, tripped } from './brake.ts'
import { collect } from './collect.ts'
import { deletesAmong, type PassedDeletes, passedDeletes } from './passed-deletes.ts'
import { countsOf, type HeldAlone, type PlanGroup } from './plan-groups.ts'
import { peopleOf, type Radius, type RadiusMeter } from './radius.ts'
import { type BrakedPull, isBeingRead, trustIn } from './trust.ts'

export interface PlanRequest {
  /** Whose changes. */
  readonly origin: Origin
  readonly pull: PullId | null
  readonly brakes: Brakes
  readonly arrivedAt: Date
  /** The source has just said it, or a person asks for it: what a person rejected is asked again, too. */
  readonly afresh?: boolean
}

export interface Planned {
  /** The plan that waits, or else the one that passed. */
  readonly id: PlanId
  readonly state: 'held' | 'passed'
}

/** What one look at the pending changes came to. */
interface Draft {
  readonly held: PlanId | null
  /** The plan whose passed changes are still to be applied, and what they must be. */
  readonly passed: { readonly id: PlanId; readonly digest: Buffer } | null
}

/** What a person sees first of a plan. */
export interface Outline {
  readonly radius: Radius
  /** Why all of it waits, when its delivery was braked as a whole. */
  readonly pull: BrakedPull | null
  /** Of all kinds together; left out of what was planned before it was counted. */
  readonly changes?: number
  /** Left out where it lets nothing be deleted. */
  readonly deletes?: PassedDeletes
}

/**
 * Null when nothing is pending, or when the source's delivery is still being taken in and it is not its pull that asks. Held changes that a plan already holds exactly so stay in it; others supersede it. What passes is
 * applied before this returns; killed in between, the next call finds it pending and lets it pass again.
 */
export async function plan(context: SyncContext, request: PlanRequest): Promise<Planned | null> {
  if (request.pull === null && (await isBeingRead(context.database.pool, context, request.origin))) return null
  const begunAt = new Date()
  const planned = await planNow(context, request)
  // The clock asks every second: most often there is nothing to tell.
  if (planned !== null) context.traces.note('plan', { outcome: planned.state }, { begunAt })
  return planned
}

async function planNow(context: SyncContext, request: PlanRequest): Promise<Planned | null> {
  const { held, passed } = await draftNow(context, request)
  if (passed !== null) {
    const { halted } = await applyPlan(context, passed.id, {
      held: false,
      digest: passed.digest,
      actor: request.origin,
      arrivedAt: request.arrivedAt,
      resolveFirst: false,
    })
    // A person froze the target meanwhile: what was left out waits in a plan like everything that comes now.
    if (halted) return plan(context, request)
  }
  if (held !== null) return { id: held, state: 'held' }
  return passed === null ? null : { id: passed.id, state: 'passed' }
}

async function draftNow(context: SyncContext, request: PlanRequest): Promise<Draft> {
  const frozen = await context.standings.frozen()
  return inTransaction(context.database.pool, (client) => draft(client, context, { ...request, frozen }))
}

/** With what is frozen at the time. */
type DraftRequest = PlanRequest & { readonly frozen: (target: string) => boolean }

async function draft(client: pg.PoolClient, context: SyncContext, request: DraftRequest): Promise<Draft> {
  const { origin } = request
  // One plan of an origin at a time, whatever asks for it.
  await client.query(`select pg_advisory_xact_lock(hashtext('gatehouse.plan'), hashtext($1))`, [origin])
  await context.refuseSuperseded(client)
  const waiting = await heldPlans(client, context.vault, origin)
  const sameAs = ({ held }: Weighed) => waiting.find(({ hash }) => held?.equals(hash))
  if (waiting.length > 0) {
    // Most often nothing has changed since a plan was held, and then nothing is written.
    const seen = await weigh(client, context, request, null)
    const same = sameAs(seen)
    if (same !== undefined && seen.passed === null) return { held: same.id, passed: null }
  }
  const id = newId<PlanId>()
  const weighed = await weigh(client, context, request, id)
  const same = sameAs(weighed)
  const news =
    weighed.held !== null && same === undefined && !(await isRejected(client, context, request, weighed.held))
  await markBraked(client, id, weighed.holds)
  if (!news) await client.query('delete from plan_change where plan_id = $1 and held_for is not null', [id])
  const superseded = waiting.filter((row) => row !== same)
  for (const row of superseded) await decidePlan(client, context.vault, row, 'superseded', null)
  if (news || weighed.passed !== null) await store(client, context, request, id, weighed, news, superseded)
  return {
    held: same?.id ?? (news ? id : null),
    passed: weighed.passed === null ? null : { id, digest: weighed.passed },
  }
}

/** What a person rejected comes again when its source says it again, or a person asks for it; else the clock would ask every second. */
async function isRejected(
  client: pg.ClientBase,
  context: SyncContext,
  { origin, afresh = false }: PlanRequest,
  held: Buffer,
): Promise<boolean> {
  return !afresh && (await wasRejected(client, context.vault, origin, held))
}

async function store(
  client: pg.ClientBase,
  context: SyncContext,
  { origin, pull }: PlanRequest,
  id: PlanId,
  { groups, isHeld, holds, held, passed, meter, braked }: Weighed,
  waits: boolean,
  superseded: readonly PlanRow[],
): Promise<void> {
  const stored = waits ? groups : groups.filter((group) => !isHeld(group))
  const counts = countsOf(stored)
  const hash = (waits ? held : passed) as Buffer
  const radius: Radius = { ...(await peopleOf(client, context, id)), ...meter.of(stored) }
  const deletes = deletesAmong(
    groups.filter((group) => !isHeld(group)),
    context.now(),
  )
  const changes = stored.reduce((sum, { steps }) => sum + steps, 0)
  const outline: Outline = { radius, pull: waits ? braked : null, changes, ...(deletes === null ? {} : { deletes }) }
  const row = {
    id,
    origin,
    pull_id: pull,
    state: waits ? 'held' : 'passed',
    hash,
    counts: JSON.stringify(counts),
    holds: JSON.stringify(waits ? holds : []),
    outline: JSON.stringify(outline),
  } as const
  await insertPlan(client, context.vault, row)
  await recordAudit(client, context.vault, {
    actor: origin,
    action: waits ? 'plan.held' : 'plan.passed',
    object: id,
    details: {
      counts,
      holds: waits ? holds : [],
      hash: hash.toString('hex'),
      ...outline,
      supersedes: superseded.map((old) => old.id),
    },
  })
}

interface Weighed {
  readonly groups: readonly PlanGroup[]
  readonly isHeld: (group: PlanGroup) => boolean
  readonly holds: readonly Hold[]
  /** Digests over the changes that wait and over those that pass; null when there are none. */
  readonly held: Buffer | null
  readonly passed: Buffer | null
  readonly meter: RadiusMeter
  readonly braked: BrakedPull | null
}

const waitsAsWhole: ReadonlySet<HeldAlone> = new Set<WholeTargetWaits>(['observe', 'first-plan', 'restored'])

/** Collects the pending changes and decides which kinds wait. `id` is where they are written; null only looks. */
async function weigh(
  client: pg.PoolClient,
  context: SyncContext,
  { origin, brakes, frozen }: DraftRequest,
  id: PlanId | null,
): Promise<Weighed> {
  const trust = await trustIn(client, context, origin)
  const { groups: collected, meter } = await collect(client, context, { origin, frozen, trust }, id)
  const groups = collected.all
  // What waits as a whole is looked at as a whole: no brake says more about it.
  const counts = countsOf(groups.filter(({ alone }) => alone === null || !waitsAsWhole.has(alone)))
  const deleted = counts.some(({ kind }) => kind === 'delete') ? await passedDeletes(client, context) : new Map()
  const earlier = ({ kind, target }: KindCount): number => (kind === 'delete' ? (deleted.get(target) ?? 0) : 0)
  const together = counts.map((count) => ({ ...count, accounts: count.accounts + earlier(count) }))
  const active = await activeAccounts(client, context, together, brakes)
  const braked = tripped(counts, brakes, (target) => certain(active.get(target)), earlier)
  const alone = groups.flatMap(({ kind, target, accounts, alone: why }): Hold[] =>
    why === null ? [] : [{ kind, target, accounts, limit: null, why }],
  )
  const isHeld = (group: PlanGroup): boolean =>
    group.alone !== null || braked.some(({ kind, target }) => kind === group.kind && target === group.target)
  return {
    groups,
    isHeld,
    holds: [...braked, ...alone],
    held: collected.digest(isHeld),
    passed: collected.digest((group) => !isHeld(group)),
    meter,
    braked: trust.braked,
  }
}

async function markBraked(client: pg.ClientBase, id: PlanId, holds: readonly Hold[]): Promise<void> {
  for (const { kind, target, why } of holds) {
    if (why !== 'brake') continue
    await client.query(
      `update plan_change set held_for = 'brake' where plan_id = $1 and kind = $2 and target = $3 and held_for is null`,
      [id, kind, target],
    )
  }
}
