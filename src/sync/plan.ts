/** Turns what is wanted into a plan, holds the kinds whose brake trips, and lets the rest pass. */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import { recordAudit } from '../audit/record.ts'
import { type AccountId, newId, type PlanId, type PullId } from '../model/id.ts'
import { type CopyValue, copyRows } from '../store/copy.ts'
import { type AccountRow, accountGuard } from '../store/guards.ts'
import { decidePlan, heldPlans, insertPlan } from '../store/plans.ts'
import { inTransaction } from '../store/transaction.ts'
import { applyPlan } from './apply-plan.ts'
import { type Hold, type KindCount, tripped } from './brake.ts'
import type { Brakes, SyncContext } from './context.ts'
import { type ChangeKind, changesBetween, decodeParts } from './parts.ts'

export interface PlanRequest {
  /** Whose changes: `source:hr`, `clock`, `operator`, `policy`. */
  readonly origin: string
  readonly pull: PullId | null
  readonly brakes: Brakes
  readonly arrivedAt: Date
}

export interface Planned {
  readonly id: PlanId
  readonly state: 'held' | 'passed'
}

/** Pending accounts read at a time. */
const page = 1000

/** Null when nothing is pending. A held plan with the same changes is kept; one with others is superseded. */
export async function plan(context: SyncContext, request: PlanRequest): Promise<Planned | null> {
  const drafted = await inTransaction(context.database.pool, (client) => draft(client, context, request))
  if (drafted === null || drafted.kept) return drafted
  await applyPlan(context, drafted.id, {
    held: false,
    actor: request.origin,
    arrivedAt: request.arrivedAt,
    resolveFirst: false,
  })
  return drafted
}

async function draft(
  client: pg.PoolClient,
  context: SyncContext,
  { origin, pull, brakes }: PlanRequest,
): Promise<(Planned & { kept: boolean }) | null> {
  // One plan of an origin at a time, whatever asks for it.
  await client.query(`select pg_advisory_xact_lock(hashtext('gatehouse.plan'), hashtext($1))`, [origin])
  const id = newId<PlanId>()
  const collected = await collect(client, context, origin, id)
  const held = await heldPlans(client, context.vault, origin)
  if (collected.changes === 0) {
    for (const row of held) await decidePlan(client, context.vault, row, 'superseded', null)
    return null
  }
  const same = held.find((row) => row.hash.equals(collected.hash))
  if (same !== undefined) {
    await client.query('delete from plan_change where plan_id = $1', [id])
    return { id: same.id, state: 'held', kept: true }
  }
  const active = await activeAccounts(client)
  const holds = [...tripped(collected.counts, brakes, (target) => active.get(target) ?? 0), ...collected.holds]
  for (const { kind, target, why } of holds) {
    if (why === 'brake')
      await client.query('update plan_change set held = true where plan_id = $1 and kind = $2 and target = $3', [
        id,
        kind,
        target,
      ])
  }
  const state = holds.length > 0 ? 'held' : 'passed'
  for (const row of held) await decidePlan(client, context.vault, row, 'superseded', null)
  const row = {
    id,
    origin,
    pull_id: pull,
    state,
    hash: collected.hash,
    counts: JSON.stringify(collected.counts),
    holds: JSON.stringify(holds),
  } as const
  await insertPlan(client, context.vault, row)
  await recordAudit(client, context.vault, {
    actor: origin,
    action: state === 'held' ? 'plan.held' : 'plan.passed',
    object: id,
    details: {
      counts: collected.counts,
      holds,
      hash: collected.hash.toString('hex'),
      supersedes: held.map((old) => old.id),
    },
  })
  return { id, state, kept: false }
}

interface Collected {
  readonly changes: number
  readonly counts: readonly KindCount[]
  readonly holds: readonly Hold[]
  readonly hash: Buffer
}

type PendingRow = AccountRow & { unconfirmed: boolean; protected: boolean }

/** Writes every pending change of the origin into the plan, page by page in account order: that order is what the hash covers. */
async function collect(client: pg.PoolClient, context: SyncContext, origin: string, id: PlanId): Promise<Collected> {
  const hash = createHash('sha256')
  const counts = new Map<string, KindCount>()
  const holds = new Map<string, Hold>()
  let changes = 0
  let after: AccountId | null = null
  for (;;) {
    const { rows }: { rows: PendingRow[] } = await client.query<PendingRow>(
      `select a.*, p.protected, exists (select 1 from source_record r where r.person_id = a.person_id and r.presence = 'missing') as unconfirmed
         from account a join person p on p.id = a.person_id
        where a.wanted_by = $1 and a.pending and a.frozen_at is null and ($2::uuid is null or a.id > $2) order by a.id limit ${page}`,
      [origin, after],
    )
    if (rows.length === 0) break
    after = rows.at(-1)?.id ?? null
    const out: CopyValue[][] = []
    for (const row of rows) {
      if (!context.vault.verifyGuard('account', accountGuard(row), row.guard)) continue
      for (const [kind, entry] of planRow(row, hash)) {
        const why = heldAlone(row, kind)
        count(counts, kind, row.target)
        if (why !== null)
          holds.set(`${kind}/${row.target}/${why}`, {
            kind,
            target: row.target,
            accounts: (holds.get(`${kind}/${row.target}/${why}`)?.accounts ?? 0) + 1,
            limit: null,
            why,
          })
        for (const { part, before, after: to } of entry)
          out.push([id, row.id, row.target, kind, part, before, to, why !== null])
      }
    }
    changes += out.length
    await copyRows(
      client,
      'plan_change',
      ['plan_id', 'account_id', 'target', 'kind', 'part', 'before', 'after', 'held'],
      out,
    )
  }
  return { changes, counts: [...counts.values()], holds: [...holds.values()], hash: hash.digest() }
}

type Steps = { readonly part: string; readonly before: string | null; readonly after: string | null }[]

/** The changes of one account by kind, in the order in which they are hashed. */
function planRow(row: PendingRow, hash: ReturnType<typeof createHash>): Map<ChangeKind, Steps> {
  const before = row.desired === null ? null : decodeParts(row.desired)
  const byKind = new Map<ChangeKind, Steps>()
  const sorted = changesBetween(before, decodeParts(row.wanted), 'lockout-absence').sort((a, b) =>
    a.part < b.part ? -1 : 1,
  )
  for (const { kind, part, before: from, after: to } of sorted) {
    hash.update(JSON.stringify([row.id, part, from, to]))
    byKind.set(kind, [...(byKind.get(kind) ?? []), { part, before: from, after: to }])
  }
  return byKind
}

/** Reasons that hold one person's changes, however few there are. */
function heldAlone(row: PendingRow, kind: ChangeKind): Hold['why'] | null {
  if (row.protected && (kind === 'revoke' || kind === 'lockout-absence' || kind === 'lockout-record'))
    return 'protected'
  return kind === 'lockout-absence' && row.unconfirmed ? 'unconfirmed' : null
}

function count(counts: Map<string, KindCount>, kind: ChangeKind, target: string): void {
  const key = `${kind}/${target}`
  counts.set(key, { kind, target, accounts: (counts.get(key)?.accounts ?? 0) + 1 })
}

async function activeAccounts(client: pg.ClientBase): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ target: string; count: number }>(
    `select target, count(*)::int as count from account where desired is not null and desired like '{"lock":"open"%' group by target`,
  )
  return new Map(rows.map(({ target, count: accounts }) => [target, accounts]))
}
