/** Random people and random accounts, of which it is known whose they are: a link that is called certain is never wrong. */
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PersonId } from '../../model/id.ts'
import type { PersonFacts } from '../../model/person.ts'
import { AccountBook } from './account-book.ts'
import { classify } from './classify.ts'
import type { Ground, Mark } from './marks.ts'

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

const mark = (ground: Ground, value: string): Mark => ({ ground, digest: Buffer.from(value), isAccountId: false })

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
      book.add(1, marksOf(shown), name, [])
      const ids = people.map(() => randomUUID() as PersonId)
      for (const [i, each] of people.entries()) {
        book.meet({
          ...{ person: ids[i] as PersonId, marks: marksOf(each), facts: factsOf(each) },
          ...{ numbers: each.number === null ? [] : [each.number], hasAccount: false },
        })
      }
      const verdict = classify(book.candidates(1), book.namesakes(1))
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
