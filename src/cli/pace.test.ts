import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

const second = 1_000

test('says how far it is, and how long the rest takes at the pace so far', () => {
  const pace = new Pace()
  expect(pace.text(0)).toBe('reading accounts')
  pace.note({ accounts: 0, listed: 500 }, 0)
  pace.note({ accounts: 300, listed: 5_000 }, second)
  expect(pace.text(second)).toBe('300 of 5,000 accounts looked at')
  pace.note({ accounts: 2_300, listed: 5_000 }, 134 * second)
  expect(pace.text(134 * second)).toBe('2,300 of 5,000 accounts looked at, 3 min left,')
  pace.note({ accounts: 4_900, listed: 5_000 }, 300 * second)
  expect(pace.text(300 * second)).toBe('4,900 of 5,000 accounts looked at, 7 s left,')
  pace.note({ accounts: 5_000, listed: 5_000 }, 301 * second)
  expect(pace.text(301 * second)).toBe('5,000 of 5,000 accounts looked at')
})

test('counts anew when it falls back, and says nothing of the time before it moves', () => {
  const pace = new Pace()
  pace.note({ accounts: 100_000, listed: 100_000 }, 0)
  pace.note({ accounts: 10, listed: 100_000 }, 60 * second)
  expect(pace.text(65 * second)).toBe('10 of 100,000 accounts looked at')
  pace.note({ accounts: 60, listed: 100_000 }, 70 * second)
  expect(pace.text(70 * second)).toBe('60 of 100,000 accounts looked at, 6 h left,')
})
