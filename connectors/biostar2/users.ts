/** All users of the server, page by page and without a gap, also while the list changes or a build ignores the offset. */
import type { Client } from './client.ts'
import { ownFailure } from './errors.ts'
import type { UserRow } from './records.ts'

const pageSize = 500
/** How far each page reaches back into the one before: so many users may be deleted meanwhile without anybody slipping through. */
const overlap = 20

interface Page {
  readonly rows: readonly UserRow[]
  readonly total: number | null
}

/**
 * Yields every user once. An early end would look like people who are gone, so nothing is believed unseen: each page must hold
 * the last user of the page before, else the pages don't join and everybody is asked for at once. The walk ends with the page
 * that reaches the server's own count.
 * @throws ConnectorError `transient` (`biostar2.list-incomplete`) when fewer users came than the server counts.
 */
export async function* listUsers(client: Client, signal: AbortSignal): AsyncGenerator<readonly UserRow[]> {
  const seen = new Set<string>()
  let last: UserRow | undefined
  for (let offset = 0; ; ) {
    const page: Page = await client.searchUsers({ limit: pageSize, offset }, signal)
    if (offset > 0 && !joins(page, last)) break
    const fresh = unseen(page.rows, seen)
    if (fresh.length > 0) yield fresh
    const end = offset + page.rows.length
    if (page.total !== null && end >= page.total && seen.size >= page.total) return
    // Nobody new, and no count that says so: an ignored offset looks like this.
    if (fresh.length === 0) break
    last = page.rows.at(-1)
    offset = end - Math.min(overlap, Math.floor(page.rows.length / 2))
  }
  yield* allAtOnce(client, seen, signal)
}

/** Whether a page begins before or at the last user of the page before, so that nobody can be between the two. */
function joins({ rows }: Page, last: UserRow | undefined): boolean {
  return rows.some(({ user_id }) => user_id === last?.user_id)
}

async function* allAtOnce(client: Client, seen: Set<string>, signal: AbortSignal) {
  const { rows, total } = await client.searchUsers({ limit: 0, offset: 0 }, signal)
  const fresh = unseen(rows, seen)
  for (let start = 0; start < fresh.length; start += pageSize) yield fresh.slice(start, start + pageSize)
  if (total !== null && rows.length < total) {
    throw ownFailure('transient', 'biostar2.list-incomplete', 'The server gave fewer users than it counts.')
  }
}

function unseen(rows: readonly UserRow[], seen: Set<string>): UserRow[] {
  return rows.filter(({ user_id }) => {
    const fresh = !seen.has(user_id)
    seen.add(user_id)
    return fresh
  })
}
