/** Acts about people. */
import type { PeopleActs } from '../../api/acts/people.ts'
import type { PersonId } from '../../model/id.ts'
import { lockPerson, unlockPerson } from '../../sync/operator.ts'
import { protectPerson, unprotectPerson } from '../../sync/protect.ts'
import { modesOf } from '../../sync/target-modes.ts'
import { pausedAmong } from '../lockout-views.ts'
import { explainPerson, findPerson, personView } from '../person-views.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function peopleActs({ engine }: ActsParts): PeopleActs {
  const { context, levels } = engine
  return {
    findPerson: (by, acting) => findPerson(context, by, acting),
    person: (id) => withLevels(engine, () => personView(context, levels, id)),
    explain: (id) => withLevels(engine, () => explainPerson(context, levels, id)),
    async lockPerson(actor, id, reason) {
      const lockouts = await withLevels(engine, () => lockPerson(context, id as PersonId, actor.subject, reason))
      const held = await context.database.pool.query<{ target: string }>(
        'select distinct target from account where person_id = $1 and desired is not null and pending order by target',
        [id],
      )
      const modes = await modesOf(context.database.pool, context)
      return {
        lockouts,
        paused: await pausedAmong(context, lockouts),
        observed: held.rows.map((row) => row.target).filter((target) => modes.get(target)?.locksOut !== true),
      }
    },
    async unlockPerson(actor, id, reason, hours) {
      const unlocked = await withLevels(engine, () =>
        unlockPerson(context, id as PersonId, actor.subject, reason, hours),
      )
      return { ...unlocked, heldOpenUntil: unlocked.heldOpenUntil?.toISOString() ?? null }
    },
    protectPerson: ({ subject }, id, reason) =>
      withLevels(engine, () => protectPerson(context, id as PersonId, { subject, reason, brakes: engine.brakes })),
    unprotectPerson: ({ subject }, id, reason) =>
      withLevels(engine, () => unprotectPerson(context, id as PersonId, { subject, reason, brakes: engine.brakes })),
  }
}
