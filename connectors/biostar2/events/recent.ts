/** The keys of the last events that were told, so that few are told twice: the engine knows them all the same. */
const keysMax = 50_000

export class Recent {
  readonly #keys = new Set<string>()

  /** False when it was told before. */
  add(key: string): boolean {
    if (this.#keys.has(key)) return false
    this.#keys.add(key)
    if (this.#keys.size > keysMax) {
      const [oldest] = this.#keys
      if (oldest !== undefined) this.#keys.delete(oldest)
    }
    return true
  }
}
