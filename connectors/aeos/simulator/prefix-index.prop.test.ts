/** The index finds what a look at everything would find. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fold, PrefixIndex } from './prefix-index.ts'

const word = fc.string({ unit: fc.constantFrom('a', 'A', 'b', '1', '10', 'ö'), maxLength: 4 })
const step = fc.record({ add: fc.boolean(), text: word, id: fc.integer({ min: 1, max: 6 }) })

test('after any adding and removing, with any beginning', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), word, (steps, prefix) => {
      const index = new PrefixIndex()
      const held = new Map<number, string>()
      for (const { add, text, id } of steps) {
        const before = held.get(id)
        if (before !== undefined) index.remove(before, id)
        held.delete(id)
        if (!add) continue
        index.add(text, id)
        held.set(id, text)
      }
      const wanted = [...held].filter(([, text]) => fold(text).startsWith(fold(prefix))).map(([id]) => id)
      expect(index.starting(prefix)).toEqual(wanted.sort((left, right) => left - right))
    }),
  )
})

test('what was never there is removed without harm', () => {
  const index = new PrefixIndex()
  index.add('a', 1)
  index.remove('b', 1)
  index.remove('a', 2)
  expect(index.starting('')).toEqual([1])
})
