/** The unremarkable person at a place in the workforce: a function of seed and place alone, so no row waits for another. */
import { familyNames, givenNames } from './names.ts'
import { departments, sites, titles } from './organisation.ts'
import { addDays } from './plain-date.ts'
import { random } from './random.ts'
import type { RowKind, WorkerRow } from './worker-row.ts'

// Facility 0 and number 0 are left out: many door systems read them as 'no card'.
const cardNumbers = 65_535
/** As many distinct cards as there are: facilities 1 to 255, numbers 1 to 65535. */
export const peopleMax = 255 * cardNumbers
// Prime, and no divisor of peopleMax = 3^2 * 5^2 * 17^2 * 257, so index -> card visits every card once;
// the product with the largest index stays below 2^53.
const cardStep = 9_999_991

/** One running employment of the person at `index` (from 0), as of `today`. */
export function ordinaryRow(seed: number, today: string, index: number): WorkerRow {
  const chance = random(seed, streams.person, index)
  const id = String(index + 1).padStart(6, '0')
  const given = chance.pick(givenNames)
  const family = chance.pick(familyNames)
  const kind = kindOf(chance.next())
  const card = cardOf(seed, index)
  return {
    workerId: `W-${id}-1`,
    personId: `P-${id}`,
    employeeNumber: `HR-${id}`,
    givenName: given,
    familyName: `${family}-${String(chance.below(10_000)).padStart(4, '0')}`,
    preferredName: chance.next() < 0.1 ? chance.pick(givenNames) : '',
    // RFC 2606 keeps `.example` free of real mailboxes.
    email: `${asciiOf(given)}.${asciiOf(family)}.${id}@people.example`,
    kind,
    status: chance.next() < 0.02 ? 'on-leave' : 'active',
    start: addDays(today, -30 - chance.below(kind === 'employee' ? 7000 : 400)),
    end: kind === 'employee' ? '' : addDays(today, 30 + chance.below(400)),
    lastWorkingDay: '',
    department: chance.pick(departments),
    site: chance.pick(sites).name,
    title: chance.pick(titles),
    cardFacility: card.facility,
    cardNumber: card.number,
    cardState: 'active',
  }
}

/** What a seed is split into, so that one purpose never shifts the draws of another. */
export const streams = { person: 1, trapPlaces: 2, change: 3, knownValues: 4, cards: 5 } as const

function kindOf(draw: number): RowKind {
  if (draw < 0.86) return 'employee'
  if (draw < 0.95) return 'contingent'
  return draw < 0.985 ? 'intern' : 'visitor'
}

function cardOf(seed: number, index: number): { facility: number; number: number } {
  const code = (index * cardStep + random(seed, streams.cards).below(peopleMax)) % peopleMax
  return { facility: 1 + Math.floor(code / cardNumbers), number: 1 + (code % cardNumbers) }
}

const asciiNames = new Map(
  [...givenNames, ...familyNames].map((name) => [
    name,
    name
      .normalize('NFD')
      .replace(/[^A-Za-z]/g, '')
      .toLowerCase(),
  ]),
)

function asciiOf(name: string): string {
  return asciiNames.get(name) ?? 'person'
}
