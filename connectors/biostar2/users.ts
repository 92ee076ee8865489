/** All users of the server, page by page and without a gap, also where a build ignores the offset. */
import type { Client } from './client.ts'
import { ownFailure } from './errors.ts'
import type { UserRow } from './records.ts'

const pageSize = 500

/**
 * Yields every user once. An early end would look like people who are gone, so neither a short page nor the total alone is
 * believed: the walk ends with a page that is not full once as many users as the total were seen, or with an empty page.
 * @throws ConnectorError `transient` (`biostar2.list-incomplete`) when fewer users came than the server counts.
 */
export async function* listUsers(client: Client, signal: AbortSignal): AsyncGenerator<readonly UserRow[]> {
  const seen = new Set<string>()
  const unseen = (rows: readonly UserRow[]) =>
    rows.filter(({ user_id }) => {
      const fresh = !seen.has(user_id)
      seen.add(user_id)
      return fresh
    })
  for (let offset = 0; ; ) {
    const { rows, total } = await client.searchUsers({ limit: pageSize, offset }, signal)
    const fresh = unseen(rows)
    if (fresh.length > 0) yield fresh
    offset += rows.length
    const enough = total === null ? rows.length === 0 : seen.size >= total
    if (enough && rows.length < pageSize) return
    // The offset is ignored when a page repeats another; an empty page too early means that users moved between the pages.
    if (fresh.length === 0) break
  }
  const { rows, total } = await client.searchUsers({ limit: 0, offset: 0 }, signal)
  const fresh = unseen(rows)
  for (let start = 0; start < fresh.length; start += pageSize) yield fresh.slice(start, start + pageSize)
  if (total !== null && rows.length < total) {
    throw ownFailure('transient', 'biostar2.list-incomplete', 'The server gave fewer users than it counts.')
  }
}
