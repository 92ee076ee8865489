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

interface Entry extends Claim {
  readonly rule: Rule
  readonly topic: string
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

  exactly(name: string, value: number, limit: number, unit: string): void {
    this.#make('exactly', name, value, limit, unit)
  }

  atMost(name: string, value: number, limit: number, unit: string): void {
    this.#make('at most', name, value, limit, unit)
  }

  below(name: string, value: number, limit: number, unit: string): void {
    this.#make('below', name, value, limit, unit)
  }

  get all(): readonly Claim[] {
    return this.#all.map(({ topic, name, value, unit, limit, ok }) => ({
      name: `${topic}: ${name}`,
      value,
      unit,
      limit,
      ok,
    }))
  }

  get failed(): number {
    return this.#all.filter(({ ok }) => !ok).length
  }

  /** By topic, in the order in which they were made. */
  rows(): ReadonlyMap<string, readonly ClaimRow[]> {
    const rows = this.#all.map((entry) => ({
      topic: entry.topic,
      ok: entry.ok,
      name: entry.name,
      value: `${figure(entry.value)} ${unitOf(entry)}`,
      limit: `${signs[entry.rule]} ${figure(entry.limit)}`,
    }))
    return Map.groupBy(rows, ({ topic }) => topic)
  }

  #make(rule: Rule, name: string, value: number, limit: number, unit: string): void {
    // NaN compares false with everything, so a figure that could not be measured fails.
    const ok = holds[rule](value, limit)
    this.#all.push({ topic: this.topic, rule, name, value, unit, limit, ok })
    const bound = rule === 'exactly' && ok ? '' : ` (${ok ? '' : 'should be '}${rule} ${figure(limit)})`
    this.#onClaim(`${name}: ${figure(value)} ${unitOf({ value, unit })}${bound}`, ok)
  }
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
