/** Between moments and what the clocks of a time zone show: a wall time is written here as if it were UTC, in ms since 1970. */
import { offsetMs } from '../model/zone.ts'

const dayMs = 24 * 3_600_000

/** What the clocks show at this moment. Each summer's last hour is shown twice. */
export function wallTime(instant: number, zone: string): number {
  return instant + offsetMs(instant, zone)
}

/** The moment of a wall time: the first of two, and where the clocks skip it, as long after the jump as it lies after its beginning. */
export function momentOf(wall: number, zone: string): number {
  // No zone changes its clocks twice within two days.
  const before = wall - offsetMs(wall - dayMs, zone)
  const after = wall - offsetMs(wall + dayMs, zone)
  return wallTime(before, zone) !== wall && wallTime(after, zone) === wall ? after : before
}
