/** One line of the HR export: one employment of one person, as the HR suite would write it. */

export type RowKind = 'employee' | 'contingent' | 'intern' | 'visitor'
/** Raw words of the HR suite; they may lag behind the dates. */
export type RowStatus = 'active' | 'on-leave' | 'pending' | 'terminated'

/** `null` is a cell that the suite does not fill; an empty or blank text is a cell that somebody emptied. */
export interface WorkerRow {
  /** Immutable key of this employment, `W-000123-1`. */
  workerId: string
  /** The same for all employments of one human, `P-000123`. */
  personId: string
  /** Visible number; stays the same on rehire and conversion. */
  employeeNumber: string
  givenName: string
  familyName: string
  preferredName: string | null
  email: string | null
  kind: RowKind
  status: RowStatus
  /** First day, `YYYY-MM-DD`. */
  start: string
  /** Last day, inclusive; empty when open. */
  end: string
  /** Last day of work, inclusive; empty when it is the end itself. */
  lastWorkingDay: string
  department: string
  site: string
  title: string | null
  /** H10301 facility code, 0 to 255. */
  cardFacility: number
  /** H10301 card number, 0 to 65535. */
  cardNumber: number
  cardState: 'active' | 'lost'
}

/** The export's columns, in file order. */
export const columns = [
  'workerId',
  'personId',
  'employeeNumber',
  'givenName',
  'familyName',
  'preferredName',
  'email',
  'kind',
  'status',
  'start',
  'end',
  'lastWorkingDay',
  'department',
  'site',
  'title',
  'cardFacility',
  'cardNumber',
  'cardState',
] as const satisfies readonly (keyof WorkerRow)[]

/** Whether the row's employment covers this day, both ends inclusive, by its dates and its status. */
export function runsOn(row: WorkerRow, day: string): boolean {
  if (row.status === 'terminated' || day < row.start) return false
  return (row.end === '' || day <= row.end) && (row.lastWorkingDay === '' || day <= row.lastWorkingDay)
}

/** The card as it is printed on the plastic: three digits of facility, five of number. */
export function printedCard(row: WorkerRow): string {
  return `${String(row.cardFacility).padStart(3, '0')}-${String(row.cardNumber).padStart(5, '0')}`
}
