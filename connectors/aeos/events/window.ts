/**
 * Which ids near the newest were seen. No document says that events are committed in the order of their ids: whatever is missing below the
 * newest one may still come.
 */

/** So far below the newest an id may come late, and be known as such. */
export const windowSpan = 2_000n
/** So far back every look reaches; those that reach further are rarer. */
const nearSpan = 200n
/** Where so many ids in a row were all seen, none of them is ever left out. */
const denseMin = 100n
/** What so many far looks did not find is taken for an id that nobody has. Should it come after all, it is told. */
const looksMax = 10

export class Window {
  #newest: bigint
  /** Ascending; how many far looks have not found each. */
  readonly #missing: Map<bigint, number>

  private constructor(newest: bigint, missing: Iterable<bigint>) {
    this.#newest = newest
    this.#missing = new Map([...missing].map((id) => [id, 0]))
  }

  /** As if nothing had come after this id: what was missing below it still is, and is looked for anew. */
  upTo(newest: bigint): Window {
    return new Window(
      newest,
      this.#missing.keys().filter((id) => id < newest && id >= least(newest)),
    )
  }

  /** Of these ids, and no others, is known that they are there. There must be one. */
  static of(ids: readonly bigint[]): Window {
    const there = new Set(ids)
    const newest = ids.reduce((most, id) => max(most, id))
    return new Window(
      newest,
      between(least(newest), newest).filter((id) => !there.has(id)),
    )
  }

  /** As `ranges` told it. */
  static parse(newest: bigint, ranges: readonly (readonly [number, number])[]): Window {
    const missing = ranges.flatMap(([back, length]) => {
      const from = newest - BigInt(back)
      return between(from, from + BigInt(length))
    })
    return new Window(newest, missing)
  }

  get newest(): bigint {
    return this.#newest
  }

  /** Whether ids come one after the other here, without any that nobody has. */
  get isDense(): boolean {
    return this.#missing.size === 0 && this.#newest > denseMin
  }

  /** Notes an id. `below`: too far below the newest to know whether it was seen. */
  see(id: bigint): 'new' | 'late' | 'seen' | 'below' {
    if (id <= this.#newest) {
      if (this.#missing.delete(id)) return 'late'
      return id < least(this.#newest) ? 'below' : 'seen'
    }
    for (const missed of between(max(this.#newest + 1n, least(id)), id)) this.#missing.set(missed, 0)
    this.#newest = id
    const bound = least(id)
    for (const missed of this.#missing.keys()) {
      if (missed >= bound) break
      this.#missing.delete(missed)
    }
    return 'new'
  }

  /** The id from which a look begins, so that it finds all that is missing, the newest included. */
  beginning(reach: 'newest' | 'near' | 'far'): bigint {
    if (reach === 'newest') return this.#newest
    for (const [id, looks] of this.#missing)
      if (looks < looksMax && (reach === 'far' || id > this.#newest - nearSpan)) return id
    return this.#newest
  }

  /** A far look has ended: what is still missing was not there. */
  lookedFar(): void {
    for (const [id, looks] of this.#missing) this.#missing.set(id, looks + 1)
  }

  /** What is missing, as how far below the newest each run of ids begins, and how long it is. */
  ranges(): [number, number][] {
    const ranges: [number, number][] = []
    let next: bigint | null = null
    for (const id of this.#missing.keys()) {
      const last = ranges.at(-1)
      if (last !== undefined && id === next) last[1] += 1
      else ranges.push([Number(this.#newest - id), 1])
      next = id + 1n
    }
    return ranges
  }
}

function least(newest: bigint): bigint {
  return max(1n, newest - windowSpan)
}

function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right
}

/** From the first, and before the end. */
function between(first: bigint, end: bigint): bigint[] {
  return first >= end ? [] : Array.from({ length: Number(end - first) }, (_, at) => first + BigInt(at))
}
