/** Acts about PINs. */
import type { PinActs } from '../../api/acts/pins.ts'
import type { PersonId } from '../../model/id.ts'
import { issuePin } from '../../sync/pins.ts'
import type { ActsParts } from './parts.ts'

export function pinActs({ engine }: ActsParts): PinActs {
  return {
    issuePin: (actor, person, request) => issuePin(engine.context, person as PersonId, actor.subject, request),
  }
}
