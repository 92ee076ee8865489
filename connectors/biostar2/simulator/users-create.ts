/** Creating people, one or several in one call. */
import { refusedByReaders } from './device-response.ts'
import type { Fields } from './dialects.ts'
import { Refusal } from './envelope.ts'
import { list, type Row, record, text } from './input.ts'
import type { User } from './model.ts'
import type { Answer, Call } from './route.ts'
import { draftUser } from './user-draft.ts'

// "Keep it under 30" (API collection, 2.9.8 and later).
const rowsMax = 29

/** `POST /api/users` with `User`, or with `UserCollection.rows`. */
export function createUsers(call: Call): Answer {
  const sent = record(call.body)
  if (sent.UserCollection !== undefined) return createMany(call, list(record(sent.UserCollection).rows))
  const user = create(call, record(sent.User))
  return { body: { UserCollection: { total: 1, rows: [created(user)] }, ...refusedByReaders(call.simulation) } }
}

// Each row stands alone: what can be stored is stored. The published answer lists a single row, whatever was sent, so a
// client that trusts the rows does not learn which ones failed.
function createMany(call: Call, rows: readonly unknown[]): Answer {
  if (rows.length === 0 || rows.length > rowsMax) throw new Refusal('700')
  const users: User[] = []
  for (const row of rows) {
    try {
      users.push(create(call, record(row)))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }
  }
  const shown = call.simulation.quirks.bulkCreateRows === 'first' ? users.slice(0, 1) : users
  const code = users.length === rows.length ? '0' : users.length === 0 ? '8' : '1'
  return { code, body: { UserCollection: { total: shown.length, rows: shown.map(created) } } }
}

function create({ simulation, touch }: Call, sent: Row): User {
  if (sent.user_id !== undefined) touch([text(sent.user_id)])
  const user = draftUser(simulation, sent)
  simulation.world.addUsers([user])
  return user
}

function created(user: User): Fields {
  return { user_id: user.id, name: user.name }
}
