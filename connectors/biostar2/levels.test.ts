/** Proves which access groups an account ends with. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitLevels, levelsMax } from './levels.ts'

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 40 }).map(String), { maxLength: 24 })
const present = fc.uniqueArray(fc.integer({ min: 1, max: 40 }).map(String), { maxLength: levelsMax })

test('whatever is asked, nothing of others goes, nothing exceeds the limit, and asking again changes nothing', () => {
  fc.assert(
    fc.property(present, ids, ids, ids, (now, inherited, desired, revoked) => {
      const fitted = fitLevels({ present: now, inherited, desired, revoked })
      expect(fitted.list.length).toBeLessThanOrEqual(levelsMax)
      expect(new Set(fitted.list).size).toBe(fitted.list.length)
      for (const level of now) {
        expect(fitted.list.includes(level)).toBe(desired.includes(level) || !revoked.includes(level))
      }
      for (const level of desired) {
        const reached = fitted.list.includes(level) || inherited.includes(level)
        expect(reached !== fitted.left.includes(level)).toBe(true)
      }
      if (fitted.left.length > 0) expect(fitted.list).toHaveLength(levelsMax)
      const again = fitLevels({ present: fitted.list, inherited, desired, revoked })
      expect(again).toMatchObject({ list: fitted.list, added: [], removed: [], left: fitted.left })
    }),
  )
})

test('the order in which levels are asked for makes no difference', () => {
  const desired = Array.from({ length: 20 }, (_, index) => String(index + 1))
  const input = { present: [], inherited: [], revoked: [] }
  expect(fitLevels({ ...input, desired })).toEqual(fitLevels({ ...input, desired: desired.toReversed() }))
})
