/** The two searches of the v2 service. */
import { Refusal } from './envelope.ts'
import { flag, list, order, type Row, record, text, whole, wholeOr } from './input.ts'
import type { User } from './model.ts'
import type { Answer, Call } from './route.ts'
import { limitedSight } from './sight.ts'
import type { Simulation } from './simulation.ts'
import { userCollection } from './user-collection.ts'
import { userRow } from './user-rows.ts'
import { selectUsers, type UserSelection, userOrders } from './user-selection.ts'

const pageDefault = 50

/** `POST /api/v2/users/search`: at least one key, `limit` 0 is all. */
export function searchUsers({ simulation, body }: Call): Answer {
  const sent = record(body)
  if (Object.keys(sent).length === 0) throw new Refusal('30')
  return found(simulation, { ...paging(simulation, sent), searchText: text(sent.search_text ?? '') })
}

/** `POST /api/v2/users/advance_search`, since 2.9.5 (release notes). */
export function searchUsersByFields({ simulation, body }: Call): Answer {
  const sent = record(body)
  const conditions = [...textConditions(sent), ...otherConditions(simulation, sent)]
  const matches = (user: User) => conditions.every((holds) => holds(user))
  return found(simulation, { ...paging(simulation, sent), ...(conditions.length > 0 ? { matches } : {}) })
}

function paging(simulation: Simulation, sent: Row): UserSelection {
  const { quirks } = simulation
  const group = sent.user_group_id
  return {
    groupId: group === undefined || group === '' ? null : whole(group),
    order: order(sent.order_by, userOrders, 'user_id'),
    offset: quirks.ignoreUserOffset ? 0 : wholeOr(sent.offset, 0),
    limit: wholeOr(sent.limit, pageDefault),
    pageMax: quirks.userPageMax,
    ...limitedSight(simulation),
  }
}

function found(simulation: Simulation, selection: UserSelection): Answer {
  const { users, total } = selectUsers(simulation.world, selection)
  const rows = users.map((user) => userRow(simulation, user, 'v2'))
  return userCollection(simulation, total, rows)
}

function textConditions(sent: Row): ((user: User) => boolean)[] {
  const fields = [
    ['user_id', 'id'],
    ['user_name', 'name'],
    ['user_email', 'email'],
    ['user_phone', 'phone'],
    ['user_department', 'department'],
    ['user_title', 'title'],
  ] as const
  return fields.flatMap(([wire, field]) => {
    const wanted = text(sent[wire] ?? '').toLowerCase()
    return wanted === '' ? [] : [(user: User) => user[field].toLowerCase().includes(wanted)]
  })
}

function otherConditions({ world, clock }: Simulation, sent: Row): ((user: User) => boolean)[] {
  const conditions: ((user: User) => boolean)[] = []
  const cardNumber = text(sent.user_card ?? '')
  if (cardNumber !== '') conditions.push((user) => world.cardByNumber(cardNumber)?.owner === user.id)
  if (sent.user_group_ids !== undefined) {
    const groups = list(sent.user_group_ids).flatMap((id) => world.subTree(world.userGroup(whole(id))))
    const ids = new Set(groups.map((group) => group.id))
    conditions.push((user) => ids.has(user.groupId))
  }
  const accessGroups = text(sent.user_access_group_ids ?? '')
  if (accessGroups !== '') {
    const wanted = accessGroups.split(',').map(whole)
    conditions.push((user) => wanted.some((id) => user.accessGroups.includes(id)))
  }
  if (sent.user_status !== undefined) {
    // false = active, as the deprecated `disabled` is.
    const inactive = flag(sent.user_status)
    conditions.push((user) => (user.disabled || user.expiryMs < clock.now()) === inactive)
  }
  const level = wholeOr(sent.user_operator_level_id, 0)
  if (level !== 0) conditions.push((user) => (level === -1 ? user.permission === null : user.permission === level))
  return conditions
}
