/** Acts about people. */
import type { PeopleActs } from '../../api/acts/people.ts'
import type { PersonId } from '../../model/id.ts'
import { lockPerson, unlockPerson } from '../../sync/operator.ts'
import { explainPerson, findPerson, personView } from '../person-views.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function peopleActs({ engine }: ActsParts): PeopleActs {
  const { context, levels } = engine
  return {
    findPerson: (by) => findPerson(context, by),
    person: (id) => withLevels(engine, () => personView(context, levels, id)),
    explain: (id) => withLevels(engine, () => explainPerson(context, id)),
    async lockPerson(actor, id, reason) {
      const lockouts = await withLevels(engine, () => lockPerson(context, id as PersonId, actor.subject, reason))
      const { rows } = await context.database.pool.query<{ target: string }>(
        'select distinct target from lockout where id = any($1::uuid[]) order by target',
        [lockouts],
      )
      const standings = await context.standings.all()
      const isPaused = (target: string) => (standings.get(target)?.pausedBecause ?? null) !== null
      return { lockouts, paused: rows.map((row) => row.target).filter(isPaused) }
    },
    async unlockPerson(actor, id, reason, hours) {
      const unlocked = await withLevels(engine, () =>
        unlockPerson(context, id as PersonId, actor.subject, reason, hours),
      )
      return { ...unlocked, heldOpenUntil: unlocked.heldOpenUntil?.toISOString() ?? null }
    },
  }
}
