/** All users of the server, page by page and without a gap, also while the list changes or a build ignores the offset. */
import type { Client } from './client.ts'
import { ownFailure } from './errors.ts'
import type { UserRow } from './records.ts'

const pageSize = 500
/** How far each page reaches back into the one before, so that a few deletions meanwhile don't send the walk back. */
const overlap = 20
/** Users who were added while we walked are few: the second walk finds them. */
const walksMax = 3

/**
 * Yields every user once. An early end would look like people who are gone, so nothing is believed unseen: each page must begin
 * with somebody who was on a page before, else users may have slipped between the two, and the walk goes back. It ends with the
 * page that reaches the server's own count; who was added behind it meanwhile is found by walking again. Where the offset is
 * ignored, or the count is never reached, everybody is asked for at once. A list without ourselves is none.
 * @throws ConnectorError `transient` (`biostar2.list-incomplete`) when fewer users came than the server counts, or not even `ourselves`.
 */
export async function* listUsers(
  client: Client,
  ourselves: string,
  signal: AbortSignal,
): AsyncGenerator<readonly UserRow[]> {
  const seen = new Set<string>()
  yield* walk(client, seen, signal)
  if (!seen.has(ourselves)) throw incomplete()
}

async function* walk(client: Client, seen: Set<string>, signal: AbortSignal): AsyncGenerator<readonly UserRow[]> {
  let start: string | undefined
  let walks = 1
  for (let offset = 0; ; ) {
    const { rows, total } = await client.searchUsers({ limit: pageSize, offset }, signal)
    const first = rows[0]?.user_id
    if (offset === 0) start ??= first
    else if (first === start) break
    else if (first === undefined || !seen.has(first)) {
      offset = Math.max(0, offset - pageSize)
      continue
    }
    const fresh = unseen(rows, seen)
    if (fresh.length > 0) yield fresh
    const end = offset + rows.length
    const ended = total === null ? fresh.length === 0 : end >= total
    if (ended && total !== null && seen.size >= total) return
    if (rows.length === 0 || (ended && walks === walksMax)) break
    if (ended) walks += 1
    offset = ended ? 0 : end - Math.min(overlap, Math.floor(rows.length / 2))
  }
  yield* allAtOnce(client, seen, signal)
}

async function* allAtOnce(client: Client, seen: Set<string>, signal: AbortSignal) {
  const { rows, total } = await client.searchUsers({ limit: 0, offset: 0 }, signal)
  const fresh = unseen(rows, seen)
  for (let start = 0; start < fresh.length; start += pageSize) yield fresh.slice(start, start + pageSize)
  if (total !== null && rows.length < total) {
    throw incomplete()
  }
}

function incomplete() {
  return ownFailure('transient', 'biostar2.list-incomplete', 'The server did not give all its users.')
}

function unseen(rows: readonly UserRow[], seen: Set<string>): UserRow[] {
  return rows.filter(({ user_id }) => {
    const fresh = !seen.has(user_id)
    seen.add(user_id)
    return fresh
  })
}
