/** The demo's workforce: made-up people with every trap of HR data among them, byte for byte the same for one seed. */
import { ordinaryRow, peopleMax, streams } from './ordinary-row.ts'
import { plainDate } from './plain-date.ts'
import { random, sample } from './random.ts'
import { type TrapName, trapNames, traps } from './traps.ts'
import type { WorkerRow } from './worker-row.ts'

export interface WorkforceOptions {
  /** Number of people; rows are slightly more, since some people have two. */
  size: number
  seed: number
  /** The day on which HR wrote the export, `YYYY-MM-DD`. */
  today: string
  /**
   * Occurrences of each trap (of those for two people: pairs). Default: one per 400 people, at least 1 and at most 50,
   * so 5 of each at 2000 people; fewer or none below 46 people, where traps would be more than half of them.
   */
  traps?: 'none' | Partial<Record<TrapName, number>>
}

export interface Workforce {
  seed: number
  today: string
  rows: readonly WorkerRow[]
  /** Person ids by trap; in traps for two people, neighbours belong together. */
  traps: Readonly<Record<TrapName, readonly string[]>>
  /** Place in the numbering of the next person to join; places are never used twice. */
  nextIndex: number
  /** Number of changes made so far, so that each draws other people. */
  revision: number
}

/** Throws RangeError for a size that is no whole number of 0 to 16,711,425 (the distinct cards), or too small for the asked traps. */
export function makeWorkforce(options: WorkforceOptions): Workforce {
  const places = placeTraps(options)
  return {
    seed: options.seed,
    today: options.today,
    rows: [...rowsInOrder(options, places)],
    traps: trapsByName(places),
    nextIndex: options.size,
    revision: 0,
  }
}

/** The rows of `makeWorkforce` one by one, in memory that does not grow with `size`; throws as it does, on the first row. */
export function* workerRows(options: WorkforceOptions): Generator<WorkerRow, void, undefined> {
  yield* rowsInOrder(options, placeTraps(options))
}

/** The id of the person at a place in the numbering (from 0). */
export function personIdAt(index: number): string {
  return `P-${String(index + 1).padStart(6, '0')}`
}

interface Place {
  trap: TrapName
  occurrence: number
  firstIndex: number
}

function* rowsInOrder(
  { size, seed, today }: WorkforceOptions,
  places: ReadonlyMap<number, Place>,
): Generator<WorkerRow, void, undefined> {
  for (let index = 0; index < size; index++) {
    const row = ordinaryRow(seed, today, index)
    const place = places.get(index)
    if (place === undefined) {
      yield row
      continue
    }
    const { trap, occurrence, firstIndex } = place
    const first = firstIndex === index ? row : ordinaryRow(seed, today, firstIndex)
    yield* traps[trap].rows(row, { today, occurrence, first })
  }
}

function placeTraps(options: WorkforceOptions): Map<number, Place> {
  const { size, seed } = options
  plainDate(options.today)
  if (!Number.isInteger(size) || size < 0 || size > peopleMax)
    throw new RangeError(`size must be a whole number from 0 to ${peopleMax}, found ${size}`)
  const occurrences = trapNames.flatMap((trap) =>
    Array.from({ length: countOf(trap, options) }, (_, occurrence) => ({ trap, occurrence })),
  )
  const needed = occurrences.reduce((sum, { trap }) => sum + traps[trap].people, 0)
  if (needed > size) throw new RangeError(`the asked traps take ${needed} people, but size is ${size}`)

  const free = sample(random(seed, streams.trapPlaces), size, needed)
  const places = new Map<number, Place>()
  let taken = 0
  for (const { trap, occurrence } of occurrences) {
    const indexes = free.slice(taken, taken + traps[trap].people)
    taken += indexes.length
    for (const index of indexes) places.set(index, { trap, occurrence, firstIndex: indexes[0] ?? index })
  }
  return places
}

const peoplePerRound = trapNames.reduce((sum, trap) => sum + traps[trap].people, 0)

function countOf(trap: TrapName, { size, traps: asked }: WorkforceOptions): number {
  if (asked === 'none') return 0
  const count =
    asked?.[trap] ?? Math.min(Math.max(1, Math.floor(size / 400)), 50, Math.floor(size / (2 * peoplePerRound)))
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`trap ${trap}: expected a count, found ${count}`)
  return count
}

function trapsByName(places: ReadonlyMap<number, Place>): Record<TrapName, string[]> {
  const named = Object.fromEntries(trapNames.map((trap): [string, string[]] => [trap, []])) as Record<
    TrapName,
    string[]
  >
  for (const [index, { trap }] of places) named[trap].push(personIdAt(index))
  return named
}
