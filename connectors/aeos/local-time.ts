/** Times as AEOS gives and takes them: without a zone, by the clock of the server. */
import { momentOf, wallTime } from '../../src/connector/zone.ts'

/** `2026-11-26T09:30:00`, by the server's clock; fractions of a second are dropped. Of an hour that clocks show twice, the first is meant. */
export function toLocal(instant: number, zone: string): string {
  return textOf(wallTime(instant, zone))
}

/** The same for a start: one that lies in the second such hour waits until the clock shows what it shows once, so that nobody comes in early. */
export function toLocalStart(instant: number, zone: string): string {
  const wall = wallTime(instant, zone)
  return textOf(wall + Math.max(0, instant - momentOf(wall, zone)))
}

/** `2026-11-26`, by the server's clock. */
export function toLocalDate(instant: number, zone: string): string {
  return toLocal(instant, zone).slice(0, 10)
}

const pattern = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/

/** The instant of a time that the server gave, in ms since 1970; null for what is no time. One with an offset means that. */
export function fromLocal(text: string, zone: string): number | null {
  const [, date, time = '00:00:00', offset] = pattern.exec(text.trim()) ?? []
  if (date === undefined) return null
  const wall = Date.parse(`${date}T${time}${offset ?? 'Z'}`)
  if (Number.isNaN(wall)) return null
  return offset === undefined ? momentOf(wall, zone) : wall
}

function textOf(wall: number): string {
  return new Date(wall).toISOString().slice(0, 19)
}
