/** What the demo claims, each with the value that was measured and the limit that it is held to. */

/** As printed for programs. */
export interface Claim {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly limit: number
  readonly ok: boolean
}

type Rule = 'exactly' | 'at most' | 'below'

const signs = { exactly: '=', 'at most': '<=', below: '<' } as const satisfies Record<Rule, string>

const holds = {
  exactly: (value: number, limit: number) => value === limit,
  'at most': (value: number, limit: number) => value <= limit,
  below: (value: number, limit: number) => value < limit,
} as const satisfies Record<Rule, (value: number, limit: number) => boolean>

/** As shown to people. */
export interface ClaimRow {
  readonly ok: boolean
  readonly name: string
  readonly value: string
  /** What the value had to be. */
  readonly limit: string
}

/** One figure, or one of each place where it was measured, by the place's name. */
export type Figure = number | ReadonlyMap<string, number>

interface Entry extends Claim {
  readonly rule: Rule
  readonly topic: string
  /** Where it was measured; null: in one place only. */
  readonly place: string | null
}

export class Claims {
  readonly #all: Entry[] = []
  /** What the next claims are about; begins their names. */
  topic = ''
  readonly #onClaim: (line: string, ok: boolean) => void

  /** `onClaim` is told each claim in one line, when it is made. */
  constructor(onClaim: (line: string, ok: boolean) => void) {
    this.#onClaim = onClaim
  }

  exactly(name: string, value: Figure, limit: Figure, unit: string): void {
    this.#makeEach('exactly', name, value, limit, unit)
  }

  atMost(name: string, value: Figure, limit: Figure, unit: string): void {
    this.#makeEach('at most', name, value, limit, unit)
  }

  below(name: string, value: Figure, limit: Figure, unit: string): void {
    this.#makeEach('below', name, value, limit, unit)
  }

  get all(): readonly Claim[] {
    return this.#all.map(({ topic, place, name, value, unit, limit, ok }) => ({
      name: `${topic}${at(place)}: ${name}`,
      value,
      unit,
      limit,
      ok,
    }))
  }

  get failed(): number {
    return this.#all.filter(({ ok }) => !ok).length
  }

  /** By topic, in the order in which they were made; what holds alike in several places is told once. */
  rows(): ReadonlyMap<string, readonly ClaimRow[]> {
    const topics = Map.groupBy(this.#all, ({ topic }) => topic)
    return new Map([...topics].map(([topic, entries]) => [topic, rowsOf(entries)]))
  }

  #makeEach(rule: Rule, name: string, value: Figure, limit: Figure, unit: string): void {
    const places = typeof value === 'number' ? [null] : [...value.keys()]
    const entries = places.map((place): Entry => {
      const [found, bound] = [figureAt(value, place), figureAt(limit, place)]
      // NaN compares false with everything, so a figure that could not be measured fails.
      const ok = holds[rule](found, bound)
      return { topic: this.topic, place, rule, name, value: found, unit, limit: bound, ok }
    })
    this.#all.push(...entries)
    for (const [first, ...alike] of together(entries)) this.#onClaim(sentence(first, alike.length > 0), first.ok)
  }
}

function figureAt(figures: Figure, place: string | null): number {
  return typeof figures === 'number' ? figures : (figures.get(place ?? '') ?? Number.NaN)
}

function at(place: string | null): string {
  return place === null ? '' : `, ${place}`
}

/** What holds alike in several places is one group; whatever failed is alone. */
function together(entries: readonly Entry[]): readonly (readonly [Entry, ...Entry[]])[] {
  const groups = Map.groupBy(entries, (entry) => {
    const { name, place, value, limit, ok } = entry
    return ok && place !== null ? `${value} ${limit} ${name}` : entry
  })
  return [...groups.values()] as [Entry, ...Entry[]][]
}

function sentence(entry: Entry, isOfEach: boolean): string {
  const { rule, name, place, value, limit, ok } = entry
  const bound = rule === 'exactly' && ok ? '' : ` (${ok ? '' : 'should be '}${rule} ${figure(limit)})`
  return `${name}${isOfEach ? '' : at(place)}: ${figure(value)} ${unitOf(entry)}${isOfEach ? ' at each' : ''}${bound}`
}

function rowsOf(entries: readonly Entry[]): readonly ClaimRow[] {
  return together(entries).map(([entry, ...alike]) => ({
    ok: entry.ok,
    name: `${entry.name}${alike.length > 0 ? ', at each' : at(entry.place)}`,
    value: `${figure(entry.value)} ${unitOf(entry)}`,
    limit: `${signs[entry.rule]} ${figure(entry.limit)}`,
  }))
}

/** A number as people read it: 1,985. */
export function figure(value: number): string {
  return value.toLocaleString('en-GB', { maximumFractionDigits: 1 })
}

/** The smallest value that at least `share` of them do not exceed (nearest rank); NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** As one says it of one. */
function unitOf({ value, unit }: Pick<Claim, 'value' | 'unit'>): string {
  if (value !== 1 || unit === 'ms' || unit === 's') return unit
  return unit === 'people' ? 'person' : unit.replace(/(ss)es$|s$/, '$1')
}
