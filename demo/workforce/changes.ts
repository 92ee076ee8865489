/** What happens in a workforce from one export to the next; each change returns a new workforce and names whom it touched. */
import { familyNames } from './names.ts'
import { ordinaryRow, peopleMax, streams } from './ordinary-row.ts'
import { departments } from './organisation.ts'
import { addDays } from './plain-date.ts'
import { type Random, random, sample } from './random.ts'
import { type TrapName, trapNames } from './traps.ts'
import { runsOn, type WorkerRow } from './worker-row.ts'
import { personIdAt, type Workforce } from './workforce.ts'

export interface Change {
  workforce: Workforce
  /** Person ids, each once. */
  touched: readonly string[]
}

/**
 * How HR says that somebody has left:
 * - `terminated-now`: status and last day say so, today ("walk out now");
 * - `end-dated-yesterday`: only the end date says so, the status lags behind;
 * - `last-working-day`: worked until yesterday, employed for up to 90 more days.
 */
export type LeavingHow = 'terminated-now' | 'end-dated-yesterday' | 'last-working-day'

/** `count` new people who start today. */
export function joiners(workforce: Workforce, count: number): Change {
  const { seed, today, nextIndex } = workforce
  if (nextIndex + count > peopleMax) throw new RangeError('no card numbers are left for more people')
  const indexes = Array.from({ length: count }, (_, offset) => nextIndex + offset)
  const joined = indexes.map((index): WorkerRow => {
    return { ...ordinaryRow(seed, today, index), status: 'active', start: today }
  })
  const rows = [...workforce.rows, ...joined]
  return { workforce: next({ ...workforce, rows, nextIndex: nextIndex + count }), touched: indexes.map(personIdAt) }
}

/**
 * People leave: the ones named, or as many drawn from the ordinary ones. All their running employments end; one that
 * began today can only be terminated, since it has no yesterday to end on.
 * Throws RangeError when a named person, or so many, have no such employment.
 */
export function leavers(workforce: Workforce, who: number | readonly string[], { how }: { how: LeavingHow }): Change {
  const { today } = workforce
  const startMax = how === 'terminated-now' ? today : addDays(today, -1)
  return rewrite(
    workforce,
    who,
    (row) => runsOn(row, today) && row.start <= startMax,
    (row) => ({ ...row, ...leaving(row, today, how) }),
  )
}

/** People move to another department with all their running employments; site and title stay. */
export function movers(workforce: Workforce, who: number | readonly string[]): Change {
  return rewrite(
    workforce,
    who,
    (row) => runsOn(row, workforce.today),
    (row, chance) => ({
      ...row,
      department: chance.pick(departments.filter((name) => name !== row.department.trim())),
    }),
  )
}

/** People take a new family name in all their rows; key, number and e-mail address stay. */
export function nameChange(workforce: Workforce, who: number | readonly string[]): Change {
  const names = new Map<string, string>()
  return rewrite(
    workforce,
    who,
    () => true,
    (row, chance) => {
      const familyName = names.get(row.personId) ?? `${chance.pick(familyNames)}-Neu-${1000 + chance.below(9000)}`
      names.set(row.personId, familyName)
      return { ...row, familyName }
    },
  )
}

/** All rows of these people vanish from the export, without a word. Throws RangeError for a person who has none. */
export function drop(workforce: Workforce, personIds: readonly string[]): Change {
  const gone = new Set(personIds)
  refuseUnknown(workforce.rows, gone)
  const rows = workforce.rows.filter((row) => !gone.has(row.personId))
  const traps = Object.fromEntries(
    trapNames.map((trap) => [trap, workforce.traps[trap].filter((personId) => !gone.has(personId))]),
  ) as Record<TrapName, string[]>
  return { workforce: next({ ...workforce, rows, traps }), touched: [...gone] }
}

function leaving(row: WorkerRow, today: string, how: LeavingHow): Partial<WorkerRow> {
  const yesterday = addDays(today, -1)
  const paidUntil = addDays(today, 90)
  switch (how) {
    case 'terminated-now':
      return { status: 'terminated', end: today, lastWorkingDay: today }
    case 'end-dated-yesterday':
      return { end: yesterday }
    case 'last-working-day':
      // A contract that ends sooner is not made longer by a notice.
      return { lastWorkingDay: yesterday, end: row.end !== '' && row.end < paidUntil ? row.end : paidUntil }
    default:
      throw new RangeError(`unknown way of leaving: ${how satisfies never}`)
  }
}

function rewrite(
  workforce: Workforce,
  who: number | readonly string[],
  matches: (row: WorkerRow) => boolean,
  change: (row: WorkerRow, chance: Random) => WorkerRow,
): Change {
  const chance = random(workforce.seed, streams.change, workforce.revision)
  const chosen = new Set(typeof who === 'number' ? draw(workforce, who, matches, chance) : who)
  refuseUnknown(workforce.rows.filter(matches), chosen)
  const rows = workforce.rows.map((row) => (chosen.has(row.personId) && matches(row) ? change(row, chance) : row))
  return { workforce: next({ ...workforce, rows }), touched: [...chosen] }
}

/** Draws from people without a trap, so that a demo's traps are still there after any number of drawn changes. */
function draw(workforce: Workforce, count: number, matches: (row: WorkerRow) => boolean, chance: Random): string[] {
  const trapped = new Set(trapNames.flatMap((trap) => workforce.traps[trap]))
  const candidates = workforce.rows
    .filter((row) => !trapped.has(row.personId) && matches(row))
    .map((row) => row.personId)
  return sample(chance, candidates.length, count).map((index) => candidates[index] as string)
}

function refuseUnknown(rows: readonly WorkerRow[], personIds: ReadonlySet<string>): void {
  const known = new Set(rows.map((row) => row.personId))
  const unknown = [...personIds].filter((personId) => !known.has(personId))
  if (unknown.length > 0) throw new RangeError(`no employment that this change could touch: ${unknown.join(', ')}`)
}

function next(workforce: Workforce): Workforce {
  return { ...workforce, revision: workforce.revision + 1 }
}
