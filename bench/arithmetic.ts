/** The sums behind the figures: middle values, percentiles, and how a figure stands to its floor. */

/** The middle of the values, or the mean of the two in the middle. @throws RangeError for none. */
export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** Interpolates between neighbours, as PostgreSQL's `percentile_cont` does. @throws RangeError for no values. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new RangeError('no values, no percentile')
  const sorted = values.toSorted((a, b) => a - b)
  const place = ((sorted.length - 1) * percent) / 100
  const below = sorted[Math.floor(place)] as number
  const above = sorted[Math.ceil(place)] as number
  return below + (above - below) * (place - Math.floor(place))
}

/** So many in so many milliseconds, as a rate in seconds. */
export function perSecond(count: number, ms: number): number {
  return (count * 1000) / ms
}

/** Cuts the list into pieces of this size; the last may be shorter. */
export function pieces<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
}
