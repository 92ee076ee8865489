/** When a calendar day begins in a time zone, to the second, also where clocks jump over midnight or over a whole day. */

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
  return cached(date, zone, 0)
}

/** 24:00 of `date`: the first instant after it, in ms since 1970. */
export function dayEndMs(date: string, zone: string): number {
  return cached(date, zone, 1)
}

/**
 * When the clocks of a zone show `local` (`YYYY-MM-DDTHH:mm:ss`): the first time where they show it twice, and the instant of the jump
 * where they never do. @throws RangeError when zone or time doesn't exist.
 */
export function wallClock(local: string, zone: string): Date {
  const at = Date.parse(`${local}Z`)
  if (Number.isNaN(at)) throw new RangeError('not a time')
  return new Date(firstInstant(at, clockOf(zone).offsetMs))
}

/** Whether the runtime knows the zone. */
export function isZone(zone: string): boolean {
  try {
    clockOf(zone)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

const DAY_MS = 86_400_000

interface Clock {
  /** What the zone's clocks show less what UTC shows, in ms. */
  readonly offsetMs: (at: number) => number
  /** By date: its first instant, and its end. Asking `Intl` costs some 10 µs, and few dates occur. */
  readonly starts: Map<string, number>
  readonly ends: Map<string, number>
}

const clocks = new Map<string, Clock>()
/** About 27 years of days, so that a zone takes less than 2 MB. */
const datesMax = 10_000

function cached(date: string, zone: string, days: 0 | 1): number {
  const clock = clockOf(zone)
  const known = days === 0 ? clock.starts : clock.ends
  const hit = known.get(date)
  if (hit !== undefined) return hit
  const midnight = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(midnight)) throw new RangeError('not a date')
  const at = firstInstant(midnight + days * DAY_MS, clock.offsetMs)
  if (known.size >= datesMax) known.clear()
  known.set(date, at)
  return at
}

/** The first instant at which the clocks show `local` (ms, read as if UTC) or have jumped past it. */
function firstInstant(local: number, offsetMs: (at: number) => number): number {
  const near = [offsetMs(local - DAY_MS), offsetMs(local), offsetMs(local + DAY_MS)]
  const exact = near.map((offset) => local - offset).filter((at) => at + offsetMs(at) === local)
  if (exact.length > 0) return Math.min(...exact)
  // The clocks never show it: the jump lies between the two readings of the same wall time.
  let before = Math.floor((local - Math.max(...near)) / 1000) - 1
  let after = Math.ceil((local - Math.min(...near)) / 1000) + 1
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (middle * 1000 + offsetMs(middle * 1000) >= local) after = middle
    else before = middle
  }
  return after * 1000
}

function clockOf(zone: string): Clock {
  const known = clocks.get(zone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  const clock: Clock = { offsetMs: (at) => offsetIn(format.format(at)), starts: new Map(), ends: new Map() }
  clocks.set(zone, clock)
  return clock
}

/** `1/31/2024, GMT-03:30` or `GMT`; seconds occur before zones were unified. */
function offsetIn(text: string): number {
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)
  if (!match) throw new Error('Intl gave an offset in an unknown form')
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -ms : ms
}
