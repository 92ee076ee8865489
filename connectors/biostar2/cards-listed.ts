/** The cards of all users, out of a few pages instead of one request for each. */
import type { Client } from './client.ts'
import type { CardRecord } from './records.ts'

/** How far each page reaches back into the one before, so that what came and went meanwhile is noticed. */
const overlap = 20
const wiegand = '1'

/** By user; null where the list can't be trusted to be whole: cards that it leaves out would look as if they had been taken away. */
export type CardsListed = ReadonlyMap<string, readonly CardRecord[]> | null

/**
 * What may be missing is not told at all: pages that do not join or do not reach the server's own count, cards whose owner is not named,
 * and Wiegand cards without their format, which a single read may show.
 */
export async function cardsListed(client: Client, signal: AbortSignal): Promise<CardsListed> {
  const byUser = new Map<string, CardRecord[]>()
  const seen = new Set<string>()
  for (let offset = 0; ; ) {
    const { rows, total } = await client.assignedCards(offset, signal)
    const [first] = rows
    if (total === null || (offset > 0 && (first === undefined || !seen.has(first.ref)))) return null
    const before = seen.size
    for (const row of rows) {
      if (seen.has(row.ref)) continue
      seen.add(row.ref)
      if (!row.owner || (row.type === wiegand && row.wiegandFormat === undefined)) return null
      const held = byUser.get(row.owner)
      if (held === undefined) byUser.set(row.owner, [row])
      else held.push(row)
    }
    const end = offset + rows.length
    if (end >= total) return seen.size >= total ? byUser : null
    if (seen.size === before) return null
    offset = end - Math.min(overlap, Math.floor(rows.length / 2))
  }
}
