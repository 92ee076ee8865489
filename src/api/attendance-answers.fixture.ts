/** What the acts about time and attendance answer in tests of the API. */
import type { AttendanceActs } from './acts/attendance.ts'

export function attendanceAnswers(subject: string): AttendanceActs {
  const firstIn = '2026-03-01T09:00:00+01:00'
  return {
    punches: async () => [
      {
        ...{
          n: 7,
          at: firstIn,
          punch: 'in',
          addedBy: subject,
          addedByName: 'Test Clerk',
          addedBecause: 'forgot the badge',
        },
        ...{ voidedBy: null, voidedByName: null, voidedBecause: null },
      },
    ],
    shifts: async () => [
      {
        ...{ day: '2026-03-01', firstIn, lastOut: null, presentMinutes: null },
        ...{ insideMinutes: 0, breakMinutes: 0, unpaired: 1 },
      },
    ],
    addPunch: async () => 8,
    voidPunch: async () => undefined,
    exportShifts: async () => ReadableStream.from(['employee_number,day\n', '# shifts=0\n']),
  }
}
