/** Times as AEOS gives and takes them: without a zone, by the clock of the server. */
import { momentOf, momentsOf, wallTime } from '../../../src/connector/zone.ts'

/**
 * `2026-11-26T09:30:00`, by the server's clock; fractions of a second are dropped. An hour that clocks show twice is never written, since
 * no document says which of the two the server takes: an end in it comes before it begins, so that nobody stays too long.
 */
export function toLocalEnd(instant: number, zone: string): string {
  const twice = shownTwice(instant, zone)
  return textOf(twice === null ? wallTime(instant, zone) : twice.from - 1000)
}

/** The same for a start, which waits until that hour is over, so that nobody comes in early. */
export function toLocalStart(instant: number, zone: string): string {
  const twice = shownTwice(instant, zone)
  return textOf(twice === null ? wallTime(instant, zone) : twice.until)
}

/** `2026-11-26`, by the server's clock. */
export function toLocalDate(instant: number, zone: string): string {
  return textOf(wallTime(instant, zone)).slice(0, 10)
}

const pattern = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/

/** The instant of a time that the server gave, in ms since 1970; null for what is no time. One with an offset means that. */
export function fromLocal(text: string, zone: string): number | null {
  return read(text, (wall) => momentOf(wall, zone))
}

/** The same, of an end: the first instant that it may mean, where clocks show it twice or never, so that nobody stays too long. */
export function endFromLocal(text: string, zone: string): number | null {
  return read(text, (wall) => momentsOf(wall, zone).first)
}

/** And of a start: the last, so that nobody comes in early. */
export function startFromLocal(text: string, zone: string): number | null {
  return read(text, (wall) => momentsOf(wall, zone).last)
}

function read(text: string, momentOfWall: (wall: number) => number): number | null {
  const [, date, time = '00:00:00', offset] = pattern.exec(text.trim()) ?? []
  if (date === undefined) return null
  const wall = Date.parse(`${date}T${time}${offset ?? 'Z'}`)
  if (Number.isNaN(wall)) return null
  return offset === undefined ? momentOfWall(wall) : wall
}

const dayMs = 24 * 3_600_000

/** The wall times from which and until which clocks show what they show now a second time; null when they show it once. */
function shownTwice(instant: number, zone: string): { readonly from: number; readonly until: number } | null {
  const ahead = (at: number) => wallTime(at, zone) - at
  const [before, after] = [ahead(instant - dayMs), ahead(instant + dayMs)]
  if (after >= before) return null
  // When the clocks are put back: between `low`, which shows them ahead, and `high`.
  let [low, high] = [instant - dayMs, instant + dayMs]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (ahead(middle) === before) low = middle
    else high = middle
  }
  const [from, until] = [high + after, high + before]
  const wall = wallTime(instant, zone)
  return wall < from || wall >= until ? null : { from, until }
}

function textOf(wall: number): string {
  return new Date(wall).toISOString().slice(0, 19)
}
