import { afterEach, describe, expect, test, vi } from 'vitest'
import { dayTimeOrAgo, timeOrAgo, timeWithZone } from './times.ts'

const summer = '2026-07-01T08:00:00+02:00'

afterEach(() => void vi.useRealTimers())

describe('a time on the command line', () => {
  test('is taken as it is, and a day as its beginning in UTC', () => {
    for (const read of [dayTimeOrAgo, timeOrAgo, timeWithZone]) expect(read('--at', summer)).toBe(summer)
    expect(dayTimeOrAgo('--from', '2026-03-01')).toBe('2026-03-01T00:00:00Z')
  })

  test('may be so long ago', () => {
    vi.useFakeTimers({ now: new Date('2026-07-01T08:00:00Z') })
    for (const read of [dayTimeOrAgo, timeOrAgo]) expect(read('--from', '2h')).toBe('2026-07-01T06:00:00.000Z')
  })

  test.each(['yesterday', '2026-13-01', '2026-02-30', '2026-03-01T08:00:00', '8:00', ''])(
    'that could mean two, or none, is refused with what is taken: %j',
    (text) => {
      for (const read of [dayTimeOrAgo, timeOrAgo, timeWithZone])
        expect(() => read('--from', text)).toThrow(/^--from takes .*with its zone/)
    },
  )

  test('is no day and no age where only a time will do', () => {
    expect(() => timeOrAgo('--from', '2026-03-01')).toThrow(/with its zone/)
    for (const text of ['2026-03-01', '2h']) expect(() => timeWithZone('--at', text)).toThrow(/with its zone/)
  })
})
