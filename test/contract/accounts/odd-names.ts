/** Names of every script and shape are written in a form that the system takes, and read back as exactly that form. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { shows } from '../accounts-subject.ts'
import type { AccountsTest } from '../accounts-test.ts'
import { madeUpPerson, oddNames } from '../made-up.ts'

export function oddNamesInAccounts(test: AccountsTest): void {
  for (const [what, names] of oddNames) {
    test(`a name with ${what} is written, read back as rendered, and not written again`, async (target) => {
      const person = madeUpPerson(1, names)
      const rendered = target.accounts.render(person)
      const created = await target.put(person)
      expect(new Set(Object.values(created))).toEqual(new Set(['applied']))
      expect(shows((await target.read(person))?.profile ?? {}, rendered)).toBe(true)
      expect(new Set(Object.values(await target.put(person)))).toEqual(new Set(['unchanged']))
      // And as a change of an account that had another name.
      const other = madeUpPerson(2)
      await target.put(other)
      const renamed = { ...other, ...names }
      expect(await target.put(renamed)).not.toMatchObject({ profile: 'rejected' })
      expect(shows((await target.read(renamed))?.profile ?? {}, target.accounts.render(renamed))).toBe(true)
      expect(new Set(Object.values(await target.put(renamed)))).toEqual(new Set(['unchanged']))
    })
  }

  test('any text at all as name, department or title is written as rendered', {
    testTimeoutMs: 60_000,
  }, async (target) => {
    const any = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 80 }),
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({
        unit: fc.constantFrom("'", '"', '\u0301', '\u200D', '\uD800', ' ', 'ß', 'İ', '𠮷', '.', '-'),
        maxLength: 80,
      }),
    )
    const facts = fc.record({ givenName: any, familyName: any, department: any, title: any })
    let n = 10
    await fc.assert(
      fc.asyncProperty(facts, async (some) => {
        n += 1
        const person = madeUpPerson(n, some)
        expect(new Set(Object.values(await target.put(person)))).toEqual(new Set(['applied']))
        expect(shows((await target.read(person))?.profile ?? {}, target.accounts.render(person))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
}
