/** Proves which versions are known to ignore the hours of a validity. */
import { expect, test } from 'vitest'
import { ignoresHours } from './version.ts'

test.each([
  ['2.7.10', true],
  ['2.9.0', true],
  ['v2.8.16.112', true],
  ['2.9.1', false],
  ['2.9.12', false],
  ['2.10.0', false],
  ['3.0.0', false],
  ['2.9', false],
  ['unknown', false],
])('version %s ignores hours: %s', (version, expected) => {
  expect(ignoresHours(version)).toBe(expected)
})
