import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openTrouble } from './trouble.ts'

const minute = 60_000

test('is told when it begins, when its cause changes, and when it is over', () => {
  let now = 0
  const trouble = openTrouble(() => now)
  const tries = (code: string, times: number) =>
    Array.from({ length: times }, () => {
      now += 750
      return trouble.failed(code)
    }).filter(Boolean).length
  expect(trouble.over()).toBeNull()
  // A day of it.
  expect(tries('http.timeout', 115_200)).toBe(1)
  expect(tries('http.refused', 10)).toBe(1)
  expect(tries('http.timeout', 3)).toBe(1)
  expect(trouble.over()).toEqual({ count: 115_213, tookMs: 115_212 * 750 })
  expect(trouble.over()).toBeNull()
  expect(tries('http.reset', 5)).toBe(1)
})

test('that comes and goes is told once a minute, and one that stays after that is told', () => {
  let now = 0
  const trouble = openTrouble(() => now)
  let lines = 0
  for (; now < 10 * minute; now += 500) {
    if (trouble.failed('http.timeout')) lines += 1
    if (trouble.over() !== null) lines += 1
  }
  expect(lines).toBe(20)
  expect(trouble.failed('http.timeout')).toBe(true)
  trouble.over()
  now += 1_000
  expect([trouble.failed('http.timeout'), trouble.over()]).toEqual([false, null])
  trouble.failed('http.timeout')
  now += minute
  expect(trouble.failed('http.timeout')).toBe(true)
})

test('whatever happens, no cause is told more than once a minute, and the end of what was told is told', () => {
  const step = fc.record({ after: fc.nat(90_000), code: fc.constantFrom('a', 'b', 'c', null) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let now = 0
      const trouble = openTrouble(() => now)
      const told = new Map<string, number>()
      let open = false
      for (const { after, code } of steps) {
        now += after
        if (code === null) {
          expect(trouble.over() !== null).toBe(open)
          open = false
        } else if (trouble.failed(code)) {
          expect(now - (told.get(code) ?? -minute)).toBeGreaterThanOrEqual(minute)
          told.set(code, now)
          open = true
        }
      }
    }),
  )
})
