/** How many people a source may lock out by record within an hour. */
import type pg from 'pg'
import type { SyncContext } from '../context.ts'
import { brakeLimit } from '../plan/brake.ts'
import { activePeople } from './active-people.ts'
import type { PullPeople } from './admit.ts'

/**
 * At least as many as are asked for, if they may pass; otherwise the exact limit. `recent` were locked out within the hour, and were
 * active before; people are counted only when the fixed number does not suffice, and at most twice as many as it takes.
 */
export async function lockoutLimit(
  client: pg.ClientBase,
  context: SyncContext,
  source: string,
  asking: number,
  recent: number,
  pull: PullPeople | null,
): Promise<number> {
  const setup = context.sources.get(source)
  // One that is no longer configured delivers nothing more, and has no limit of its own.
  if (setup === undefined) return Number.POSITIVE_INFINITY
  const { min, percent } = setup.lockoutsPerHour
  const total = recent + asking
  if (total <= min || percent === 0) return min
  const enough = Math.ceil((total * 100) / percent)
  let active = pull?.activeAtLeast ?? 0
  if (active < enough) {
    const joined = pull?.joined ?? 0
    active = (await activePeople(client, context, source, 2 * (enough + joined))) - joined + recent
    if (pull !== null) pull.activeAtLeast = active
  }
  return brakeLimit(setup.lockoutsPerHour, active)
}
