/** Which rows a full read has named, in the memory of the process that reads: nobody else can add to it, and a million take 20 MB. */

/** Digests are keyed, so their first 8 bytes are as good as random: two of a million rows are taken for one once in 10^7 deliveries. */
const bytes = 8

const leastSlots = 1024

export class SeenRows {
  /** Two words for each digest, both 0 where there is none; found by stepping on from where it belongs. */
  #words = new Uint32Array(2 * leastSlots)
  #count = 0
  #met: Uint8Array | null = null

  add(digest: Buffer): void {
    if (4 * this.#count >= this.#words.length) this.#grow()
    const slot = find(this.#words, digest.readUInt32LE(0), digest.readUInt32LE(4))
    if (isTaken(this.#words, slot)) return
    this.#words[slot] = digest.readUInt32LE(0)
    this.#words[slot + 1] = digest.readUInt32LE(4)
    this.#count += 1
  }

  has(digest: Buffer): boolean {
    if (digest.length < bytes) return false
    return isTaken(this.#words, find(this.#words, digest.readUInt32LE(0), digest.readUInt32LE(4)))
  }

  /** Of the digest that begins at `at`: whether it is here, and whether this was asked before. Nothing may be added after. */
  meet(among: Buffer, at: number): 'unseen' | 'first' | 'again' {
    const slot = find(this.#words, among.readUInt32LE(at), among.readUInt32LE(at + 4))
    if (!isTaken(this.#words, slot)) return 'unseen'
    this.#met ??= new Uint8Array(this.#words.length / 2)
    const before = this.#met[slot / 2]
    this.#met[slot / 2] = 1
    return before === 1 ? 'again' : 'first'
  }

  /** How many of the first bytes of a digest count. */
  static readonly bytes = bytes

  #grow(): void {
    const old = this.#words
    const words = new Uint32Array(2 * old.length)
    for (let slot = 0; slot < old.length; slot += 2) {
      if (!isTaken(old, slot)) continue
      const [low, high] = [old[slot] as number, old[slot + 1] as number]
      const place = find(words, low, high)
      words[place] = low
      words[place + 1] = high
    }
    this.#words = words
  }
}

function isTaken(words: Uint32Array, slot: number): boolean {
  return words[slot] !== 0 || words[slot + 1] !== 0
}

/** Where the digest is, or else the free slot where it belongs. */
function find(words: Uint32Array, low: number, high: number): number {
  const last = words.length - 2
  let slot = (low * 2) & last
  while (isTaken(words, slot) && (words[slot] !== low || words[slot + 1] !== high)) slot = (slot + 2) & last
  return slot
}
