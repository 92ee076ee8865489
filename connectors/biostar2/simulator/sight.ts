/** Which people the login sees: an operator level can be limited to some user groups and those below them. */
import { Refusal } from './envelope.ts'
import type { User } from './model.ts'
import type { Simulation } from './simulation.ts'

/** User groups the login is limited to, by id and without those below; null when it sees everybody. Unknown names count for nothing. */
export function groupsInSight({ world, quirks }: Simulation): number[] | null {
  const wanted = quirks.operatorGroups
  if (wanted === null) return null
  const groups = [...world.userGroups.values()]
  return groups.filter(({ id, name }) => wanted.includes(name) || wanted.includes(String(id))).map(({ id }) => id)
}

/** Says of a person whether the login sees them. */
export function sight(simulation: Simulation): (user: User) => boolean {
  const groups = groupsInSight(simulation)
  if (groups === null) return () => true
  const { world } = simulation
  const seen = new Set(groups.flatMap((id) => world.subTree(world.userGroup(id))).map(({ id }) => id))
  return (user) => seen.has(user.groupId)
}

/** `sees` for a selection of people, left out when everybody is seen: a page of 100,000 is then one slice. */
export function limitedSight(simulation: Simulation): { sees?: (user: User) => boolean } {
  return groupsInSight(simulation) === null ? {} : { sees: sight(simulation) }
}

/** The person of this id, refused with 201 when there is none or when the login does not see them. */
export function seenUser(simulation: Simulation, id: string): User {
  const user = simulation.world.user(id)
  if (!sight(simulation)(user)) throw new Refusal('201')
  return user
}
