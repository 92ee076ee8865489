/** A figure with its limit and its floor: what the same machine does in the same run with the bare minimum of work. */

export interface Claim {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the value must not be worse than. */
  readonly limit: number
  readonly ok: boolean
  /** In the unit of the value; null where nothing is less than this. */
  readonly floor: number | null
  /** Value to floor, for a rate as well as for a time or a size; null without a floor. */
  readonly ratio: number | null
}

interface Measured {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly floor: number | null
}

/** For what should be small: times and sizes. */
export function atMost(measured: Measured, limit: number): Claim {
  return claim(measured, limit, measured.value <= limit)
}

/** For what should be large: rates. */
export function atLeast(measured: Measured, limit: number): Claim {
  return claim(measured, limit, measured.value >= limit)
}

function claim({ name, value, unit, floor }: Measured, limit: number, ok: boolean): Claim {
  const ratio = floor === null ? null : round(value / floor)
  return {
    name,
    value: round(value),
    unit,
    limit: round(limit),
    ok,
    floor: floor === null ? null : round(floor),
    ratio,
  }
}

/** Four digits that count are more than such a measurement gives. */
function round(value: number): number {
  return Number(value.toPrecision(4))
}

const headings = ['', 'figure', 'value', 'limit', 'floor', 'ratio']

/** The claims as lines of text in columns. */
export function table(claims: readonly Claim[]): string {
  const shown = (value: number | null): string => (value === null ? '' : String(value))
  const rows = claims.map(({ ok, name, value, unit, limit, floor, ratio }) => [
    ok ? 'ok' : 'MISSED',
    name,
    `${value} ${unit}`,
    shown(limit),
    shown(floor),
    shown(ratio),
  ])
  const all = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] as string).length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i] as number))
      .join('  ')
      .trimEnd()
  return `${all.map(line).join('\n')}\n`
}
