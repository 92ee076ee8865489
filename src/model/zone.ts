/** Time zones: which there are, and how far their clocks are ahead of UTC at a moment. */

/** Whether it is the name of an IANA zone, as people and systems are to write it. */
export function isZoneName(zone: string): boolean {
  // The runtime also takes offsets such as +01:00, which know nothing of summer time.
  return /^[A-Za-z]/.test(zone) && isZone(zone)
}

/** Whether there are clocks to read: besides names, offsets such as +01:00 pass, which a record may bring. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** What the clocks of `zone` show at a moment (ms since 1970) less what UTC shows, in ms. @throws RangeError when there is no such zone. */
export function offsetMs(at: number, zone: string): number {
  // By far the most targets, with a hundred thousand accounts each.
  if (zone === 'UTC') return 0
  return offsetIn(formatOf(zone).format(at))
}

/** What the clocks of `zone` show at a moment (ms since 1970), with how far they are ahead of UTC: `2026-03-28T22:00:00+01:00`. */
export function localTime(at: number, zone: string): string {
  const offset = offsetMs(at, zone)
  const minutes = Math.floor(Math.abs(offset) / 60_000)
  const two = (value: number) => String(value).padStart(2, '0')
  const shown = new Date(at + offset).toISOString().slice(0, 19)
  return `${shown}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Few zones occur, and making a format costs some 20 µs. Unknown names are not kept, so the table can't grow without bound. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  formats.set(zone, format)
  return format
}

/** `1/31/2024, GMT-03:30` or `GMT`; seconds occur before zones were unified. */
function offsetIn(text: string): number {
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)
  if (!match) throw new Error('Intl gave an offset in an unknown form')
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -ms : ms
}
