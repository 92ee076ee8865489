/** How many accounts plans let be deleted at each target within a day: a wave of leavers comes due slice by slice, and none of them would be much. */
import type pg from 'pg'
import { latelyPassed } from '../../store/plans.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'
import type { Outline } from './plan.ts'
import { countsOf, type PlanGroup } from './plan-groups.ts'

const withinMs = 24 * 3_600_000

/** What a plan let be deleted without a person's word, and when, by the clock of Gatehouse. */
export interface PassedDeletes {
  readonly at: string
  readonly accounts: Readonly<Record<string, number>>
}

/** Of what passes; null when nothing is deleted by it. */
export function deletesAmong(passing: readonly PlanGroup[], now: Date): PassedDeletes | null {
  const deletes = countsOf(passing.filter(({ kind }) => kind === 'delete'))
  if (deletes.length === 0) return null
  return {
    at: now.toISOString(),
    accounts: Object.fromEntries(deletes.map(({ target, accounts }) => [target, accounts])),
  }
}

/** By target. */
export async function passedDeletes(
  client: pg.ClientBase,
  { vault, now }: Pick<SyncContext, 'vault' | 'now'>,
): Promise<ReadonlyMap<string, number>> {
  const since = now().getTime() - withinMs
  const sums = new Map<string, number>()
  for (const row of await latelyPassed(client, vault)) {
    const { deletes } = JSON.parse(certain(row.outline)) as Outline
    if (deletes === undefined || Date.parse(deletes.at) <= since) continue
    for (const [target, accounts] of Object.entries(deletes.accounts))
      sums.set(target, (sums.get(target) ?? 0) + accounts)
  }
  return sums
}
