import { expect, test } from 'vitest'
import { readUntil } from './until.ts'

const now = new Date('2026-03-02T08:00:00Z')
const berlin = ['Europe/Berlin']
const read = (text: string, zones: readonly string[] = berlin, longestMs = 366 * 86_400_000) =>
  readUntil(text, now, zones, longestMs).toISOString()

test.each([
  ['8h', '2026-03-02T16:00:00.000Z'],
  ['5d', '2026-03-07T08:00:00.000Z'],
  ['2026-03-06', '2026-03-06T23:00:00.000Z'],
  ['2026-03-29', '2026-03-29T22:00:00.000Z'],
  ['2026-03-06T17:00', '2026-03-06T16:00:00.000Z'],
  ['2026-03-06 17:00:30', '2026-03-06T16:00:30.000Z'],
  // Clocks jump from 2:00 to 3:00: the instant of the jump.
  ['2026-03-29T02:30', '2026-03-29T01:00:00.000Z'],
  // And show half past two twice: the first.
  ['2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
  ['2026-03-06T17:00Z', '2026-03-06T17:00:00.000Z'],
  [' 2026-03-06t17:00+05:30 ', '2026-03-06T11:30:00.000Z'],
])('%s', (text, instant) => {
  expect(read(text)).toBe(instant)
})

test('where somebody works in several zones, the earliest end counts', () => {
  expect(read('2026-03-06', ['Europe/Berlin', 'Asia/Tokyo', 'America/Lima'])).toBe('2026-03-06T15:00:00.000Z')
  expect(read('2026-03-06T17:00', ['Europe/Berlin', 'Asia/Tokyo'])).toBe('2026-03-06T08:00:00.000Z')
})

test.each([
  ['', 'until.unreadable'],
  ['Friday', 'until.unreadable'],
  ['2026-02-30', 'until.unreadable'],
  ['2026-03-06T25:00', 'until.unreadable'],
  ['06.03.2026', 'until.unreadable'],
  ['2026-03-06+01:00', 'until.unreadable'],
  ['2026-03-01', 'until.over'],
  ['2026-03-02T09:00', 'until.over'],
  ['0h', 'until.over'],
  ['367d', 'until.too-long'],
  ['2030-01-01', 'until.too-long'],
])('%j is refused: %s', (text, code) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code }))
})
