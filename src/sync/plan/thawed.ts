/** Plans anew what waits only because somebody had frozen its target. */
import type { Brakes, SyncContext } from '../context.ts'
import { brakesOf, type Origin } from '../origin.ts'
import type { Hold } from './brake.ts'
import { plan } from './plan.ts'

/** Called by the scheduler, again and again; `brakes` are those of what no source brought. */
export async function planThawed(context: SyncContext, brakes: Brakes): Promise<void> {
  // Only a reason to look: what then passes is decided as ever.
  const { rows } = await context.database.pool.query<{ origin: Origin; holds: string }>(
    `select origin, holds from plan where state = 'held' and holds like '%"frozen"%'`,
  )
  const frozen = await context.standings.frozen()
  for (const { origin, holds } of rows) {
    const waits = (JSON.parse(holds) as readonly Hold[]).filter(({ why }) => why === 'frozen')
    if (waits.every(({ target }) => frozen(target))) continue
    const of = brakesOf(context, origin, brakes)
    await plan(context, { origin, pull: null, brakes: of, arrivedAt: context.now() })
  }
}
