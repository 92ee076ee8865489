/** Punches of people on some days, opened and verified, and the shifts that they make: what was corrected counts, and what was taken back does not. */
import type { PunchKind } from '../../model/events/punch.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import { parseJson } from '../../model/parse-json.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { punchGuard } from '../../store/guards.ts'
import { type PunchContent, placeOfPunch, punchDigest } from '../../store/punches/punch.ts'
import { type FoundPunch, punchesOf } from '../../store/punches/rows.ts'
import type { Vault } from '../../vault/vault.ts'
import { isRowFault } from '../../vault/vault-error.ts'
import type { AttendanceContext } from './context.ts'
import { type Shift, shiftsOf } from './shifts.ts'

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

/** In the order of time, those that were taken back as well; everybody asked for is there. A row that somebody else wrote counts for nothing, with an alarm. */
export async function readPunches(
  context: AttendanceContext,
  people: readonly PersonId[],
  days: readonly string[],
): Promise<ReadonlyMap<PersonId, readonly Punch[]>> {
  const { database, vault } = context.events
  const digests = people.flatMap((person) => days.map((day) => punchDigest(vault, person, day)))
  const contents = new Map<PersonId, { readonly n: number; readonly content: PunchContent }[]>(
    people.map((person) => [person, []]),
  )
  for (const row of await punchesOf(database.pool, digests)) {
    if (row.key === null) continue
    const content = openPunch(vault, row)
    if (content === null) await raiseAlarm(database.pool, vault, 'guard.failed', 'punch')
    else contents.get(content.person)?.push({ n: Number(row.n), content })
  }
  return new Map([...contents].map(([person, of]) => [person, punchesOfPerson(of)]))
}

/** Null: somebody else wrote it. */
export function openPunch(vault: Vault, row: FoundPunch): PunchContent | null {
  if (row.key === null || !vault.verifyGuard('punch', punchGuard(row), row.guard)) return null
  try {
    return parseJson(vault.open(vault.unwrap(row.key), placeOfPunch(row), row.sealed)) as PunchContent
  } catch (error) {
    if (!isRowFault(error)) throw error
    return null
  }
}

function punchesOfPerson(rows: readonly { readonly n: number; readonly content: PunchContent }[]): readonly Punch[] {
  const voided = new Map(rows.flatMap(({ content: { voids, by } }) => (voids === null ? [] : [[voids, by] as const])))
  return rows
    .flatMap(({ n, content: { person, at, kind, by } }) =>
      kind === null ? [] : [{ n, person, at, kind, by, voidedBy: voided.get(n) ?? null }],
    )
    .sort((left, right) => left.at - right.at || left.n - right.n)
}

/** Shifts whose day is one of these. A punch that was late, or early, may lie on a day beside. */
export async function readShifts(
  context: AttendanceContext,
  people: readonly PersonId[],
  from: string,
  to: string,
): Promise<ReadonlyMap<PersonId, readonly Shift[]>> {
  const around = daysBetween(shifted(from, -2), shifted(to, 2))
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
