/** Acts about people who are erased. */
import type { ErasureActs } from '../../api/acts/erasures.ts'
import type { PersonId } from '../../model/id.ts'
import { erasePerson } from '../../sync/erasure/erase.ts'
import { liftErasure, signOffErasure } from '../../sync/erasure/lift.ts'
import { erasures, erasureView, previewErasure } from '../erasure-views.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function erasureActs({ engine }: ActsParts): ErasureActs {
  const { context } = engine
  return {
    previewErasure: (person) => previewErasure(context, person),
    erasePerson: (actor, person, reason) =>
      withLevels(engine, () => erasePerson(context, person as PersonId, actor.subject, reason)),
    erasures: (page) => erasures(context, page),
    erasure: (id) => erasureView(context, id),
    liftErasure: async (actor, by, reason) => ({ erasure: await liftErasure(context, by, actor.subject, reason) }),
    signOffErasure: (actor, id, target, reason) => signOffErasure(context, id, target, actor.subject, reason),
  }
}
