/** Shifts of everybody for payroll, line by line, with control totals at the end: whoever reads it can tell that it is whole. */
import { createHash } from 'node:crypto'
import type { ExportFormat } from '../../model/events/punch.ts'
import type { PersonId } from '../../model/id.ts'
import { localTime } from '../../model/zone.ts'
import type { AttendanceContext } from './context.ts'
import { readShifts } from './read-punches.ts'
import type { Shift } from './shifts.ts'

/** People are few at a time, since each has a digest for every day. */
const peopleAtOnce = 200

const columns = [
  ...['employee_number', 'day', 'first_in', 'last_out'],
  ...['present_minutes', 'inside_minutes', 'break_minutes', 'unpaired'],
] as const

/**
 * Shifts of the days from `from` to `to`, both included, in no order of people that would mean anything. The last line holds the number of
 * shifts, the sum of their minutes, how many had no employee number and are not there, and the SHA-256 of all lines before it.
 */
export async function* exportShifts(
  context: AttendanceContext,
  { from, to, format }: { readonly from: string; readonly to: string; readonly format: ExportFormat },
): AsyncGenerator<string> {
  const hash = createHash('sha256')
  const hashed = (line: string): string => {
    hash.update(line)
    return line
  }
  const totals = { shifts: 0, present_minutes: 0, without_number: 0 }
  if (format === 'csv') yield hashed(`${columns.join(',')}\n`)
  for await (const people of allPeople(context)) {
    const [shifts, numbers] = [await readShifts(context, people, from, to), await context.numbersOf(people)]
    for (const [person, of] of shifts) {
      const number = numbers.get(person)
      if (number === undefined) totals.without_number += of.length
      else
        for (const shift of of) {
          totals.shifts += 1
          totals.present_minutes += minutes(shift.presentMs) ?? 0
          yield hashed(lineOf(number, shift, context.shifts.zone, format))
        }
    }
  }
  const end = { ...totals, sha256: hash.digest('hex') }
  yield format === 'jsonl'
    ? `${JSON.stringify({ totals: end })}\n`
    : `# ${Object.entries(end)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')}\n`
}

async function* allPeople({ events }: AttendanceContext): AsyncGenerator<readonly PersonId[]> {
  let after: PersonId | null = null
  while (true) {
    const { rows }: { rows: { id: PersonId }[] } = await events.database.pool.query<{ id: PersonId }>(
      'select id from person where $1::uuid is null or id > $1 order by id limit $2',
      [after, peopleAtOnce],
    )
    if (rows.length === 0) return
    yield rows.map(({ id }) => id)
    after = rows.at(-1)?.id ?? null
  }
}

function lineOf(number: string, shift: Shift, zone: string, format: ExportFormat): string {
  const shown = (at: number | null) => (at === null ? null : localTime(at, zone))
  const cells = {
    employee_number: number,
    day: shift.day,
    first_in: shown(shift.first),
    last_out: shown(shift.last),
    present_minutes: minutes(shift.presentMs),
    inside_minutes: minutes(shift.insideMs),
    break_minutes: minutes(shift.breakMs),
    unpaired: shift.unpaired,
  }
  if (format === 'jsonl') return `${JSON.stringify(cells)}\n`
  return `${columns.map((name) => csvCell(cells[name])).join(',')}\n`
}

/** RFC 4180, section 2. A spreadsheet takes what begins so for a formula, and is told that it is none. */
function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  const plain = /^[=+\-@\t]/.test(text) && typeof value === 'string' ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

function minutes(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms / 60_000)
}
