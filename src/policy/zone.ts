/** When a calendar day begins in a time zone, to the second, also where clocks jump over midnight or over a whole day. */
import { offsetMs } from '../model/zone.ts'

/**
 * The first instant of `date` (`YYYY-MM-DD`) in the IANA zone `zone`. Where the clocks skip midnight, it is the instant of the
 * jump; where they skip the whole day, the instant at which the next one begins; where midnight comes twice, the first.
 * @throws RangeError when `zone` or `date` doesn't exist.
 */
export function zonedMidnight(date: string, zone: string): Date {
  return new Date(dayStartMs(date, zone))
}

/** As `zonedMidnight`, in ms since 1970. */
export function dayStartMs(date: string, zone: string): number {
  return cached(starts, date, zone, 0)
}

/** 24:00 of `date`: the first instant after it, in ms since 1970. */
export function dayEndMs(date: string, zone: string): number {
  return cached(ends, date, zone, 1)
}

/**
 * When the clocks of a zone show `local` (`YYYY-MM-DDTHH:mm:ss`): the first time where they show it twice, and the instant of the jump
 * where they never do. @throws RangeError when zone or time doesn't exist.
 */
export function wallClock(local: string, zone: string): Date {
  const at = Date.parse(`${local}Z`)
  if (Number.isNaN(at)) throw new RangeError('not a time')
  return new Date(firstInstant(at, zone))
}

const DAY_MS = 86_400_000

/** Instants by zone and date. Asking `Intl` costs some 10 µs, and few dates occur. */
type Days = Map<string, Map<string, number>>
const starts: Days = new Map()
const ends: Days = new Map()
/** About 27 years of days, so that a zone takes less than 2 MB. */
const datesMax = 10_000

function cached(days: Days, date: string, zone: string, later: 0 | 1): number {
  const known = days.get(zone) ?? new Map<string, number>()
  const hit = known.get(date)
  if (hit !== undefined) return hit
  const midnight = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(midnight)) throw new RangeError('not a date')
  const at = firstInstant(midnight + later * DAY_MS, zone)
  if (known.size >= datesMax) known.clear()
  known.set(date, at)
  // Only now: a zone that doesn't exist never comes so far.
  days.set(zone, known)
  return at
}

/** The first instant at which the clocks show `local` (ms, read as if UTC) or have jumped past it. */
function firstInstant(local: number, zone: string): number {
  const near = [local - DAY_MS, local, local + DAY_MS].map((at) => offsetMs(at, zone))
  const exact = near.map((offset) => local - offset).filter((at) => at + offsetMs(at, zone) === local)
  if (exact.length > 0) return Math.min(...exact)
  // The clocks never show it: the jump lies between the two readings of the same wall time.
  let before = Math.floor((local - Math.max(...near)) / 1000) - 1
  let after = Math.ceil((local - Math.min(...near)) / 1000) + 1
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (middle * 1000 + offsetMs(middle * 1000, zone) >= local) after = middle
    else before = middle
  }
  return after * 1000
}
