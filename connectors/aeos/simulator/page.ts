/** Cuts one page out of what a find found, under the caps of the server. */
import type { Call } from './call.ts'
import { maybeInner, maybeLong, type Row, rows } from './row.ts'

interface Page<T> {
  items: T[]
  /** SearchResultInfo, which the newest snapshot adds to its lists. */
  info: Row
}

/** `search` is what may hold a SearchRange: an offset that counts from zero, and how many at most. */
export function pageOf<T>({ simulation }: Call, found: readonly T[], search: Row): Page<T> {
  const { findCap, pageMax, pageOrder } = simulation.quirks
  const range = maybeInner(search, 'SearchRange')
  const start = range === undefined ? 0 : Math.max(0, maybeLong(range, 'startRecordNo') ?? 0)
  const asked = range === undefined ? undefined : maybeLong(range, 'nrOfRecords')
  const size = asked === undefined ? findCap : Math.min(Math.max(0, asked), pageMax)
  const undefinedOrder = pageOrder === 'unstable' && rows(search, 'SortOrder').length === 0
  const ordered = undefinedOrder ? rotated(found, simulation.random.next()) : found
  const items = ordered.slice(start, start + size)
  const info = { startRecordNo: start, requestedSize: asked ?? size, resultSize: items.length, totalSize: found.length }
  return { items, info }
}

function rotated<T>(found: readonly T[], chance: number): T[] {
  const at = Math.floor(chance * found.length)
  return [...found.slice(at), ...found.slice(0, at)]
}
