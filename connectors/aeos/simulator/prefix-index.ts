/** Finds ids by the beginning of a text without looking at all of them. */

export class PrefixIndex {
  /** Sorted, each once. */
  readonly #keys: string[] = []
  readonly #ids = new Map<string, Set<number>>()

  add(text: string, id: number): void {
    const key = fold(text)
    const held = this.#ids.get(key)
    if (held !== undefined) {
      held.add(id)
      return
    }
    this.#ids.set(key, new Set([id]))
    this.#keys.splice(this.#at(key), 0, key)
  }

  remove(text: string, id: number): void {
    const key = fold(text)
    const held = this.#ids.get(key)
    held?.delete(id)
    if (held?.size !== 0) return
    this.#ids.delete(key)
    this.#keys.splice(this.#at(key), 1)
  }

  /** Without regard to upper and lower case, lowest id first. */
  starting(prefix: string): number[] {
    const folded = fold(prefix)
    const found: number[] = []
    for (let at = this.#at(folded); this.#keys[at]?.startsWith(folded); at++) {
      found.push(...(this.#ids.get(this.#keys[at] ?? '') ?? []))
    }
    return found.sort((left, right) => left - right)
  }

  /** Where `key` stands, or would stand. */
  #at(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#keys[middle] ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

export function fold(text: string): string {
  return text.toLowerCase()
}
