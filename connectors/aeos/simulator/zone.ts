/** The server's own time zone: the wire has local times without a zone, the simulator counts in UTC milliseconds. */

export interface Zone {
  readonly name: string
  /** `2026-03-29T14:30:00` of a moment; fractions of a second are left out when there are none. */
  local(ms: number): string
  /**
   * The moment of an xs:dateTime: without a zone it is local, with one it is what it says. null when it is none. A local time that
   * the clock jumped over is moved on by the jump; one that came twice is the `earlier` or the `later`.
   */
  moment(text: string, twice: 'earlier' | 'later'): number | null
}

/** What the server takes from its clock has no fraction of a second, as in the examples of the manual. */
export function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

const hourMs = 3_600_000
const shape = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$/

/** `name` as IANA writes it, such as `Europe/Amsterdam`. Throws a RangeError on an unknown one. */
export function zoneNamed(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: name,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  // Asking Intl costs microseconds: the offset of a quarter of an hour is asked for once. Offsets change on such boundaries only.
  const known = new Map<number, number>()
  const stepMs = hourMs / 4

  function offsetMs(ms: number): number {
    const step = Math.floor(ms / stepMs)
    const found = known.get(step)
    if (found !== undefined) return found
    const at = step * stepMs
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    const offset = Date.UTC(year, month - 1, day, hour, minute, second) - at
    if (known.size > 50_000) known.clear()
    known.set(step, offset)
    return offset
  }

  function local(ms: number): string {
    const written = new Date(ms + offsetMs(ms)).toISOString().slice(0, -1)
    return written.endsWith('.000') ? written.slice(0, -4) : written
  }

  function moment(text: string, twice: 'earlier' | 'later'): number | null {
    const [, date, time, fraction = '', offset] = shape.exec(text.trim()) ?? []
    if (date === undefined || time === undefined) return null
    const wall = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${offset ?? 'Z'}`)
    if (Number.isNaN(wall)) return null
    if (offset !== undefined) return wall
    // The offsets of the day before and after are the only ones that can hold.
    const before = offsetMs(wall - 24 * hourMs)
    const after = offsetMs(wall + 24 * hourMs)
    const fits = [wall - before, wall - after].filter((ms) => ms + offsetMs(ms) === wall)
    if (fits.length === 0) return wall - before
    return twice === 'earlier' ? Math.min(...fits) : Math.max(...fits)
  }

  return { name, local, moment }
}
