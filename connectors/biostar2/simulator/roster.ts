/** All user ids in the order the server lists them, kept sorted at every change so that a page of 100,000 costs one slice. */

export class Roster {
  #ids: string[] = []

  get size(): number {
    return this.#ids.length
  }

  add(id: string): void {
    this.#ids.splice(this.#position(id), 0, id)
  }

  /** Adds many ids at once with a single sort. */
  addAll(ids: Iterable<string>): void {
    this.#ids = [...this.#ids, ...ids].sort(compareIds)
  }

  remove(id: string): void {
    const at = this.#position(id)
    if (this.#ids[at] === id) this.#ids.splice(at, 1)
  }

  /** Ids from `offset`; `limit` 0 means all that are left. */
  page(offset: number, limit: number, descending: boolean): string[] {
    if (!descending) return this.#ids.slice(offset, limit === 0 ? undefined : offset + limit)
    const end = Math.max(0, this.#ids.length - offset)
    return this.#ids.slice(limit === 0 ? 0 : Math.max(0, end - limit), end).reverse()
  }

  all(): readonly string[] {
    return this.#ids
  }

  /** The largest numeric id, 0 if there is none. Numbers sort before texts, so this is a binary search too. */
  largestNumber(): number {
    let low = 0
    let high = this.#ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isNumeric(this.#ids[middle] ?? '')) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : Number(this.#ids[low - 1])
  }

  #position(id: string): number {
    let low = 0
    let high = this.#ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareIds(this.#ids[middle] ?? '', id) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

export function isNumeric(id: string): boolean {
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at)
    if (code < 48 || code > 57) return false
  }
  return id !== ''
}

/** Numbers by value, then everything else by code unit. */
export function compareIds(left: string, right: string): number {
  const leftNumeric = isNumeric(left)
  if (leftNumeric !== isNumeric(right)) return leftNumeric ? -1 : 1
  if (leftNumeric && Number(left) !== Number(right)) return Number(left) - Number(right)
  return left < right ? -1 : left > right ? 1 : 0
}
