/** Known values are distinct, long enough to be no accident, and really stand in the workforce. */
import { expect, test } from 'vitest'
import { knownValues } from './known-values.ts'
import { printedCard, runsOn } from './worker-row.ts'
import { makeWorkforce } from './workforce.ts'

const today = '2026-03-10'
const workforce = makeWorkforce({ size: 500, seed: 5, today })

test('40 values are ten of each kind, the same every time, of people who work here today', () => {
  const known = knownValues(workforce, 40)
  expect(knownValues(workforce, 40)).toEqual(known)
  expect(Object.groupBy(known, ({ kind }) => kind)).toMatchObject({
    name: { length: 10 },
    email: { length: 10 },
    'employee-number': { length: 10 },
    card: { length: 10 },
  })
  for (const { personId, value } of known) {
    const row = workforce.rows.find((candidate) => candidate.personId === personId)
    expect(row && runsOn(row, today)).toBe(true)
    expect(row && [row.familyName, row.email, row.employeeNumber, printedCard(row)]).toContain(value)
  }
})

test('every value has its kind of shape, which neither hex nor base64 nor a plain number can form', () => {
  const shapes = {
    name: /^\p{L}+-\d{4}$/u,
    email: /^[a-z]+\.[a-z]+\.\d{6}@people\.example$/,
    'employee-number': /^HR-\d{6}$/,
    card: /^\d{3}-\d{5}$/,
  }
  const known = knownValues(workforce, 1000)
  expect(new Set(known.map(({ value }) => value)).size).toBe(1000)
  for (const { kind, value } of known) expect(value).toMatch(shapes[kind])
})

test('more values than there are is an error, not a shorter list', () => {
  expect(() => knownValues(makeWorkforce({ size: 2, seed: 5, today, traps: 'none' }), 9)).toThrow('has 8')
})
