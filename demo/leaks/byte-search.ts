/** Finds any of many byte sequences in data of any size, in one pass, wherever it is cut into pieces. */

export interface Needle {
  /** What it stands for, as reported. */
  readonly name: string
  readonly bytes: Buffer
}

/** Two bytes decide whether a place is looked at closely: a table of all pairs makes that one look-up. */
const prefixBytes = 2

export class ByteSearch {
  readonly #byPrefix: readonly (readonly Needle[] | undefined)[]
  /** The last bytes of one piece, so many that a needle which begins there may still end in the next. */
  readonly overlap: number

  /** @throws RangeError for a needle of less than two bytes. */
  constructor(needles: readonly Needle[]) {
    const byPrefix: Needle[][] = Array(0x10000)
    for (const needle of needles) {
      if (needle.bytes.length < prefixBytes) throw new RangeError('a needle needs at least two bytes')
      const prefix = needle.bytes.readUInt16BE(0)
      byPrefix[prefix] = [...(byPrefix[prefix] ?? []), needle]
    }
    this.#byPrefix = byPrefix
    this.overlap = Math.max(0, ...needles.map(({ bytes }) => bytes.length - 1))
  }

  /** Names of the needles that are in these bytes, each once. */
  in(bytes: Buffer): ReadonlySet<string> {
    const found = new Set<string>()
    const end = bytes.length - prefixBytes
    for (let at = 0; at <= end; at += 1) {
      const candidates = this.#byPrefix[((bytes[at] as number) << 8) | (bytes[at + 1] as number)]
      if (candidates === undefined) continue
      for (const needle of candidates) {
        if (!found.has(needle.name) && isAt(bytes, at, needle.bytes)) found.add(needle.name)
      }
    }
    return found
  }

  /** The same over a stream of pieces, and how many bytes there were. */
  async through(
    pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
  ): Promise<{ found: ReadonlySet<string>; bytes: number }> {
    const found = new Set<string>()
    let bytes = 0
    let tail: Buffer = Buffer.alloc(0)
    for await (const piece of pieces) {
      bytes += piece.length
      const joined = tail.length === 0 ? piece : Buffer.concat([tail, piece])
      for (const name of this.in(joined)) found.add(name)
      // A copy: the piece's memory may be used again by whoever reads.
      tail = Buffer.from(joined.subarray(Math.max(0, joined.length - this.overlap)))
    }
    return { found, bytes }
  }
}

function isAt(bytes: Buffer, at: number, needle: Buffer): boolean {
  return at + needle.length <= bytes.length && bytes.compare(needle, 0, needle.length, at, at + needle.length) === 0
}
