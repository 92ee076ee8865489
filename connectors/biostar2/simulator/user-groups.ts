/** The tree of user groups. */
import type { Fields } from './dialects.ts'
import { Refusal } from './envelope.ts'
import { idIn, list, record, splitIds, text, whole } from './input.ts'
import type { UserGroup } from './model.ts'
import type { Answer, Call } from './route.ts'
import { rootGroupId, type World } from './world.ts'

const depthMax = 8
const nameLengthMax = 48

/** `GET /api/user_groups`: one root row with the others nested in it. */
export function listUserGroups({ simulation: { world } }: Call): Answer {
  const rows = [nested(world, world.userGroup(rootGroupId))]
  return { body: { UserGroupCollection: { total: world.userGroups.size, rows } } }
}

function nested(world: World, group: UserGroup): Fields {
  return { ...row(group), user_groups: group.children.map((id) => nested(world, world.userGroup(id))) }
}

/** `POST /api/v2/user_groups/search`: flat rows, all of them or those listed. */
export function searchUserGroups({ simulation: { world }, body }: Call): Answer {
  const wanted = record(body).user_group_id_list
  const ids = wanted === undefined ? [...world.userGroups.keys()] : list(wanted).map(whole)
  const rows = ids.flatMap((id) => world.userGroups.get(id) ?? []).map(row)
  return { body: { UserGroupCollection: { total: rows.length, rows } } }
}

function row(group: UserGroup): Fields {
  return {
    id: group.id,
    name: group.name,
    depth: group.depth,
    parent_id: group.parentId === null ? undefined : { id: group.parentId },
    user_count: group.members.size,
  }
}

/** `POST /api/user_groups`; the id in the answer is right since 2.8.10 (release notes). */
export function createUserGroup({ simulation: { world }, body }: Call): Answer {
  const sent = record(record(body).UserGroup)
  const parent = world.userGroup(idIn(sent.parent_id))
  const name = checkedName(world, parent, text(sent.name ?? ''), null)
  // The root counts as the first of the eight levels.
  if (parent.depth + 2 > depthMax) throw new Refusal('30')
  const group = world.addUserGroup(name, parent)
  return { body: { UserGroup: { id: group.id, name } } }
}

/** `PUT /api/user_groups/:id`: a new name. */
export function renameUserGroup({ simulation: { world }, id, body }: Call): Answer {
  const group = world.userGroup(whole(id))
  if (group.parentId === null) throw new Refusal('206')
  const name = record(record(body).UserGroup).name
  if (name !== undefined) group.name = checkedName(world, world.userGroup(group.parentId), text(name), group.id)
  return {}
}

/** `DELETE /api/user_groups?id=`: refused while a group holds groups (65741) or people (65742). */
export function deleteUserGroups({ simulation: { world }, query }: Call): Answer {
  const groups = splitIds(query.get('id')).map((id) => world.userGroup(whole(id)))
  if (groups.length === 0) throw new Refusal('30')
  for (const group of groups) {
    if (group.parentId === null) throw new Refusal('206')
    if (group.children.length > 0) throw new Refusal('65741')
    if (group.members.size > 0) throw new Refusal('65742')
  }
  for (const group of groups) world.removeUserGroup(group)
  return {}
}

function checkedName(world: World, parent: UserGroup, name: string, self: number | null): string {
  if (name === '' || name.length > nameLengthMax || name.includes('/')) throw new Refusal('30')
  const taken = parent.children.some((id) => id !== self && world.userGroups.get(id)?.name === name)
  if (taken) throw new Refusal('65646')
  return name
}
