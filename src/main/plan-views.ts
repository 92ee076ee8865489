/** Plans as callers see them: what they come to, what held them, and how that compares with the plans before. */
import type { Paged } from '../api/acts/paged.ts'
import type { PlanView, RadiusView } from '../api/acts/plans.ts'
import { type Actor, holdsRole } from '../auth/actor.ts'
import { isGenuineSubject, subjectName } from '../auth/subjects.ts'
import type { PlanId, SubjectId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import type { SubjectRow } from '../store/guards.ts'
import { type PlanRow, planGuard } from '../store/guards.ts'
import { loadPlan } from '../store/plans.ts'
import type { SyncContext } from '../sync/context.ts'
import { countWaiting } from '../sync/match/waiting.ts'
import type { Hold, KindCount } from '../sync/plan/brake.ts'
import type { Outline } from '../sync/plan/plan.ts'
import { modesOf } from '../sync/target-modes.ts'
import { checkedCursor } from './cursor.ts'

/** Plans that one is compared with. */
const comparedMax = 30

export async function plans(
  context: SyncContext,
  actor: Actor,
  filter: { state?: string },
  page: { after?: string; limit: number },
): Promise<Paged<PlanView>> {
  const { rows } = await context.database.pool.query<PlanRow>(
    `select * from plan where ($1::text is null or state = $1)
        and ($2::uuid is null or (created_at, id) < (select created_at, id from plan where id = $2)) order by created_at desc, id desc limit $3`,
    [filter.state ?? null, checkedCursor(page.after, 'id'), page.limit],
  )
  const names = await namesOf(context, actor, rows)
  return {
    rows: rows.map((row) => viewOf(row, names, { usual: null, waits: null })),
    next: rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null,
  }
}

export async function plan(context: SyncContext, actor: Actor, id: string): Promise<PlanView> {
  const row = await findPlan(context, id)
  const names = await namesOf(context, actor, [row])
  return viewOf(row, names, { usual: await usualOf(context, row), waits: await waitsOf(context, row) })
}

export async function findPlan(context: SyncContext, id: string): Promise<PlanRow> {
  const row = await loadPlan(context.database.pool, context.vault, id as PlanId)
  if (row === null) throw new Refusal('plan.unknown')
  return row
}

function viewOf(
  row: PlanRow,
  names: ReadonlyMap<SubjectId, string>,
  beside: Pick<PlanView, 'usual' | 'waits'>,
): PlanView {
  const counts = JSON.parse(row.counts) as KindCount[]
  const holds = JSON.parse(row.holds) as Hold[]
  const outline = outlineOf(row)
  const pull = outline?.pull ?? null
  return {
    id: row.id,
    origin: row.origin,
    state: row.state,
    hash: row.hash.toString('hex'),
    createdAt: row.created_at.toISOString(),
    decidedAt: row.decided_at?.toISOString() ?? null,
    decidedBy: row.decided_by,
    decidedByName: row.decided_by === null ? null : (names.get(row.decided_by) ?? null),
    kinds: counts.map(({ kind, target, accounts }) => {
      const reasons = holds.filter((hold) => hold.kind === kind && hold.target === target)
      const brake = reasons.find(({ why }) => why === 'brake')
      return {
        kind,
        target,
        changes: accounts,
        limit: brake?.limit ?? null,
        held: reasons.length > 0,
        why: reasons.length === 0 ? null : reasons.map(whyHeld).join(', '),
      }
    }),
    total: outline?.changes ?? counts.reduce((sum, { accounts }) => sum + accounts, 0),
    radius: outline?.radius ?? null,
    ...beside,
    pull: pull === null ? null : { lost: pull.lost, changed: pull.changed },
  }
}

function whyHeld({ why, accounts, empty }: Hold): string {
  if (why !== 'brake') return `${why}: ${accounts}`
  return empty ? 'no open account' : 'brake'
}

function outlineOf({ outline }: PlanRow): Outline | null {
  return outline === null ? null : (JSON.parse(outline) as Outline)
}

async function waitsOf(context: SyncContext, { origin }: PlanRow): Promise<PlanView['waits']> {
  const { pool } = context.database
  const waiting = await countWaiting(pool, context, await modesOf(pool, context), origin)
  return [...waiting].map(([target, accounts]) => ({ target, for: 'match', accounts }))
}

/** What the plans of the same origin before this one came to; null when there was none that counted. */
async function usualOf({ database, vault }: SyncContext, plan: PlanRow): Promise<PlanView['usual']> {
  const { rows } = await database.pool.query<PlanRow>(
    `select * from plan where origin = $1 and (created_at, id) < ($2, $3) and outline is not null
      order by created_at desc, id desc limit $4`,
    [plan.origin, plan.created_at, plan.id, comparedMax],
  )
  const before = rows
    .filter((row) => vault.verifyGuard('plan', planGuard(row), row.guard))
    .flatMap((row) => outlineOf(row)?.radius ?? [])
  if (before.length === 0) return null
  return { plans: before.length, median: each(before, median), largest: each(before, (all) => Math.max(...all)) }
}

function each(radii: readonly RadiusView[], of: (values: readonly number[]) => number): RadiusView {
  const figure = (name: keyof RadiusView) => of(radii.map((radius) => radius[name]))
  return { people: figure('people'), levels: figure('levels'), losing: figure('losing'), joining: figure('joining') }
}

/** Of an even number the lower of the two in the middle: one that there was. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0
}

/** The names of those who decided, for callers who may see people's names. */
async function namesOf(
  { database, vault }: SyncContext,
  actor: Actor,
  rows: readonly PlanRow[],
): Promise<ReadonlyMap<SubjectId, string>> {
  const ids = rows.flatMap(({ decided_by }) => decided_by ?? [])
  if (ids.length === 0 || !holdsRole(actor, 'operator')) return new Map()
  const subjects = await database.pool.query<SubjectRow>('select * from subject where id = any($1::uuid[])', [ids])
  return new Map(
    subjects.rows.flatMap((row) => (isGenuineSubject(vault, row) ? [[row.id, subjectName(vault, row)] as const] : [])),
  )
}
