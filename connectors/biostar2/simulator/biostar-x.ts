/** The calls that only BioStar X has. */
import type { Fields } from './dialects.ts'
import { Refusal } from './envelope.ts'
import type { Answer, Call } from './route.ts'

/** `GET /api/v2/user/filter/user_and_group`: groups and people in one flat list. */
export function listUsersAndGroups({ simulation: { world } }: Call): Answer {
  const groups = [...world.userGroups.values()].map((group): Fields => {
    const parent = group.parentId === null ? undefined : `userGroup-${group.parentId}`
    return { id: `userGroup-${group.id}`, name: group.name, parent_id: parent }
  })
  const users = world.roster.all().map((id): Fields => {
    const user = world.user(id)
    return { id: `user-${id}`, name: user.name, parent_id: `userGroup-${user.groupId}` }
  })
  return { body: { rows: [...groups, ...users] } }
}

/** `POST /api/events/import` without the Event Log API licence: HTTP 403 and a body without `Response`. */
export function importEvents(): Answer {
  throw new Refusal('331791', { status: 403, bare: true })
}
