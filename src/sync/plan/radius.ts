/** How far a plan reaches, counted while its changes stream by: a set of doors and a few numbers, however many people. */
import type pg from 'pg'
import type { AccessLevelId, PlanId } from '../../model/id.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'
import type { Change, ChangeKind, Parts } from '../parts.ts'
import { partOf } from '../parts.ts'
import type { PlanGroup } from './plan-groups.ts'

export interface Radius {
  readonly people: number
  /** Access levels that somebody gains or loses. */
  readonly levels: number
  /** People who could open something, and nothing any more. */
  readonly losing: number
  /** People who get their first account. */
  readonly joining: number
}

type Key = Pick<PlanGroup, 'kind' | 'target' | 'alone'>

/** Counts by group of changes: which of them wait is known only when all are counted. */
export class RadiusMeter {
  readonly #groups = new Map<string, { readonly levels: Set<AccessLevelId>; losing: number }>()

  /** One account's changes of a kind; `loses` when its person can open nothing any more. */
  add(of: Key, change: Change, before: Parts | null, after: Parts, loses: boolean): void {
    const key = name(of)
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = { levels: new Set(), losing: 0 }
      this.#groups.set(key, group)
    }
    for (const level of levelsOf(change, before, after)) group.levels.add(level)
    if (loses) group.losing += 1
  }

  of(groups: readonly Key[]): Pick<Radius, 'levels' | 'losing'> {
    const chosen = groups.map((group) => certain(this.#groups.get(name(group))))
    return {
      levels: new Set(chosen.flatMap(({ levels }) => [...levels])).size,
      losing: chosen.reduce((sum, { losing }) => sum + losing, 0),
    }
  }
}

function name({ kind, target, alone }: Key): string {
  return `${target} ${kind} ${alone ?? ''}`
}

function levelsOf({ part }: Change, before: Parts | null, after: Parts): readonly AccessLevelId[] {
  if (part === 'account') return after.levels
  // A closed account opens nothing, whatever it still holds.
  if (part === 'lock') return after.lock === 'closed' ? certain(before).levels : after.levels
  const named = partOf(part)
  return named.is === 'level' ? [named.id] : []
}

export function canOpen(parts: Parts | null): boolean {
  return parts !== null && parts.lock === 'open' && parts.levels.length > 0
}

/** Of an account that can open nothing any more, the change that takes it away. */
export function decisive(changes: readonly { readonly kind: ChangeKind; readonly part: string }[]): number {
  return changes.findIndex(({ kind, part }) => part === 'lock' || (kind === 'revoke' && partOf(part).is === 'level'))
}

/** The people behind the plan's changes, counted by PostgreSQL, which sorts on disk what does not fit into memory. */
export async function peopleOf(
  client: pg.ClientBase,
  { targets }: SyncContext,
  plan: PlanId,
): Promise<Pick<Radius, 'people' | 'joining'>> {
  // With a single target, who gets an account there has none elsewhere.
  const first =
    targets.size === 1
      ? ''
      : 'and not exists (select from account b where b.person_id = a.person_id and b.desired is not null)'
  const { rows } = await client.query<Pick<Radius, 'people' | 'joining'>>(
    `select count(distinct a.person_id)::int as people,
            count(distinct a.person_id) filter (where c.kind = 'create' ${first})::int as joining
       from plan_change c join account a on a.id = c.account_id where c.plan_id = $1`,
    [plan],
  )
  return certain(rows[0])
}
