/** Time and attendance on the test bench: people come by the front door, go by it or by any that is called d1, and have a key for breaks. */
import type { EventsContext } from '../context.ts'
import type { AttendanceContext } from './context.ts'

const hour = 3_600_000

export function attendanceBench(events: EventsContext): AttendanceContext {
  return {
    events,
    punches: [
      { punch: 'break_start', key: 'break_start' },
      { punch: 'in', doors: ['Front door'], direction: 'in' },
      { punch: 'out', doors: ['d1'], direction: 'out' },
    ],
    shifts: { zone: 'Europe/Berlin', dayStartsMs: 4 * hour, longestMs: 16 * hour, restMs: 9 * hour },
    keepMs: 30 * 24 * hour,
    numbersOf: async () => new Map(),
  }
}
