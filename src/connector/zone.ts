/** Between moments and what the clocks of a time zone show: a wall time is written here as if it were UTC, in ms since 1970. */
import { offsetMs } from '../model/zone.ts'

const dayMs = 24 * 3_600_000

/** What the clocks show at this moment. Each summer's last hour is shown twice. */
export function wallTime(instant: number, zone: string): number {
  return instant + offsetMs(instant, zone)
}

/** The moment of a wall time: the first of two, and where the clocks skip it, as long after the jump as it lies after its beginning. */
export function momentOf(wall: number, zone: string): number {
  const { before, after } = readingsOf(wall, zone)
  return wallTime(before, zone) !== wall && wallTime(after, zone) === wall ? after : before
}

/** The first and the last moment that a wall time may mean: two where the clocks show it twice, or skip it, else the same. */
export function momentsOf(wall: number, zone: string): { readonly first: number; readonly last: number } {
  const { before, after } = readingsOf(wall, zone)
  const shown = [before, after].filter((moment) => wallTime(moment, zone) === wall)
  const all = shown.length === 0 ? [before, after] : shown
  return { first: Math.min(...all), last: Math.max(...all) }
}

/** By the clocks of before, and of after, any change nearby: no zone changes them twice within two days. */
function readingsOf(wall: number, zone: string): { readonly before: number; readonly after: number } {
  return { before: wall - offsetMs(wall - dayMs, zone), after: wall - offsetMs(wall + dayMs, zone) }
}
