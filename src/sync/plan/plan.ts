/** Turns what is wanted into a plan, holds the kinds whose brake trips, and lets the rest pass. */
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import { type AccountId, newId, type PlanId, type PullId } from '../../model/id.ts'
import { copyRows } from '../../store/copy.ts'
import { type AccountRow, accountGuard, guardedOfAccount, type PlanRow } from '../../store/guards.ts'
import { decidePlan, heldPlans, insertPlan, wasRejected } from '../../store/plans.ts'
import type { TargetMode, WholeTargetWaits } from '../../store/target-modes.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { Brakes, SyncContext } from '../context.ts'
import { type ChangeKind, changesBetween, decodeParts } from '../parts.ts'
import { modesOf } from '../target-modes.ts'
import { activeAccounts } from './active-accounts.ts'
import { applyPlan } from './apply-plan.ts'
import { type Hold, tripped } from './brake.ts'
import { countsOf, type HeldAlone, type PlanGroup, PlanGroups, type PlanStep } from './plan-groups.ts'

export interface PlanRequest {
  /** Whose changes: `source:hr`, `clock`, `operator`, `policy`. */
  readonly origin: string
  readonly pull: PullId | null
  readonly brakes: Brakes
  readonly arrivedAt: Date
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

/** Pending accounts read at a time. */
const page = 1000

/**
 * Null when nothing is pending. Held changes that a plan already holds exactly so stay in it; others supersede it. What passes is
 * applied before this returns; killed in between, the next call finds it pending and lets it pass again.
 */
export async function plan(context: SyncContext, request: PlanRequest): Promise<Planned | null> {
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
  const news = weighed.held !== null && same === undefined && !(await isRefused(client, context, request, weighed.held))
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

/** What a person refused comes again only with news from the source; else the clock would ask every second. */
async function isRefused(
  client: pg.ClientBase,
  context: SyncContext,
  { origin, pull }: PlanRequest,
  held: Buffer,
): Promise<boolean> {
  return pull === null && (await wasRejected(client, context.vault, origin, held))
}

async function store(
  client: pg.ClientBase,
  context: SyncContext,
  { origin, pull }: PlanRequest,
  id: PlanId,
  { groups, isHeld, holds, held, passed }: Weighed,
  waits: boolean,
  superseded: readonly PlanRow[],
): Promise<void> {
  const counts = countsOf(waits ? groups : groups.filter((group) => !isHeld(group)))
  const hash = (waits ? held : passed) as Buffer
  const row = {
    id,
    origin,
    pull_id: pull,
    state: waits ? 'held' : 'passed',
    hash,
    counts: JSON.stringify(counts),
    holds: JSON.stringify(waits ? holds : []),
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
}

/** Collects the pending changes and decides which kinds wait. `id` is where they are written; null only looks. */
async function weigh(
  client: pg.PoolClient,
  context: SyncContext,
  { origin, brakes, frozen }: DraftRequest,
  id: PlanId | null,
): Promise<Weighed> {
  const collected = await collect(client, context, { origin, frozen }, id)
  const groups = collected.all
  // What waits as a whole is looked at as a whole: no brake says more about it.
  const counts = countsOf(groups.filter(({ alone }) => alone === null || !waitsAsWhole.has(alone)))
  const active = await activeAccounts(client, context, counts, brakes)
  const braked = tripped(counts, brakes, (target) => active.get(target) ?? 0)
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

/** What a change is read from is what the guard covers; the seals, of which a page holds a megabyte, are not read. */
const pendingColumns = [...guardedOfAccount, 'guard'] as const
const pendingList = pendingColumns.map((name) => `a.${name}`).join(', ')

type PendingRow = Pick<AccountRow, (typeof pendingColumns)[number]> & { unconfirmed: boolean; protected: boolean }

/** Every pending change of the origin, page by page in account order. */
async function collect(
  client: pg.PoolClient,
  context: SyncContext,
  { origin, frozen }: Pick<DraftRequest, 'origin' | 'frozen'>,
  id: PlanId | null,
): Promise<PlanGroups> {
  const groups = new PlanGroups()
  const modes = await modesOf(client, context)
  let after: AccountId | null = null
  for (;;) {
    const { rows }: { rows: PendingRow[] } = await client.query<PendingRow>(
      `select ${pendingList}, p.protected, exists (select 1 from source_record r where r.person_id = a.person_id and r.presence = 'missing') as unconfirmed
         from account a join person p on p.id = a.person_id
        where a.wanted_by = $1 and a.pending and a.frozen_at is null and ($2::uuid is null or a.id > $2) order by a.id limit ${page}`,
      [origin, after],
    )
    if (rows.length === 0) return groups
    after = rows.at(-1)?.id ?? null
    const steps = rows
      .filter((row) => context.vault.verifyGuard('account', accountGuard(row), row.guard))
      .flatMap((row) => stepsOf(row, modes.get(row.target), frozen(row.target)))
    for (const step of steps) groups.add(step)
    if (id === null) continue
    await copyRows(
      client,
      'plan_change',
      ['plan_id', 'account_id', 'target', 'kind', 'part', 'before', 'after', 'held_for'],
      steps.map(({ account, target, kind, part, before, after: to, alone }) => [
        id,
        account,
        target,
        kind,
        part,
        before,
        to,
        alone,
      ]),
    )
  }
}

/** The changes of one account, in the order of their parts. */
function stepsOf(row: PendingRow, mode: TargetMode | undefined, frozen: boolean): PlanStep[] {
  const before = row.desired === null ? null : decodeParts(row.desired)
  return changesBetween(before, decodeParts(row.wanted), 'lockout-absence')
    .sort((a, b) => (a.part < b.part ? -1 : 1))
    .map((change) => ({
      ...change,
      account: row.id,
      target: row.target,
      alone: heldAlone(row, mode, frozen, change.kind),
    }))
}

const waitsAsWhole: ReadonlySet<HeldAlone> = new Set<WholeTargetWaits>(['observe', 'first-plan', 'restored'])

/** A target that is not configured any more is not written to. */
function heldAlone(row: PendingRow, mode: TargetMode | undefined, frozen: boolean, kind: ChangeKind): HeldAlone | null {
  if (mode === undefined) return 'observe'
  if (mode.waits !== null) return mode.waits
  if (frozen) return 'frozen'
  if (row.protected && (kind === 'revoke' || kind === 'lockout-absence' || kind === 'lockout-record'))
    return 'protected'
  return kind === 'lockout-absence' && row.unconfirmed ? 'unconfirmed' : null
}
