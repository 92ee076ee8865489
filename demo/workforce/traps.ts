/** The shapes of HR data that break integrations, each put onto a person who is otherwise ordinary. */
import { combiningNames, longFamilyNames, quoteFamilyNames, rightToLeftNames } from './names.ts'
import { departments } from './organisation.ts'
import { addDays } from './plain-date.ts'
import { entry } from './random.ts'
import type { WorkerRow } from './worker-row.ts'

export interface Trap {
  /** How many people one occurrence takes. */
  people: 1 | 2
  /** The rows in place of the ordinary one; they need not stand in order of time. */
  rows(row: WorkerRow, scene: Scene): readonly WorkerRow[]
}

export interface Scene {
  today: string
  /** Which occurrence of this trap it is, from 0: alternates variants and the order of rows. */
  occurrence: number
  /** Of a trap for two people: the first one's ordinary row, for both of them. */
  first: WorkerRow
}

export const traps = {
  /** Left years ago, came back under the same number. */
  rehire: one((row, { today, occurrence }) =>
    inEitherOrder(
      occurrence,
      { ...row, status: 'terminated', start: addDays(today, -2000), end: addDays(today, -900) },
      [secondJob(row, { kind: 'employee', start: addDays(today, -200), end: '' })],
    ),
  ),
  /** Known today, starts later. */
  futureHire: one((row, { today, occurrence }) => [
    { ...row, kind: 'employee', status: 'pending', start: addDays(today, 1 + 7 * occurrence), end: '' },
  ]),
  /** Two running jobs in different departments. */
  twoJobs: one((row, { occurrence }) =>
    inEitherOrder(occurrence, { ...row, status: 'active' }, [
      secondJob(row, { department: otherDepartment(row.department), title: 'Second Job Holder' }),
    ]),
  ),
  /** Transferred under a new family name: the old row keeps the old name, the e-mail address too. */
  nameChange: one((row, { today, occurrence }) =>
    inEitherOrder(occurrence, { ...row, status: 'terminated', end: addDays(today, -21) }, [
      secondJob(row, { kind: 'employee', familyName: `Neu-${row.familyName}`, start: addDays(today, -20), end: '' }),
    ]),
  ),
  /** Contractor until the day before, employee since, same human and number: neither a leaver nor a joiner. */
  conversion: one((row, { today, occurrence }) =>
    inEitherOrder(occurrence, { ...row, kind: 'contingent', status: 'terminated', end: addDays(today, -1) }, [
      secondJob(row, { kind: 'employee', start: today, end: '' }),
    ]),
  ),
  /** Last day is today: has access until 24:00 of the site's zone. */
  leaverToday: one((row, { today }) => [{ ...row, kind: 'employee', status: 'active', end: today }]),
  /** Gone before today and marked so. */
  leaverEnded: one((row, { today, occurrence }) => [
    { ...row, kind: 'employee', status: 'terminated', end: addDays(today, -1 - 10 * occurrence) },
  ]),
  /** Garden leave: still employed, last working day has passed. */
  gardenLeave: one((row, { today }) => [
    { ...row, kind: 'employee', status: 'active', lastWorkingDay: addDays(today, -1), end: addDays(today, 60) },
  ]),
  /** An open end written as a date far away. */
  farEnd: one((row) => [{ ...row, kind: 'employee', end: '9999-12-31' }]),
  rightToLeft: one((row, { occurrence }) => [named(row, entry(rightToLeftNames, occurrence))]),
  combining: one((row, { occurrence }) => [named(row, entry(combiningNames, occurrence))]),
  longName: one((row, { occurrence }) => [{ ...row, familyName: entry(longFamilyNames, occurrence) }]),
  quoteName: one((row, { occurrence }) => [{ ...row, familyName: entry(quoteFamilyNames, occurrence) }]),
  /** Delimiters, quotes and a line break inside a cell. */
  delimiterInCell: one((row, { occurrence }) => [
    {
      ...row,
      title: entry(['Engineer; "Doors", Level 2', 'Planner\r\nnight shift', 'Guard|East\tWest \\ "A"'], occurrence),
    },
  ]),
  /** Two different people, one mailbox. */
  sharedEmail: two((row, { first }) => [{ ...row, email: first.email }]),
  /** Two different people, one name. */
  namesake: two((row, { first }) => [{ ...row, givenName: first.givenName, familyName: first.familyName }]),
  /** Cells that the suite does not fill. */
  nullCell: one((row) => [{ ...row, preferredName: null, email: null, title: null }]),
  /** Cells that somebody emptied, or left with a few blanks. */
  blankCell: one((row) => [{ ...row, preferredName: ' ', email: '', title: '   ' }]),
  /** Digits only, as spreadsheets like to shorten. */
  leadingZero: one((row) => [{ ...row, employeeNumber: `0000${row.employeeNumber.replace(/\D/g, '')}` }]),
  /** Codes with blanks behind, the third kind being U+00A0. */
  trailingBlank: one((row, { occurrence }) => {
    const blank = entry([' ', '   ', '\u00a0'], occurrence)
    return [{ ...row, employeeNumber: row.employeeNumber + blank, department: row.department + blank }]
  }),
  lostCard: one((row) => [{ ...row, cardState: 'lost' }]),
} as const satisfies Record<string, Trap>

export type TrapName = keyof typeof traps
export const trapNames = Object.keys(traps) as readonly TrapName[]

function one(rows: Trap['rows']): Trap {
  return { people: 1, rows }
}

function two(rows: Trap['rows']): Trap {
  return { people: 2, rows }
}

function secondJob(row: WorkerRow, changes: Partial<WorkerRow>): WorkerRow {
  return { ...row, status: 'active', ...changes, workerId: row.workerId.replace(/-1$/, '-2') }
}

/** HR suites promise no order of employments, so every other person's newer row comes first. */
function inEitherOrder(occurrence: number, older: WorkerRow, newer: readonly WorkerRow[]): readonly WorkerRow[] {
  return occurrence % 2 === 0 ? [older, ...newer] : [...newer, older]
}

function otherDepartment(department: string): string {
  return entry(departments, departments.indexOf(department) + 1)
}

function named(row: WorkerRow, [givenName, familyName]: readonly [string, string]): WorkerRow {
  return { ...row, givenName, familyName, email: `person.${row.personId.toLowerCase()}@people.example` }
}
