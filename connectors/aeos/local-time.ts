/** Between instants and what the clock on the server's wall shows: AEOS gives and takes times without a zone. */

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  })
  formatters.set(zone, made)
  return made
}

/** Whether there is an IANA zone of that name. */
export function isZone(name: string): boolean {
  try {
    return formatterOf(name) !== undefined
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** The wall clock at an instant (ms since 1970), as ms since 1970 of a clock that shows UTC. */
function wallOf(instant: number, zone: string): number {
  const parts = new Map(
    formatterOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? Number.NaN
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
}

/** `2026-11-26T09:30:00`, by the server's clock; fractions of a second are dropped. */
export function toLocal(instant: number, zone: string): string {
  return new Date(wallOf(instant, zone)).toISOString().slice(0, 19)
}

/** `2026-11-26`, by the server's clock. */
export function toLocalDate(instant: number, zone: string): string {
  return toLocal(instant, zone).slice(0, 10)
}

const pattern = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/

/**
 * The instant of a time that the server gave, in ms since 1970; null for what is no time. One with an offset means that. An hour that the
 * clock shows twice counts as its first time round, and one that it skips as if the clock had not been changed yet.
 */
export function fromLocal(text: string, zone: string): number | null {
  const [, date, time = '00:00:00', offset] = pattern.exec(text.trim()) ?? []
  if (date === undefined) return null
  const wall = Date.parse(`${date}T${time}${offset ?? 'Z'}`)
  if (Number.isNaN(wall)) return null
  if (offset !== undefined) return wall
  // Offsets half a day before and after: a change of the clock lies between them, if there is one at all.
  const [before, after] = [-halfDayMs, halfDayMs].map((shift) => wallOf(wall + shift, zone) - (wall + shift))
  const guesses = [before, after].flatMap((by) => (by === undefined ? [] : [wall - by]))
  const exact = guesses.filter((instant) => wallOf(instant, zone) === wall)
  return exact.length > 0 ? Math.min(...exact) : (guesses[0] ?? null)
}

const halfDayMs = 12 * 3_600_000
