/** Between moments and what the clocks of a time zone show: a wall time is written here as if it were UTC, in ms since 1970. */

const dayMs = 24 * 3_600_000
const formats = new Map<string, Intl.DateTimeFormat>()

/** What the clocks show at this moment. Each summer's last hour is shown twice. */
export function wallTime(instant: number, zone: string): number {
  return instant + aheadMs(instant, zone)
}

/** The moment of a wall time: the first of two, and where the clocks skip it, as long after the jump as it lies after its beginning. */
export function momentOf(wall: number, zone: string): number {
  // No zone changes its clocks twice within two days.
  const before = wall - aheadMs(wall - dayMs, zone)
  const after = wall - aheadMs(wall + dayMs, zone)
  return wallTime(before, zone) !== wall && wallTime(after, zone) === wall ? after : before
}

export function isZone(name: string): boolean {
  // The runtime also takes offsets such as +01:00, which know nothing of summer time.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return formatOf(name) !== undefined
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function aheadMs(instant: number, zone: string): number {
  // By far the most servers, and a hundred thousand accounts of each.
  if (zone === 'UTC') return 0
  const [, sign, hours = 0, minutes = 0] = /GMT(?:([+-])(\d\d):(\d\d))?$/.exec(formatOf(zone).format(instant)) ?? []
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000
  return sign === '-' ? -ms : ms
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  formats.set(zone, format)
  return format
}
