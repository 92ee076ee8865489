/** The sorted index of user ids holds what it was given, whatever the order of changes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareIds, Roster } from './roster.ts'

const ids = fc.oneof(
  fc.integer({ min: 1, max: 4_294_967_294 }).map(String),
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/),
)

test('adding one by one, adding all and removing some give the same order as sorting', () => {
  fc.assert(
    fc.property(fc.uniqueArray(ids, { maxLength: 60 }), fc.nat(60), (all, removed) => {
      const oneByOne = new Roster()
      for (const id of all) oneByOne.add(id)
      const together = new Roster()
      together.addAll(all)
      expect(together.all()).toEqual(oneByOne.all())
      const gone = all.slice(0, removed)
      for (const id of gone) oneByOne.remove(id)
      const left = all.slice(removed).sort(compareIds)
      expect(oneByOne.all()).toEqual(left)
      expect(oneByOne.page(0, 0, true)).toEqual([...left].reverse())
      const numbers = left.filter((id) => /^\d+$/.test(id)).map(Number)
      expect(oneByOne.largestNumber()).toBe(Math.max(0, ...numbers))
    }),
  )
})

test('pages side by side are the whole list, in both directions', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(ids, { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      (all, size, down) => {
        const roster = new Roster()
        roster.addAll(all)
        const pages: string[] = []
        for (let offset = 0; offset < all.length; offset += size) pages.push(...roster.page(offset, size, down))
        expect(pages).toEqual(roster.page(0, 0, down))
      },
    ),
  )
})
