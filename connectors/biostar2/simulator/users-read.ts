/** Reading people: one with everything, the deprecated list, and the next free id. */
import { order, wholeOr } from './input.ts'
import type { Answer, Call } from './route.ts'
import { limitedSight, seenUser } from './sight.ts'
import { userCollection } from './user-collection.ts'
import { biometricFieldsOf, userDetail, userRow } from './user-rows.ts'
import { selectUsers, userOrders } from './user-selection.ts'

/** `GET /api/users/:id`; unknown ids are refused with 201. */
export function readUser({ simulation, id, touch, reveals }: Call): Answer {
  touch([id])
  const user = seenUser(simulation, id)
  reveals(biometricFieldsOf(user))
  return { body: { User: userDetail(simulation, user) } }
}

/** `GET /api/users`, deprecated since 2.8.12. An unknown group is a success without rows. */
export function listUsers({ simulation, query }: Call): Answer {
  const group = query.get('group_id')
  const found = selectUsers(simulation.world, {
    groupId: group === null || group === '' ? null : wholeOr(group, 0),
    order: order(query.get('order_by'), userOrders, 'user_id'),
    offset: simulation.quirks.ignoreUserOffset ? 0 : wholeOr(query.get('offset'), 0),
    limit: wholeOr(query.get('limit'), 0),
    pageMax: simulation.quirks.userPageMax,
    // A growing counter; rows with a higher value than asked for.
    ...limitedSight(simulation),
    modifiedAfter: wholeOr(query.get('last_modified'), 0),
  })
  const rows = found.users.map((user) => userRow(simulation, user, 'v1'))
  return userCollection(simulation, found.total, rows)
}

/** `GET /api/users/next_user_id`: looks at numbers only, reserves nothing, and answers with a bare code. */
export function nextUserId({ simulation }: Call): Answer {
  return { brief: true, body: { User: { user_id: simulation.world.roster.largestNumber() + 1 } } }
}
