/** Changing people: one, many in different ways, or many in the same way. */
import { refusedByReaders } from './device-response.ts'
import type { Fields } from './dialects.ts'
import { Refusal } from './envelope.ts'
import { list, type Row, record, splitIds, text } from './input.ts'
import type { Answer, Call } from './route.ts'
import { seenUser } from './sight.ts'
import { draftChanges } from './user-draft.ts'
import { administratorId } from './world.ts'

// 101 rows give HTTP 400 with code 700 (API collection, 2.9.6 and later).
const rowsMax = 100

/** `PUT /api/users/:id`: only what is sent changes, but a list that is sent replaces the whole list. */
export function updateUser(call: Call): Answer {
  const sent = record(record(call.body).User)
  call.touch([call.id])
  update(call, call.id, sent)
  const code = call.simulation.quirks.userPutSuperfluous ? '1' : '0'
  return { code, body: refusedByReaders(call.simulation) }
}

/** `PUT /api/users/bulk`: a `ret_code` per row; code 1 when some failed and 8 when all did, HTTP 200 in both cases. */
export function updateUsersInBulk(call: Call): Answer {
  const rows = list(record(record(call.body).UserCollection).rows).map(record)
  if (rows.length === 0 || rows.length > rowsMax) throw new Refusal('700')
  const ids = rows.map((row) => text(row.user_id ?? ''))
  call.touch(ids)
  const results = rows.map((row, at) => ({ user_id: ids[at] ?? '', ret_code: attempt(call, ids[at] ?? '', row) }))
  const failed = results.filter((row) => row.ret_code !== '0').length
  return { code: overall(failed, rows.length), body: { UserCollection: { total: results.length, rows: results } } }
}

/** `PUT /api/users?id=1+2`: the same change to many; those that failed are listed. */
export function updateUsersAlike(call: Call): Answer {
  const ids = splitIds(call.query.get('id'))
  if (ids.length === 0) throw new Refusal('30')
  const sent = record(record(call.body).User)
  call.touch(ids)
  const failed = ids
    .map((id): Fields => ({ user_id: id, ret_code: attempt(call, id, sent) }))
    .filter((row) => row.ret_code !== '0')
  return {
    code: overall(failed.length, ids.length),
    body: { FailedUserCollection: { total: failed.length, rows: failed } },
  }
}

function overall(failed: number, all: number): string {
  return failed === 0 ? '0' : failed === all ? '8' : '1'
}

function attempt(call: Call, id: string, sent: Row): string {
  try {
    update(call, id, sent)
    return '0'
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

function update({ simulation }: Call, id: string, sent: Row): void {
  const user = seenUser(simulation, id)
  if (id === administratorId) throw new Refusal('205')
  simulation.world.patchUser(user, draftChanges(simulation, user, sent))
}
