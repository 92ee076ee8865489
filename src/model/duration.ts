/** Reads durations as people write them, such as 20h or 7d, into milliseconds. */

const msByUnit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

const form = /^(\d{1,9})(ms|s|m|h|d|w)$/

// Ten years: what is longer is a slip of the keyboard, and every timestamp stays far from the end of the calendar.
const msMax = 3653 * msByUnit.d

/** The duration in ms, or null when `text` is none or is longer than ten years. A day is 24 hours. */
export function durationMs(text: string): number | null {
  const [, count, unit] = form.exec(text) ?? []
  if (count === undefined || unit === undefined) return null
  const ms = Number(count) * msByUnit[unit as keyof typeof msByUnit]
  return ms <= msMax ? ms : null
}
