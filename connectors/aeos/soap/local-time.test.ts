import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endFromLocal, fromLocal, startFromLocal, toLocalDate, toLocalEnd, toLocalStart } from './local-time.ts'

const zone = 'Europe/Amsterdam'
const at = (iso: string): number => Date.parse(iso)
const back = (text: string, of = zone): string | null => {
  const instant = fromLocal(text, of)
  return instant === null ? null : new Date(instant).toISOString()
}

test('an instant is written as the clock of the server shows it', () => {
  expect(toLocalEnd(at('2026-01-05T06:00:00.987Z'), zone)).toBe('2026-01-05T07:00:00')
  expect(toLocalEnd(at('2026-07-05T22:30:00Z'), zone)).toBe('2026-07-06T00:30:00')
  expect(toLocalDate(at('2026-07-05T22:30:00Z'), zone)).toBe('2026-07-06')
  expect(toLocalEnd(at('2026-01-05T06:00:00Z'), 'UTC')).toBe('2026-01-05T06:00:00')
  expect(toLocalEnd(at('2026-01-05T06:00:00Z'), 'Asia/Kathmandu')).toBe('2026-01-05T11:45:00')
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

test('the hour that the clock shows twice in autumn is read as its first time round, and never written', () => {
  // 2026-10-25 03:00 becomes 02:00.
  expect(back('2026-10-25T02:30:00')).toBe('2026-10-25T00:30:00.000Z')
  expect(back('2026-10-25T03:00:00')).toBe('2026-10-25T02:00:00.000Z')
  const written = (iso: string) => [toLocalEnd(at(iso), zone), toLocalStart(at(iso), zone)]
  expect(written('2026-10-24T23:59:59Z')).toEqual(Array(2).fill('2026-10-25T01:59:59'))
  for (const twice of ['2026-10-25T00:00:00Z', '2026-10-25T00:30:00Z', '2026-10-25T01:00:00Z', '2026-10-25T01:59:59Z'])
    expect(written(twice)).toEqual(['2026-10-25T01:59:59', '2026-10-25T03:00:00'])
  expect(written('2026-10-25T02:00:00Z')).toEqual(Array(2).fill('2026-10-25T03:00:00'))
  expect(written('2026-03-29T01:00:00Z')).toEqual(Array(2).fill('2026-03-29T03:00:00'))
})

test('of an hour that clocks show twice, or never, an end is read as early and a start as late as it may be meant', () => {
  const read = (text: string, of = zone) =>
    [endFromLocal(text, of), startFromLocal(text, of)].map((each) => new Date(each ?? Number.NaN).toISOString())
  expect(read('2026-10-25T02:30:00')).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'])
  expect(read('2026-03-29T02:30:00')).toEqual(['2026-03-29T00:30:00.000Z', '2026-03-29T01:30:00.000Z'])
  for (const once of [
    '2026-10-25T01:59:59',
    '2026-10-25T03:00:00',
    '2026-03-29T01:59:59',
    '2026-03-29T03:00:00',
    '2026-07-01',
  ])
    expect(read(once)).toEqual(Array(2).fill(back(once)))
  expect(read('2026-04-05T01:45:00', 'Australia/Lord_Howe')).toEqual([
    '2026-04-04T14:45:00.000Z',
    '2026-04-04T15:15:00.000Z',
  ])
  expect([endFromLocal('soon', zone), startFromLocal('soon', zone)]).toEqual([null, null])
})

test('the clock may change by half an hour, west of Greenwich, and at midnight', () => {
  expect(back('2026-10-04T01:59:00', 'Australia/Lord_Howe')).toBe('2026-10-03T15:29:00.000Z')
  expect(back('2026-11-01T01:30:00', 'America/New_York')).toBe('2026-11-01T05:30:00.000Z')
  expect(back('2026-04-24T00:30:00', 'Africa/Cairo')).toBe('2026-04-23T22:30:00.000Z')
})

test('every instant comes back to the second; where the clock shows it twice, an end less than two hours early, a start as much late', () => {
  const zones = fc.constantFrom(
    zone,
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'UTC',
    'Africa/Cairo',
  )
  const instants = fc.integer({ min: at('2000-01-01T00:00:01Z') / 1000, max: at('2040-01-01T00:00:00Z') / 1000 })
  fc.assert(
    fc.property(zones, instants, (of, seconds) => {
      const instant = seconds * 1000
      const early = instant - (fromLocal(toLocalEnd(instant, of), of) ?? Number.NaN)
      const late = (fromLocal(toLocalStart(instant, of), of) ?? Number.NaN) - instant
      expect([early, late].every((by) => by === 0) || (early > 0 && late > 0)).toBe(true)
      expect(early + late).toBeLessThanOrEqual(2 * 3_600_000 + 1000)
    }),
    { numRuns: 1000 },
  )
})
