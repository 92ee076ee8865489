/** Plans anew all that concerns one target, after something about the target itself has changed. */
import type { Brakes, SyncContext } from '../context.ts'
import { brakesOf, type Origin, targetOrigin } from '../origin.ts'
import { plan } from './plan.ts'

/**
 * Plans of other origins that wait, and name this target, are made again too: what they say may hold no more. So is what such an origin has
 * left to do there and no plan has: an account that waited for a match may be made now.
 */
export async function replan(context: SyncContext, target: string, brakes: Brakes): Promise<void> {
  const { rows } = await context.database.pool.query<{ origin: Origin }>(
    `select distinct origin from plan p where state = 'held' and exists (select 1 from plan_change c where c.plan_id = p.id and c.target = $1)
     union select distinct wanted_by from account where target = $1 and pending`,
    [target],
  )
  const origins = new Set([...rows.map(({ origin }) => origin), targetOrigin(target)])
  for (const origin of origins) {
    const of = brakesOf(context, origin, brakes)
    await plan(context, { origin, pull: null, brakes: of, arrivedAt: context.now() })
  }
}

/** Plans what is left to do of a target's own changes, if anything is. */
export async function replanTarget(context: SyncContext, target: string, brakes: Brakes): Promise<void> {
  const origin = targetOrigin(target)
  const { rowCount } = await context.database.pool.query(
    'select from account where wanted_by = $1 and pending limit 1',
    [origin],
  )
  if (rowCount === 1) await plan(context, { origin, pull: null, brakes, arrivedAt: context.now() })
}
