/** Time and attendance: punches, the shifts that they make, corrections, and all of it for payroll. */
import type { Actor } from '../../auth/actor.ts'
import type { ExportFormat, PunchKind } from '../../model/events/punch.ts'

export interface AttendanceQuery {
  /** Employee number, or id of a person. */
  readonly by: string
  /** Days of work, both included: `2026-03-28`. */
  readonly from: string
  readonly to: string
  /** Why, of whoever has not the role `attendance`. */
  readonly reason: string | null
}

export interface PunchView {
  readonly n: number
  readonly at: string
  readonly punch: string
  readonly addedBy: string | null
  readonly addedByName: string | null
  readonly addedBecause: string | null
  readonly voidedBy: string | null
  readonly voidedByName: string | null
  readonly voidedBecause: string | null
}

export interface ShiftView {
  readonly day: string
  readonly firstIn: string | null
  readonly lastOut: string | null
  readonly presentMinutes: number | null
  readonly insideMinutes: number
  readonly breakMinutes: number
  /** Punches that found no partner. */
  readonly unpaired: number
}

export interface AttendanceActs {
  punches(actor: Actor, query: AttendanceQuery): Promise<readonly PunchView[]>
  shifts(actor: Actor, query: AttendanceQuery): Promise<readonly ShiftView[]>
  /** Returns the number of the new entry. */
  addPunch(
    actor: Actor,
    request: { readonly by: string; readonly punch: PunchKind; readonly at: string; readonly reason: string },
  ): Promise<number>
  voidPunch(actor: Actor, n: number, reason: string): Promise<void>
  exportShifts(
    actor: Actor,
    request: Omit<AttendanceQuery, 'by'> & { readonly format: ExportFormat },
  ): Promise<AsyncIterable<string>>
}
