/** Deleting people. */
import { refusedByReaders } from './device-response.ts'
import { Refusal } from './envelope.ts'
import { splitIds } from './input.ts'
import type { Answer, Call } from './route.ts'
import { sight } from './sight.ts'
import { administratorId } from './world.ts'

/**
 * `DELETE /api/users?id=101+102`. No id or only unknown ids are an error. What happens to the known ones among unknown
 * ones is not published: here they are deleted and the answer is code 1.
 */
export function deleteUsers({ simulation, query, touch }: Call): Answer {
  const ids = [...new Set(splitIds(query.get('id')))]
  touch(ids)
  if (ids.length === 0) throw new Refusal('30')
  if (ids.includes(administratorId)) throw new Refusal('205')
  const { world } = simulation
  const users = ids.flatMap((id) => world.users.get(id) ?? []).filter(sight(simulation))
  if (users.length === 0) throw new Refusal('201')
  for (const user of users) world.removeUser(user)
  return { code: users.length === ids.length ? '0' : '1', body: refusedByReaders(simulation) }
}
