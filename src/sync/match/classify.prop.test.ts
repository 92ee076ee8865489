/** Random people and random accounts, of which it is known whose they are: a link that is called certain is never wrong. */
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PersonId } from '../../model/id.ts'
import type { PersonFacts } from '../../model/person.ts'
import { AccountBook } from './account-book.ts'
import type { Verdict } from './classify.ts'
import { dayOf } from './dates.ts'
import type { Ground, Mark } from './marks.ts'
import { nameFit } from './names.ts'

const families = ['Amber', 'Birch', 'Cedar', 'Dune', 'van der Elm', 'Amber-Birch']
const givens = ['Ada', 'Bo', 'Cleo', 'Dag', 'Ada Cleo']

interface Human {
  readonly given: string
  readonly family: string
  readonly number: string | null
  readonly email: string | null
  readonly card: string | null
}

/** Few values, so that people share them, and accounts hit upon them by chance. */
const human: fc.Arbitrary<Human> = fc.record({
  given: fc.constantFrom(...givens),
  family: fc.constantFrom(...families),
  number: fc.option(fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8')),
  email: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')),
  card: fc.option(fc.constantFrom('100', '101', '102', '103', '104')),
})

interface Account {
  /** Whose it is; null for somebody whom HR does not know. */
  readonly owner: number | null
  readonly name: 'theirs' | 'short' | 'cut' | 'none'
  readonly stranger: { readonly given: string; readonly family: string }
  readonly shows: Readonly<Record<'number' | 'email' | 'card', 'theirs' | 'nothing' | number>>
}

const what = fc.oneof(
  { weight: 4, arbitrary: fc.constant('theirs' as const) },
  { weight: 2, arbitrary: fc.constant('nothing' as const) },
  // Somebody else's: a mailbox passed on, a card handed over, an id by chance.
  { weight: 2, arbitrary: fc.nat({ max: 5 }) },
)
const account: fc.Arbitrary<Account> = fc.record({
  owner: fc.option(fc.nat({ max: 5 }), { freq: 4 }),
  name: fc.constantFrom('theirs', 'theirs', 'short', 'cut', 'none'),
  stranger: fc.record({ given: fc.constantFrom('Yan', 'Zoe'), family: fc.constantFrom('Yarrow', 'Zinnia') }),
  shows: fc.record({ number: what, email: what, card: what }),
})

const mark = (ground: Ground, value: string): Mark => ({ ground, digest: Buffer.from(value) })

function marksOf({ number, email, card }: Human): Mark[] {
  return [
    ...(number === null ? [] : [mark('employee-number', number)]),
    ...(email === null ? [] : [mark('email', email)]),
    ...(card === null ? [] : [mark('card', card)]),
  ]
}

function factsOf({ given, family, number, email }: Human): PersonFacts {
  return {
    ...{ givenName: given, familyName: family, employeeNumber: number, email },
    ...{ preferredName: null, department: null, title: null },
  }
}

test('a link that is called certain leads to the owner, unless two identifiers, or one and the name, are those of somebody else', () => {
  let certain = 0
  fc.assert(
    fc.property(fc.array(human, { minLength: 1, maxLength: 6 }), account, (people, of) => {
      const owner = of.owner === null ? null : (people[of.owner] ?? null)
      const named = owner ?? of.stranger
      const value = (field: 'number' | 'email' | 'card'): string | null => {
        const shown = of.shows[field]
        if (shown === 'nothing') return null
        return (shown === 'theirs' ? owner : people[shown])?.[field] ?? null
      }
      const shown: Human = {
        ...{ given: named.given, family: named.family },
        ...{ number: value('number'), email: value('email'), card: value('card') },
      }
      const name = {
        theirs: `${named.given} ${named.family}`,
        short: `${named.family.toUpperCase()}, ${named.given[0]}.`,
        cut: named.family,
        none: null,
      }[of.name]
      const book = new AccountBook()
      book.add(1, { marks: marksOf(shown), name, numbers: [], day: null })
      const ids = people.map(() => randomUUID() as PersonId)
      for (const [i, each] of people.entries()) {
        book.meet({
          ...{ person: ids[i] as PersonId, marks: marksOf(each), facts: factsOf(each) },
          ...{ numbers: each.number === null ? [] : [each.number], days: [], hasAccount: false },
        })
      }
      const verdict = book.verdicts().get(1) as Verdict
      if (verdict.is !== 'certain') return
      certain += 1
      const linked = people[ids.indexOf(verdict.person as PersonId)] as Human
      const agrees = (['number', 'email', 'card'] as const).filter(
        (field) => shown[field] !== null && linked[field] === shown[field],
      )
      // Every identifier that leads to anybody leads to this person, and one of them to nobody else.
      for (const field of ['number', 'email', 'card'] as const)
        if (shown[field] !== null && people.some((each) => each[field] === shown[field]))
          expect(agrees).toContain(field)
      expect(agrees.some((field) => people.filter((each) => each[field] === shown[field]).length === 1)).toBe(true)
      // Right, unless the account bears two identifiers of somebody else, or one and a name that is theirs as well.
      const twice = agrees.length > 1
      if (owner === null) expect([twice, name]).toEqual([true, null])
      else if (linked !== owner) {
        const alike = owner.family === linked.family && owner.given[0] === linked.given[0]
        expect(twice || alike).toBe(true)
      }
    }),
    { numRuns: 20_000, seed: 20_260_302 },
  )
  expect(certain).toBeGreaterThan(1_000)
})

/** Of what a human has, a few accounts show some: so it is for everybody at once. */
const accounts = fc.array(account, { minLength: 2, maxLength: 8 })

test('of many accounts at once nobody gets two, and what makes a link certain is shown by no other account and had by no other person', () => {
  const seen = { certain: 0, several: 0 }
  fc.assert(
    fc.property(fc.array(human, { minLength: 1, maxLength: 6 }), accounts, (people, all) => {
      const ids = people.map(() => randomUUID() as PersonId)
      const book = new AccountBook()
      const shownBy = all.map((of) => {
        const owner = of.owner === null ? null : (people[of.owner] ?? null)
        const value = (field: 'number' | 'email' | 'card') => {
          const shown = of.shows[field]
          if (shown === 'nothing') return null
          return (shown === 'theirs' ? owner : people[shown])?.[field] ?? null
        }
        const { given, family } = owner ?? of.stranger
        return { given, family, number: value('number'), email: value('email'), card: value('card') }
      })
      for (const [n, shown] of shownBy.entries())
        book.add(n, {
          ...{ marks: marksOf(shown), numbers: [], day: null },
          name: all[n]?.name === 'none' ? null : `${shown.given} ${shown.family}`,
        })
      for (const [i, each] of people.entries())
        book.meet({
          ...{ person: ids[i] as PersonId, marks: marksOf(each), facts: factsOf(each) },
          ...{ numbers: each.number === null ? [] : [each.number], days: [], hasAccount: false },
        })
      const verdicts = [...book.verdicts()]
      expect(verdicts).toHaveLength(all.length)
      const linked = verdicts.filter(([, { is }]) => is === 'certain')
      expect(new Set(linked.map(([, { person }]) => person)).size).toBe(linked.length)
      // Who is only probable is so for one account, or is the second one of somebody.
      for (const [, { is, person, reasons }] of verdicts)
        if (is === 'probable' && !reasons.includes('second-account'))
          expect(verdicts.filter(([, each]) => each.is !== 'ambiguous' && each.person === person)).toHaveLength(1)
      for (const [n, { person }] of linked) {
        const shown = shownBy[n] as Human
        const who = people[ids.indexOf(person as PersonId)] as Human
        const unique = (['number', 'email', 'card'] as const).filter(
          (field) =>
            shown[field] !== null &&
            who[field] === shown[field] &&
            people.filter((each) => each[field] === shown[field]).length === 1 &&
            shownBy.filter((each) => each[field] === shown[field]).length === 1,
        )
        expect(unique).not.toEqual([])
        // A number that two accounts show makes neither certain.
        if (shown.number !== null && shown.number === who.number)
          expect(shownBy.filter(({ number }) => number === shown.number)).toHaveLength(1)
      }
      seen.certain += linked.length
      seen.several += verdicts.filter(([, { reasons }]) => reasons.includes('several-accounts')).length
    }),
    { numRuns: 3_000, seed: 20_261_126 },
  )
  expect(seen.certain).toBeGreaterThan(1_000)
  expect(seen.several).toBeGreaterThan(1_000)
})

// ---------------------------------------------------------------- by name and date

const days = ['2024-02-01', '2024-03-01', '2025-03-01'] as const
const dayShown = fc.option(fc.constantFrom(...days))
const dated = fc.array(fc.tuple(human, fc.array(dayShown, { maxLength: 2 })), { minLength: 1, maxLength: 6 })
/** Each of one of these people's names, or of nobody's. */
const datedAccounts = fc.array(fc.record({ of: fc.nat(6), day: dayShown, marked: fc.boolean() }), {
  minLength: 1,
  maxLength: 6,
})

function judgedBy(
  people: readonly (readonly [Human, readonly (string | null)[]])[],
  accounts: readonly { readonly of: number; readonly day: string | null; readonly marked: boolean }[],
  withDates: boolean,
  ids: readonly PersonId[],
): readonly Verdict[] {
  const book = new AccountBook()
  for (const [n, { of, day, marked }] of accounts.entries()) {
    const owner = people[of]?.[0]
    const name = owner === undefined ? 'Yan Yarrow' : `${owner.given} ${owner.family}`
    const marks = marked && owner !== undefined ? marksOf(owner) : []
    book.add(n, { marks, name, numbers: [], day: withDates ? day : null })
  }
  for (const [i, [each, known]] of people.entries())
    book.meet({
      ...{ person: ids[i] as PersonId, marks: marksOf(each), facts: factsOf(each) },
      ...{ numbers: each.number === null ? [] : [each.number], days: known, hasAccount: false },
    })
  return [...book.verdicts().values()]
}

test('name and date make nobody certain, whatever else there is: who is certain with dates is so without them', () => {
  const seen = { told: 0, certain: 0 }
  fc.assert(
    fc.property(dated, datedAccounts, (people, all) => {
      const ids = people.map(() => randomUUID() as PersonId)
      const [withDates, without] = [judgedBy(people, all, true, ids), judgedBy(people, all, false, ids)]
      for (const [n, verdict] of withDates.entries()) {
        if (verdict.is === 'certain' || without[n]?.is === 'certain') {
          expect(verdict).toEqual(without[n])
          seen.certain += 1
        }
        if (verdict.is !== 'probable' || !verdict.reasons.includes('start-date')) continue
        seen.told += 1
        // Its name, and its day; and of all others of that name another day is known.
        const { of, day } = all[n] as (typeof all)[number]
        const named = people.flatMap(([each, known], i) => {
          const owner = people[of]?.[0]
          const isNamesake = each.given === owner?.given && each.family === owner.family
          return isNamesake ? [{ id: ids[i], known }] : []
        })
        expect(named.find(({ id }) => id === verdict.person)?.known).toContain(day)
        for (const { known } of named.filter(({ id }) => id !== verdict.person))
          expect([known.length > 0, known.includes(null), known.includes(day)]).toEqual([true, false, false])
        // Nobody has two of them, but beside an account that is certain.
        const theirs = withDates.filter(({ person }) => person === verdict.person)
        const rivals = theirs.filter(({ reasons }) => !reasons.includes('second-account'))
        expect(rivals).toHaveLength(1)
        if (verdict.reasons.includes('second-account')) expect(rivals[0]?.is).toBe('certain')
      }
    }),
    { numRuns: 5_000, seed: 20_261_127 },
  )
  expect(seen.told).toBeGreaterThan(500)
  expect(seen.certain).toBeGreaterThan(500)
})

test.each([
  ['2024-02-29T23:00:00.000Z', 'Europe/Amsterdam', '2024-03-01'],
  ['2024-03-01T22:59:59.000Z', 'Europe/Amsterdam', '2024-03-01'],
  ['2024-03-30T23:00:00.000Z', 'Europe/Amsterdam', '2024-03-31'],
  ['2024-10-26T22:00:00.000Z', 'Europe/Amsterdam', '2024-10-27'],
  ['2024-03-01T04:00:00.000Z', 'America/New_York', '2024-02-29'],
  // What systems write where nobody knows a day.
  ['1999-12-31T23:00:01.000Z', 'Europe/Amsterdam', null],
  ['2000-12-31T23:00:00.000Z', 'Europe/Amsterdam', null],
  ['2037-12-31T22:59:00.000Z', 'Europe/Amsterdam', null],
  ['2149-05-28T22:00:00.000Z', 'Europe/Amsterdam', null],
  ['1899-12-30T00:00:00.000Z', 'UTC', null],
  ['1970-01-01T00:00:00.000Z', 'UTC', null],
  [null, 'UTC', null],
])('an account that begins at %s, by the clocks of %s, does so on the day %s', (instant, zone, day) => {
  expect(dayOf(instant, zone)).toBe(day)
})

test.each([
  ['Jürgen Müller', 'JUERGEN MUELLER', 'fits'],
  ['Jürgen Müller', 'Muller, J.', 'fits'],
  ['Søren Weiß', 'Soren Weiss', 'fits'],
  ['Łukasz Bąk', 'Lukasz Bak', 'fits'],
  ['Þóra Æsir', 'Thora Asir', 'fits'],
  ['Ada Amber', 'Ada Birch', 'partly'],
  ['Ada Amber', 'Bo Birch', 'differs'],
])('%s, who is called %s there: %s', (name, there, is) => {
  const [given = '', family = ''] = name.split(' ')
  const facts = factsOf({ given, family, number: null, email: null, card: null })
  expect(nameFit(there, facts)).toBe(is)
})
