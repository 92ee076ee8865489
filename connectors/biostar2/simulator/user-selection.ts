/** Picks a page of people by group, text, change counter and further conditions, in the order asked for. */
import { cappedLimit, type Order } from './input.ts'
import type { User } from './model.ts'
import { compareIds } from './roster.ts'
import { rootGroupId, type World } from './world.ts'

export const userOrders = ['user_id', 'name', 'email', 'last_modified', 'start_datetime', 'expiry_datetime'] as const

export interface UserSelection {
  /** Only people of this group and the groups below it. */
  groupId: number | null
  order: Order
  offset: number
  /** 0 is all. */
  limit: number
  pageMax: number | null
  /** Only these count, not even for the total; everybody if absent. */
  sees?: (user: User) => boolean
  searchText?: string
  modifiedAfter?: number
  matches?: (user: User) => boolean
}

export function selectUsers(world: World, wish: UserSelection): { users: User[]; total: number } {
  const limit = cappedLimit(wish.limit, wish.pageMax)
  const conditions = conditionsOf(wish)
  const everybody = wish.groupId === null || wish.groupId === rootGroupId
  if (everybody && conditions.length === 0 && wish.order.field === 'user_id') {
    const ids = world.roster.page(wish.offset, limit, wish.order.descending)
    return { users: ids.map((id) => world.user(id)), total: world.roster.size }
  }
  const candidates = everybody ? world.roster.all() : idsOfGroup(world, wish.groupId ?? rootGroupId)
  const users = candidates.map((id) => world.user(id)).filter((user) => conditions.every((holds) => holds(user)))
  sort(users, wish.order, everybody)
  return { users: users.slice(wish.offset, limit === 0 ? undefined : wish.offset + limit), total: users.length }
}

function conditionsOf(wish: UserSelection): ((user: User) => boolean)[] {
  const conditions: ((user: User) => boolean)[] = []
  const wanted = wish.searchText?.toLowerCase() ?? ''
  if (wanted !== '') {
    conditions.push((user) => [user.id, user.name, user.email].some((value) => value.toLowerCase().includes(wanted)))
  }
  const after = wish.modifiedAfter ?? 0
  if (after > 0) conditions.push((user) => user.lastModified > after)
  if (wish.sees) conditions.push(wish.sees)
  if (wish.matches) conditions.push(wish.matches)
  return conditions
}

function idsOfGroup(world: World, groupId: number): string[] {
  const group = world.userGroups.get(groupId)
  return group ? world.subTree(group).flatMap((below) => [...below.members]) : []
}

function sort(users: User[], { field, descending }: Order, sortedById: boolean): void {
  if (field !== 'user_id' || !sortedById) users.sort((left, right) => compare(left, right, field))
  if (descending) users.reverse()
}

function compare(left: User, right: User, field: string): number {
  const byId = compareIds(left.id, right.id)
  switch (field) {
    case 'name':
      return text(left.name, right.name) || byId
    case 'email':
      return text(left.email, right.email) || byId
    case 'last_modified':
      return left.lastModified - right.lastModified
    case 'start_datetime':
      return left.startMs - right.startMs || byId
    case 'expiry_datetime':
      return left.expiryMs - right.expiryMs || byId
    default:
      return byId
  }
}

function text(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
