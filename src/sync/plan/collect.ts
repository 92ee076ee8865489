/** Reads the changes that an origin has pending, page by page in the order of accounts, and says which of them wait whatever the brakes say. */
import type pg from 'pg'
import type { AccountId, PersonId, PlanId } from '../../model/id.ts'
import { copyRows } from '../../store/copy.ts'
import { type AccountRow, accountGuard, guardedOfAccount } from '../../store/guards.ts'
import type { TargetMode } from '../../store/target-modes.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { waitingForMatch } from '../match/waiting.ts'
import {
  type Change,
  type ChangeKind,
  changesBetween,
  decodeIfAny,
  decodeParts,
  type Parts,
  takesAway,
} from '../parts.ts'
import { modesOf } from '../target-modes.ts'
import { type HeldAlone, PlanGroups, type PlanStep } from './plan-groups.ts'
import { canOpen, decisive, RadiusMeter } from './radius.ts'
import type { Trust } from './trust.ts'

/** Pending accounts read at a time. */
const page = 1000

/** What a change is read from is what the guard covers; the seals, of which a page holds a megabyte, are not read. */
const pendingColumns = [...guardedOfAccount, 'guard'] as const
const pendingList = pendingColumns.map((name) => `a.${name}`).join(', ')

type AccountOfPlan = Pick<AccountRow, (typeof pendingColumns)[number]>
type PendingRow = AccountOfPlan & {
  /** Somebody's record is missing, and that was not confirmed yet. */
  unconfirmed: boolean | null
  /** Some record is missing or gone: a lock-out is founded on that, for one by record does not wait for a plan. */
  absent: boolean | null
  protected: boolean
}

export interface CollectRequest {
  readonly origin: string
  readonly frozen: (target: string) => boolean
  readonly trust: Trust
}

export interface Collected {
  readonly groups: PlanGroups
  readonly meter: RadiusMeter
}

/** `id` is the plan that the changes are written to; null only looks. */
export async function collect(
  client: pg.PoolClient,
  context: SyncContext,
  { origin, frozen, trust }: CollectRequest,
  id: PlanId | null,
): Promise<Collected> {
  const groups = new PlanGroups()
  const meter = new RadiusMeter()
  const modes = await modesOf(client, context)
  let after: AccountId | null = null
  for (;;) {
    const { rows }: { rows: PendingRow[] } = await client.query<PendingRow>(
      `select ${pendingList}, p.protected, r.unconfirmed, r.absent
         from account a join person p on p.id = a.person_id
         cross join lateral (select bool_or(presence = 'missing') as unconfirmed, bool_or(presence <> 'present') as absent
                               from source_record where person_id = a.person_id) r
        where a.wanted_by = $1 and a.pending and ($2::uuid is null or a.id > $2) order by a.id limit ${page}`,
      [origin, after],
    )
    if (rows.length === 0) return { groups, meter }
    after = certain(rows.at(-1)).id
    const all: ReadRow[] = []
    for (const row of rows) {
      if (isGenuine(context, row))
        all.push(readRow({ mode: modes.get(row.target), isFrozen: frozen(row.target), trust }, row))
      // What is left out is told: a plan must not lack a change quietly because somebody broke its row.
      else await tellForged(client, context, certain(row.person_id))
    }
    const read = await withoutWaiting(client, context, modes, all)
    const losing = await losingAll(client, context, origin, read)
    const steps: PlanStep[] = []
    for (const { row, before, after: to, changes } of read) {
      const decides = losing.has(row.id) ? decisive(changes) : -1
      for (const [i, change] of changes.entries()) {
        const step = { ...change, account: row.id, target: row.target }
        groups.add(step)
        meter.add(step, change, before, to, i === decides)
        steps.push(step)
      }
    }
    if (id !== null) await write(client, id, steps)
  }
}

