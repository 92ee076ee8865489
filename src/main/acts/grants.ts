/** Acts about individual grants. */
import type { GrantActs } from '../../api/acts/grants.ts'
import type { GrantId, PersonId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { addGrant, revokeGrant } from '../../sync/grants.ts'
import { allGrants, grantViews } from '../grant-views.ts'
import { openDossier } from '../person-views.ts'
import { type ActsParts, withLevels } from './parts.ts'

export function grantActs({ engine }: ActsParts): GrantActs {
  const { context } = engine
  return {
    addGrant: (actor, person, request) =>
      withLevels(engine, async () => {
        const id = await addGrant(context, person as PersonId, actor.subject, request)
        const views = await grantViews(context, await openDossier(context, person))
        const given = views.find((view) => view.id === id)
        // Revoked by somebody else in this very moment.
        if (given === undefined) throw new Refusal('grant.unknown')
        return given
      }),
    revokeGrant: (actor, id, reason) =>
      withLevels(engine, async () => {
        await revokeGrant(context, id as GrantId, actor.subject, reason)
      }),
    grantsOf: (person) => withLevels(engine, async () => grantViews(context, await openDossier(context, person))),
    grants: (page) => withLevels(engine, () => allGrants(context, page)),
  }
}
