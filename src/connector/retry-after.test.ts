import { expect, test } from 'vitest'
import { retryAfterMs } from './retry-after.ts'

const now = new Date('2026-11-26T10:00:00Z')

test.each([
  ['120', 120_000],
  ['0', 0],
  [['7', '9'], 7000],
  ['Thu, 26 Nov 2026 10:00:30 GMT', 30_000],
  ['Thu, 26 Nov 2026 09:00:00 GMT', 0],
  ['soon', null],
  ['', null],
  [undefined, null],
] as const)('%s is a wait of %s ms', (header, expected) => {
  expect(retryAfterMs(typeof header === 'object' ? [...header] : header, now)).toBe(expected)
})