/** An account that a person has yet to say is not there already is in no plan: nobody releases a second one by looking at a thousand first ones. */
async function withoutWaiting(
  client: pg.ClientBase,
  context: SyncContext,
  modes: ReadonlyMap<string, TargetMode>,
  read: readonly ReadRow[],
): Promise<readonly ReadRow[]> {
  const created = read.filter(({ changes }) => changes.some(({ kind }) => kind === 'create'))
  const waiting = await waitingForMatch(
    client,
    context,
    modes,
    created.map(({ row }) => row),
  )
  return read.filter(({ row }) => !waiting.has(row.id))
}

function isGenuine({ vault }: SyncContext, row: AccountOfPlan): boolean {
  return vault.verifyGuard('account', accountGuard(row), row.guard)
}

async function write(client: pg.ClientBase, id: PlanId, steps: readonly PlanStep[]): Promise<void> {
  await copyRows(
    client,
    'plan_change',
    ['plan_id', 'account_id', 'target', 'kind', 'part', 'before', 'after', 'held_for'],
    steps.map(({ account, target, kind, part, before, after, alone }) => [
      id,
      account,
      target,
      kind,
      part,
      before,
      after,
      alone,
    ]),
  )
}

interface ReadRow {
  readonly row: PendingRow
  readonly before: Parts | null
  readonly after: Parts
  /** In the order of their parts. */
  readonly changes: readonly (Change & { readonly alone: HeldAlone | null })[]
}

/** What may make a change wait whatever its kind, besides its person. */
interface Circumstances {
  /** Undefined: the target is not configured any more, and not written to. */
  readonly mode: TargetMode | undefined
  readonly isFrozen: boolean
  readonly trust: Trust
}

function readRow(now: Circumstances, row: PendingRow): ReadRow {
  const before = decodeIfAny(row.desired)
  const after = decodeParts(row.wanted)
  const leaving = row.absent === true && row.suspect_at === null ? 'lockout-absence' : 'lockout-record'
  const changes = changesBetween(before, after, leaving)
    .sort((a, b) => (a.part < b.part ? -1 : 1))
    .map((change) => ({ ...change, alone: heldAlone(now, row, change.kind) }))
  return { row, before, after, changes }
}

function heldAlone({ mode, isFrozen, trust }: Circumstances, row: PendingRow, kind: ChangeKind): HeldAlone | null {
  if (mode === undefined) return 'observe'
  if (mode.waits !== null) return mode.waits
  if (isFrozen) return 'frozen'
  if (row.protected && takesAway(kind)) return 'protected'
  if (kind === 'lockout-record') return row.suspect_at !== null && trust.holdsBack(row.suspect_at) ? 'suspect' : null
  if (kind === 'lockout-absence' && row.unconfirmed === true) return 'unconfirmed'
  return trust.pullWaits ? 'pull' : null
}

/**
 * The accounts after whose change their person can open nothing any more, anywhere: one for each such person. Other targets are asked
 * for those only whom this one would shut out.
 */
async function losingAll(
  client: pg.ClientBase,
  context: SyncContext,
  origin: string,
  read: readonly ReadRow[],
): Promise<ReadonlySet<AccountId>> {
  const losing = read.filter(({ before, after }) => canOpen(before) && !canOpen(after))
  if (losing.length === 0 || context.targets.size === 1) return new Set(losing.map(({ row }) => row.id))
  const { rows } = await client.query<AccountOfPlan & { pending: boolean }>(
    `select ${pendingList}, a.pending from account a where a.person_id = any($1::uuid[])`,
    [losing.map(({ row }) => row.person_id)],
  )
  const opening = new Set<PersonId | null>()
  const first = new Map<PersonId | null, AccountId>()
  for (const row of rows.filter((each) => isGenuine(context, each))) {
    const before = decodeIfAny(row.desired)
    const changes = row.pending && row.wanted_by === origin
    const after = changes ? decodeParts(row.wanted) : before
    if (canOpen(after)) opening.add(row.person_id)
    const known = first.get(row.person_id)
    if (canOpen(before) && !canOpen(after) && (known === undefined || row.id < known)) first.set(row.person_id, row.id)
  }
  return new Set([...first].flatMap(([person, account]) => (opening.has(person) ? [] : [account])))
}
