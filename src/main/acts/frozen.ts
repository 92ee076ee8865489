/** Acts about people of whom nothing is decided. */
import type { FrozenActs } from '../../api/acts/frozen.ts'
import type { PersonId } from '../../model/id.ts'
import { frozenPeople, thawPerson } from '../../sync/thaw/thaw-person.ts'
import { checkedCursor } from '../cursor.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function frozenActs({ engine }: ActsParts): FrozenActs {
  const { context } = engine
  return {
    async frozen({ after, limit }) {
      const found = await frozenPeople(context, checkedCursor(after, 'id'), limit)
      const rows = found.map(({ since, ...row }) => ({ ...row, since: since.toISOString() }))
      return { rows, next: rows.length === limit ? (rows.at(-1)?.person ?? null) : null }
    },
    thaw: (actor, person, reason) =>
      withLevels(engine, () => thawPerson(context, person as PersonId, actor.subject, reason)),
  }
}
