/** Access groups: who (people and user groups) gets which access levels. */
import { allDevices, deviceResponse } from './device-response.ts'
import type { Fields } from './dialects.ts'
import { Refusal } from './envelope.ts'
import { idIn, list, order, type Row, record, splitIds, text, whole, wholeOr } from './input.ts'
import type { AccessGroup } from './model.ts'
import type { Answer, Call } from './route.ts'
import { seenUser, sight } from './sight.ts'
import type { Simulation } from './simulation.ts'
import { administratorId, type World } from './world.ts'

const groupsOfUserMax = 16

/** `GET /api/access_groups` */
export function listAccessGroups({ simulation }: Call): Answer {
  return groupCollection(simulation, [...simulation.world.accessGroups.values()], 0, 0)
}

/** `POST /api/v2/access_groups/search`; `{}` worked on a live BioStar X although the documents refuse it. */
export function searchAccessGroups({ simulation, body }: Call): Answer {
  const sent = record(body)
  const { field, descending } = order(sent.order_by, ['id', 'name'], 'id')
  const groups = [...simulation.world.accessGroups.values()]
  if (field === 'name') groups.sort((left, right) => (left.name < right.name ? -1 : 1))
  if (descending) groups.reverse()
  return groupCollection(simulation, groups, wholeOr(sent.offset, 0), wholeOr(sent.limit, 0))
}

function groupCollection({ world, quirks }: Simulation, groups: AccessGroup[], offset: number, limit: number): Answer {
  const rows = groups
    .slice(offset, limit === 0 ? undefined : offset + limit)
    .filter(({ name }) => !quirks.accessGroupsHidden.includes(name))
    .map((group) => groupRow(world, group))
  return { body: { AccessGroupCollection: { total: groups.length, rows } } }
}

export function readAccessGroup({ simulation, id }: Call): Answer {
  const { world } = simulation
  const group = world.accessGroup(whole(id))
  return { body: { AccessGroup: { ...groupRow(world, group), users: userRows(simulation, group) } } }
}

/** `GET /api/access_groups/:id/users`: an unknown id is a success without rows. */
export function listUsersOfGroup({ simulation, id }: Call): Answer {
  const group = simulation.world.accessGroups.get(whole(id))
  const rows = group ? userRows(simulation, group) : []
  return { body: { UserCollection: { total: rows.length, rows } } }
}

/** `POST /api/access_groups` */
export function createAccessGroup({ simulation, body, touch }: Call): Answer {
  const { world } = simulation
  const sent = record(record(body).AccessGroup)
  const name = checkedName(world, text(sent.name ?? ''), null)
  const parts = partsOf(world, sent)
  const users = userIds(sent.users ?? [])
  touch(users)
  checkMembers(simulation, users, null)
  const group = world.addAccessGroup(name, text(sent.description ?? ''))
  Object.assign(group, parts)
  world.rightsChanged()
  for (const id of users) join(world, id, group.id)
  return withGroup(simulation, group)
}

/**
 * `PUT /api/access_groups/:id`: replaces. `user_groups` left out are emptied; `new_users` and `delete_users` are
 * changes to the members and `users` is the whole list (API collection, bs2api.biostar2.com).
 */
export function updateAccessGroup({ simulation, id, body, touch }: Call): Answer {
  const { world } = simulation
  const group = world.accessGroup(whole(id))
  const sent = record(record(body).AccessGroup)
  const name = sent.name === undefined ? group.name : checkedName(world, text(sent.name), group.id)
  const parts = partsOf(world, sent)
  const { joining, leaving } = memberChanges(group, sent)
  touch([...joining, ...leaving])
  checkMembers(simulation, joining, group.id)
  group.name = name
  if (sent.description !== undefined) group.description = text(sent.description)
  if (sent.access_levels !== undefined) group.levels = parts.levels
  group.userGroups = parts.userGroups
  world.rightsChanged()
  for (const userId of leaving) leave(world, userId, group.id)
  for (const userId of joining) join(world, userId, group.id)
  return withGroup(simulation, group)
}

/** `DELETE /api/access_groups?id=` */
export function deleteAccessGroups({ simulation, query, touch }: Call): Answer {
  const { world } = simulation
  const groups = splitIds(query.get('id')).map((id) => world.accessGroup(whole(id)))
  if (groups.length === 0) throw new Refusal('30')
  for (const group of groups) {
    touch([...group.members])
    for (const userId of [...group.members]) leave(world, userId, group.id)
    world.accessGroups.delete(group.id)
  }
  world.rightsChanged()
  return deviceResponse(simulation, allDevices(simulation))
}

function memberChanges(group: AccessGroup, sent: Row): { joining: string[]; leaving: string[] } {
  const joining = userIds(sent.new_users ?? [])
  const leaving = userIds(sent.delete_users ?? [])
  if (sent.users !== undefined) {
    const wanted = new Set(userIds(sent.users))
    joining.push(...[...wanted].filter((id) => !group.members.has(id)))
    leaving.push(...[...group.members].filter((id) => !wanted.has(id)))
  }
  return { joining: [...new Set(joining)], leaving: [...new Set(leaving)] }
}

function checkMembers(simulation: Simulation, userIdsJoining: readonly string[], groupId: number | null): void {
  for (const id of userIdsJoining) {
    const user = seenUser(simulation, id)
    if (id === administratorId) throw new Refusal('205')
    const has = groupId !== null && user.accessGroups.includes(groupId)
    if (!has && user.accessGroups.length >= groupsOfUserMax) throw new Refusal('65637')
  }
}

function join(world: World, userId: string, groupId: number): void {
  const user = world.user(userId)
  if (!user.accessGroups.includes(groupId)) world.patchUser(user, { accessGroups: [...user.accessGroups, groupId] })
}

function leave(world: World, userId: string, groupId: number): void {
  const user = world.users.get(userId)
  if (!user?.accessGroups.includes(groupId)) return
  world.patchUser(user, { accessGroups: user.accessGroups.filter((id) => id !== groupId) })
}

function partsOf(world: World, sent: Row): { levels: number[]; userGroups: number[] } {
  return {
    levels: list(sent.access_levels ?? []).map((level) => world.accessLevel(idIn(level)).id),
    userGroups: list(sent.user_groups ?? []).map((group) => world.userGroup(idIn(group)).id),
  }
}

function userIds(sent: unknown): string[] {
  return list(sent).map((user) => text(record(user).user_id))
}

function checkedName(world: World, name: string, self: number | null): string {
  if (name === '') throw new Refusal('30')
  for (const group of world.accessGroups.values()) {
    if (group.name === name && group.id !== self) throw new Refusal('652')
  }
  return name
}

function withGroup(simulation: Simulation, group: AccessGroup): Answer {
  const answer = deviceResponse(simulation, allDevices(simulation))
  return { ...answer, body: { AccessGroup: { id: group.id, name: group.name }, ...answer.body } }
}

function groupRow(world: World, group: AccessGroup): Fields {
  return {
    id: group.id,
    name: group.name,
    description: group.description,
    user_count: group.members.size,
    user_groups: group.userGroups.map((id) => ({ id, name: world.userGroup(id).name })),
    access_levels: group.levels.map((id) => ({ id, name: world.accessLevel(id).name })),
    floor_levels: [],
  }
}

function userRows(simulation: Simulation, group: AccessGroup): Fields[] {
  const members = [...group.members].map((id) => simulation.world.user(id))
  return members.filter(sight(simulation)).map(({ id, name }) => ({ user_id: id, name }))
}
