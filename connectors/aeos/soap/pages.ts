/** Walks a list page by page without a gap, also while it changes: an early end would look like somebody who is gone. */
import { ownFailure } from './errors.ts'

/** How far each page reaches back into the one before, so that a few deletions meanwhile don't send the walk back. */
const overlap = 20
/** A server may give fewer than we ask for, and no document says how many. 25 is the smallest page that integrations ask for: less is the end. */
export const surelyLast = 25
/** Those who came or moved meanwhile are few: the second walk finds them. */
const walksMax = 3
/** A server without an order of its own, or one that ignores where a page begins, can't be walked. */
const returnsMax = 20

export interface Page<T> {
  readonly rows: readonly T[]
  /** How many there are in all; null where the version does not say. */
  readonly total: number | null
}

/** Whether nothing comes after this first page. */
export function isWhole({ rows, total }: Page<unknown>): boolean {
  return total === null ? rows.length < surelyLast : rows.length >= total
}

/**
 * Yields every row once. Each page must begin with a row that was on a page before, else rows may have slipped between the two, and the
 * walk goes back.
 * @throws ConnectorError `transient` (`aeos.list-incomplete`) when fewer came than the server counts, or pages never join.
 */
export async function* walk<T>(
  load: (start: number) => Promise<Page<T>>,
  idOf: (row: T) => string,
): AsyncGenerator<readonly T[]> {
  const seen = new Set<string>()
  let walks = 1
  let returns = 0
  let size = 0
  for (let start = 0; ; ) {
    const { rows, total } = await load(start)
    size = Math.max(size, rows.length)
    const [first] = rows
    if (returns > returnsMax) throw incomplete()
    if (start > 0 && (first === undefined || !seen.has(idOf(first)))) {
      returns += 1
      start = Math.max(0, start - size)
      continue
    }
    const fresh = rows.filter((row) => !seen.has(idOf(row)))
    for (const row of fresh) seen.add(idOf(row))
    if (fresh.length > 0) yield fresh
    const end = start + rows.length
    // A full page without anybody new is one that was gone back for.
    const isShort = rows.length < surelyLast || (fresh.length === 0 && rows.length < size)
    const ended = total === null ? isShort : end >= total
    if (!ended && rows.length > 0) {
      if (fresh.length === 0) returns += 1
      start = end - Math.min(overlap, Math.floor(rows.length / 2))
      continue
    }
    if (total === null || seen.size >= total) return
    if (walks === walksMax) throw incomplete()
    walks += 1
    start = 0
  }
}

function incomplete() {
  return ownFailure('transient', 'aeos.list-incomplete', 'AEOS did not give a whole list: it changed all the while.')
}
