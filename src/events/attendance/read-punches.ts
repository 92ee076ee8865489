/** Punches of people on some days, with what was corrected, and the shifts that they make: what was taken back does not count. */
import type { PunchKind } from '../../model/events/punch.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import { type PunchContent, punchDigest } from '../../store/punches/punch.ts'
import { punchesOf } from '../../store/punches/rows.ts'
import type { AttendanceContext } from './context.ts'
import { keysToPunch } from './keys-to-punch.ts'
import { type OpenedPunch, openPunches } from './open-punches.ts'
import { type Shift, shiftsOf, workDayOf } from './shifts.ts'

export interface Punch {
  readonly n: number
  readonly person: PersonId
  readonly at: number
  readonly kind: PunchKind
  /** Who wrote it by hand, and why; null: an event said so. */
  readonly by: PunchContent['by']
  /** Who took it back; null: it counts. */
  readonly voidedBy: { readonly subject: SubjectId; readonly reason: string; readonly at: number } | null
}

const dayMs = 86_400_000

/** From day to day, both included. @throws RangeError for what is no day, or more than 400 of them. */
export function daysBetween(from: string, to: string): readonly string[] {
  const [first, last] = [Date.parse(`${from}T00:00:00Z`), Date.parse(`${to}T00:00:00Z`)]
  const count = Math.floor((last - first) / dayMs) + 1
  if (!(count >= 1 && count <= 400)) throw new RangeError('expected 1 to 400 days, the first one first')
  return Array.from({ length: count }, (_, i) => new Date(first + i * dayMs).toISOString().slice(0, 10))
}

/** Of these days of work, in the order of time, those that were taken back as well; everybody asked for is there. A row that somebody else wrote counts for nothing, with an alarm. */
export async function readPunches(
  context: AttendanceContext,
  people: readonly PersonId[],
  days: readonly string[],
): Promise<ReadonlyMap<PersonId, readonly Punch[]>> {
  const { database, vault } = context.events
  const keys = await keysToPunch(context, people)
  const filed = [...new Set(days.flatMap(filedOn))]
  const digests = [...keys.values()].flatMap((key) => filed.map((day) => punchDigest(vault, key.id, day)))
  const byPerson = new Map<PersonId, OpenedPunch[]>(people.map((person) => [person, []]))
  const { opened } = await openPunches(context, await punchesOf(database.pool, digests))
  for (const punch of opened) byPerson.get(punch.content.person)?.push(punch)
  const asked = new Set(days)
  const isAsked = ({ at }: Punch) => asked.has(workDayOf(at, context.shifts))
  return new Map([...byPerson].map(([person, of]) => [person, punchesOfPerson(of).filter(isAsked)]))
}

/** Days in UTC that a day of work may touch, anywhere: it begins 14 h before midnight there at the earliest, and ends 60 h after it at the latest. Rows of before have itself. */
function filedOn(day: string): readonly string[] {
  return [-1, 0, 1, 2].map((by) => shifted(day, by))
}

function punchesOfPerson(rows: readonly OpenedPunch[]): readonly Punch[] {
  const voids = rows.filter(({ content }) => content.voids !== null)
  // By what it is known by as well: one that is kept, and put back when its number came again, takes nothing else back.
  const voidOf = (n: number, id: string | undefined) =>
    voids.findLast(({ content: { voids, takes } }) => voids === n && (takes?.id ?? id) === id)
  return rows
    .flatMap(({ n, content: { person, at, kind, by, id } }) =>
      kind === null ? [] : [{ n, person, at, kind, by, voidedBy: voidOf(n, id)?.content.by ?? null }],
    )
    .sort((left, right) => left.at - right.at || left.n - right.n)
}

/** Shifts whose day is one of these. @throws RangeError as `daysBetween`. */
export async function readShifts(
  context: AttendanceContext,
  people: readonly PersonId[],
  from: string,
  to: string,
): Promise<ReadonlyMap<PersonId, readonly Shift[]>> {
  const asked = daysBetween(from, to)
  // A punch that was late, or early, may lie on a day beside; and what lies before the first day decides where a shift begins.
  const around = [shifted(from, -2), shifted(from, -1), ...asked, shifted(to, 1), shifted(to, 2)]
  const punches = await readPunches(context, people, around)
  return new Map(
    [...punches].map(([person, all]) => {
      const counting = all.filter(({ voidedBy }) => voidedBy === null)
      return [person, shiftsOf(counting, context.shifts).filter(({ day }) => day >= from && day <= to)]
    }),
  )
}

function shifted(day: string, by: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + by * dayMs).toISOString().slice(0, 10)
}
