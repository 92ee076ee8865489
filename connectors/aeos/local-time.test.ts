import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromLocal, toLocal, toLocalDate, toLocalStart } from './local-time.ts'

const zone = 'Europe/Amsterdam'
const at = (iso: string): number => Date.parse(iso)
const back = (text: string, of = zone): string | null => {
  const instant = fromLocal(text, of)
  return instant === null ? null : new Date(instant).toISOString()
}

test('an instant is written as the clock of the server shows it', () => {
  expect(toLocal(at('2026-01-05T06:00:00.987Z'), zone)).toBe('2026-01-05T07:00:00')
  expect(toLocal(at('2026-07-05T22:30:00Z'), zone)).toBe('2026-07-06T00:30:00')
  expect(toLocalDate(at('2026-07-05T22:30:00Z'), zone)).toBe('2026-07-06')
  expect(toLocal(at('2026-01-05T06:00:00Z'), 'UTC')).toBe('2026-01-05T06:00:00')
  expect(toLocal(at('2026-01-05T06:00:00Z'), 'Asia/Kathmandu')).toBe('2026-01-05T11:45:00')
})

test('what the server gave is read by its clock, with or without a fraction; an offset outweighs it', () => {
  expect(back('2026-01-05T07:00:00')).toBe('2026-01-05T06:00:00.000Z')
  expect(back('2026-01-05T07:00:00.000')).toBe('2026-01-05T06:00:00.000Z')
  expect(back('2026-07-06')).toBe('2026-07-05T22:00:00.000Z')
  expect(back('2026-01-05T07:00:00Z')).toBe('2026-01-05T07:00:00.000Z')
  expect(back('2026-01-05T07:00:00+03:00')).toBe('2026-01-05T04:00:00.000Z')
  expect(back('soon')).toBeNull()
  expect(back('2026-13-45T99:00:00')).toBeNull()
})

test('the hour that the clock skips in spring is read as if it had not been changed yet', () => {
  // 2026-03-29 02:00 becomes 03:00.
  expect(back('2026-03-29T01:59:59')).toBe('2026-03-29T00:59:59.000Z')
  expect(back('2026-03-29T02:30:00')).toBe('2026-03-29T01:30:00.000Z')
  expect(back('2026-03-29T03:00:00')).toBe('2026-03-29T01:00:00.000Z')
})

test('the hour that the clock shows twice in autumn is read as its first time round', () => {
  // 2026-10-25 03:00 becomes 02:00.
  expect(toLocal(at('2026-10-25T00:30:00Z'), zone)).toBe('2026-10-25T02:30:00')
  expect(toLocal(at('2026-10-25T01:30:00Z'), zone)).toBe('2026-10-25T02:30:00')
  expect(back('2026-10-25T02:30:00')).toBe('2026-10-25T00:30:00.000Z')
  expect(back('2026-10-25T03:00:00')).toBe('2026-10-25T02:00:00.000Z')
})

test('a start in the hour that the clock shows twice never lets anybody in early', () => {
  const start = (iso: string) => toLocalStart(at(iso), zone)
  expect(start('2026-10-25T00:30:00Z')).toBe('2026-10-25T02:30:00')
  expect(start('2026-10-25T01:30:00Z')).toBe('2026-10-25T03:30:00')
  expect(start('2026-10-25T02:00:00Z')).toBe('2026-10-25T03:00:00')
  expect(start('2026-03-29T01:00:00Z')).toBe('2026-03-29T03:00:00')
})

test('the clock may change by half an hour, west of Greenwich, and at midnight', () => {
  expect(back('2026-10-04T01:59:00', 'Australia/Lord_Howe')).toBe('2026-10-03T15:29:00.000Z')
  expect(back('2026-11-01T01:30:00', 'America/New_York')).toBe('2026-11-01T05:30:00.000Z')
  expect(back('2026-04-24T00:30:00', 'Africa/Cairo')).toBe('2026-04-23T22:30:00.000Z')
})

test('every instant comes back to the second, or an hour or less early where the clock shows it twice', () => {
  const zones = fc.constantFrom(
    zone,
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'UTC',
    'Africa/Cairo',
  )
  const instants = fc.integer({ min: at('2000-01-01T00:00:00Z') / 1000, max: at('2040-01-01T00:00:00Z') / 1000 })
  fc.assert(
    fc.property(zones, instants, (of, seconds) => {
      const instant = seconds * 1000
      const lost = instant - (fromLocal(toLocal(instant, of), of) ?? Number.NaN)
      expect(lost === 0 || (lost > 0 && lost <= 3_600_000)).toBe(true)
      expect(toLocal(instant - lost, of)).toBe(toLocal(instant, of))
    }),
    { numRuns: 2000 },
  )
})
