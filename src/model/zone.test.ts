import { expect, test } from 'vitest'
import { isZone, isZoneName, offsetMs } from './zone.ts'

test.each([
  ['2024-01-15T12:00:00Z', 'UTC', 0],
  ['2024-01-15T12:00:00Z', 'Europe/Berlin', 3600],
  ['2024-07-15T12:00:00Z', 'Europe/Berlin', 7200],
  ['2024-01-15T12:00:00Z', 'Europe/London', 0],
  ['2024-01-15T12:00:00Z', 'America/St_Johns', -(3.5 * 3600)],
  ['2024-01-15T12:00:00Z', 'Asia/Kathmandu', 5.75 * 3600],
  ['1880-01-01T00:00:00Z', 'Europe/Berlin', 53 * 60 + 28],
  ['2024-01-15T12:00:00Z', '-02:00', -(2 * 3600)],
])('at %s the clocks of %s are %d s ahead', (at, zone, seconds) => {
  expect(offsetMs(Date.parse(at), zone)).toBe(seconds * 1000)
})

test.each([
  ['Europe/Berlin', true, true],
  ['UTC', true, true],
  ['+01:00', true, false],
  ['Mars/Olympus', false, false],
  ['', false, false],
])('%s: clocks %s, a name %s', (zone, hasClocks, isName) => {
  expect([isZone(zone), isZoneName(zone)]).toEqual([hasClocks, isName])
})

test('the clocks of a zone that does not exist are not read', () => {
  expect(() => offsetMs(0, 'Mars/Olympus')).toThrow(RangeError)
})
