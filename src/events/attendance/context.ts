/** What time and attendance works with, besides the log of events. */
import type { PersonId } from '../../model/id.ts'
import type { EventsContext } from '../context.ts'
import type { PunchRule } from './punch-rules.ts'
import type { ShiftRules } from './shifts.ts'

export interface AttendanceContext {
  readonly events: EventsContext
  readonly punches: readonly PunchRule[]
  readonly shifts: ShiftRules
  readonly keepMs: number
  /** What payroll knows these people by, as the records say now; whoever has none, or is frozen, is left out. */
  readonly numbersOf: (people: readonly PersonId[]) => Promise<ReadonlyMap<PersonId, string>>
}
