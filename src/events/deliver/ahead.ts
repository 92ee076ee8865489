/** Reads ahead of what is on its way: pages of all sources in one line, of which batches are taken, and put back when they were not taken. */
import type { Move } from '../../store/subscriptions/positions.ts'
import type { Feed, FeedItem, FeedPage } from './feed.ts'

/** A stretch of one source; `after` is the position before it. */
interface Segment extends FeedPage {
  readonly source: string
  readonly after: number
}

export interface Batch {
  readonly items: readonly FeedItem[]
  /** How far each source is once this is done with. */
  readonly moves: readonly Move[]
  readonly erased: number
  readonly unfiltered: number
  readonly lost: number
  readonly segments: readonly Segment[]
}

/** Few enough that nobody else in this process waits long. */
const pageMax = 500

export class Ahead {
  readonly #feed: Feed
  /** So many events are read ahead, and at most a page more. */
  readonly #want: number
  readonly #readTo: Map<string, number>
  /** Those that may have something new. */
  readonly #awake = new Set<string>()
  #line: Segment[] = []
  #items = 0
  #reading: Promise<void> | null = null

  /** `positions`: by source. What of a source is not there is not read. */
  constructor(feed: Feed, positions: ReadonlyMap<string, number>, want: number) {
    this.#feed = feed
    this.#readTo = new Map(positions)
    this.#want = want
  }

  /** Events that wait to be taken. */
  get size(): number {
    return this.#items
  }

  knows(source: string): boolean {
    return this.#readTo.has(source)
  }

  /** Reads this source as well, from a position on. */
  follow(source: string, position: number): void {
    this.#readTo.set(source, position)
  }

  /** This source, or all, may have something new. */
  wake(source?: string): void {
    if (source === undefined) for (const each of this.#readTo.keys()) this.#awake.add(each)
    else if (this.#readTo.has(source)) this.#awake.add(source)
  }

  /** Resolves when enough is read, or there is no more; whoever asks meanwhile waits for the same. @throws what the feed throws. */
  refill(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #read(): Promise<void> {
    while (this.#items < this.#want) {
      const [source] = this.#awake
      if (source === undefined) return
      const after = this.#readTo.get(source) as number
      // Before it is read: what comes meanwhile wakes it again.
      this.#awake.delete(source)
      const page = await this.#feed.read(source, after, pageMax).catch((error: unknown) => {
        this.#awake.add(source)
        throw error
      })
      if (page.upTo <= after) continue
      this.#readTo.set(source, page.upTo)
      this.#line.push({ ...page, source, after })
      this.#items += page.items.length
      // Behind the others, so that a source with much to tell lets them pass.
      if (page.upTo - after >= pageMax) this.#awake.add(source)
    }
  }

  /** The next events, in order for each source; null when nothing waits. Never none because the first is too large. */
  take(most: { readonly events: number; readonly bytes: number }): Batch | null {
    const segments: Segment[] = []
    let [count, bytes] = [0, 0]
    for (let [first] = this.#line; first !== undefined; [first] = this.#line) {
      let fits = 0
      for (const item of first.items) {
        if (count + fits >= most.events || (count + fits > 0 && bytes + item.bytes > most.bytes)) break
        bytes += item.bytes
        fits += 1
      }
      count += fits
      if (fits === first.items.length) {
        segments.push(first)
        this.#line.shift()
        continue
      }
      if (fits > 0) {
        const [head, tail] = splitAt(first, fits)
        segments.push(head)
        this.#line[0] = tail
      }
      break
    }
    this.#items -= count
    return segments.length === 0 ? null : batchOf(segments)
  }

  /** It comes first again, as if it had not been taken. */
  putBack({ segments, items }: Batch): void {
    this.#line = [...segments, ...this.#line]
    this.#items += items.length
  }
}

function splitAt(segment: Segment, count: number): [Segment, Segment] {
  const upTo = segment.items[count - 1]?.position ?? segment.after
  return [
    { ...segment, items: segment.items.slice(0, count), upTo, erased: 0, unfiltered: 0, lost: 0 },
    { ...segment, items: segment.items.slice(count), after: upTo },
  ]
}

function batchOf(segments: readonly Segment[]): Batch {
  const sum = (of: (segment: Segment) => number): number => segments.reduce((total, each) => total + of(each), 0)
  return {
    segments,
    items: segments.flatMap(({ items }) => items),
    moves: movesOf(segments),
    erased: sum(({ erased }) => erased),
    unfiltered: sum(({ unfiltered }) => unfiltered),
    lost: sum(({ lost }) => lost),
  }
}

/** Both, one after the other. */
export function together(first: Batch, second: Batch): Batch {
  return batchOf([...first.segments, ...second.segments])
}

function movesOf(segments: readonly Segment[]): readonly Move[] {
  const moves = new Map<string, Move>()
  for (const { source, after, upTo } of segments)
    moves.set(source, { source, from: moves.get(source)?.from ?? after, to: upTo })
  return [...moves.values()]
}
