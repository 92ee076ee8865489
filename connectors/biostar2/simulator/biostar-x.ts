/** The calls that only BioStar X has. */
import type { Fields } from './dialects.ts'
import { Refusal } from './envelope.ts'
import type { Answer, Call } from './route.ts'
import { sight } from './sight.ts'

/** `GET /api/v2/user/filter/user_and_group`: groups and people in one flat list. */
export function listUsersAndGroups({ simulation }: Call): Answer {
  const { world } = simulation
  const groups = [...world.userGroups.values()].map((group): Fields => {
    const parent = group.parentId === null ? undefined : `userGroup-${group.parentId}`
    return { id: `userGroup-${group.id}`, name: group.name, parent_id: parent }
  })
  const seen = world.roster
    .all()
    .map((id) => world.user(id))
    .filter(sight(simulation))
  const users = seen.map(
    ({ id, name, groupId }): Fields => ({ id: `user-${id}`, name, parent_id: `userGroup-${groupId}` }),
  )
  return { body: { rows: [...groups, ...users] } }
}

/** `POST /api/events/import` without the Event Log API licence: HTTP 403 and a body without `Response`. */
export function importEvents(): Answer {
  throw new Refusal('331791', { status: 403, bare: true })
}
