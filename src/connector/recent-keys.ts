/** The keys of what was told of late, so that little is told twice: whoever keeps it knows all of it anyway. */
export class RecentKeys {
  /** In two halves, of which the older is dropped as a whole: a set that forgets its oldest members one by one walks past all that it forgot. */
  #newer = new Set<string>()
  #older = new Set<string>()
  readonly #half: number

  /** Half as many at least are known, and `max` at most. */
  constructor(max: number) {
    this.#half = Math.ceil(max / 2)
  }

  /** False when it was told before. */
  add(key: string): boolean {
    if (this.#newer.has(key) || this.#older.has(key)) return false
    if (this.#newer.size >= this.#half) {
      this.#older = this.#newer
      this.#newer = new Set()
    }
    this.#newer.add(key)
    return true
  }
}
