import { expect, test } from 'vitest'
import { type LeaverDelays, leaverStages, leaverTimes } from './leaver.ts'

const day = 86_400_000
const left = new Date('2026-03-01T12:00:00Z')
const after = (days: number, ms = 0) => new Date(left.getTime() + days * day + ms)
const delays: LeaverDelays = { removeAfterMs: 7 * day, withdrawAfterMs: 30 * day, deleteAfterMs: 365 * day }
const told = (at: Date, of = delays) => {
  const { levelsAreOver, cardsAreOver, accountIsOver, nextAt } = leaverStages(left, at, of)
  return [levelsAreOver, cardsAreOver, accountIsOver, nextAt]
}

test('each stage comes at its own instant, and says when the next one does', () => {
  expect(told(left)).toEqual([false, false, false, after(7)])
  expect(told(after(7, -1))).toEqual([false, false, false, after(7)])
  expect(told(after(7))).toEqual([true, false, false, after(30)])
  expect(told(after(30))).toEqual([true, true, false, after(365)])
  expect(told(after(365, -1))).toEqual([true, true, false, after(365)])
  expect(told(after(365))).toEqual([true, true, true, null])
  expect(told(after(4000))).toEqual([true, true, true, null])
})

test('cards may go before the levels, and with the lock-out itself', () => {
  const early = { ...delays, withdrawAfterMs: 0 }
  expect(told(left, early)).toEqual([false, true, false, after(7)])
})

test('an account that is never deleted has no such time', () => {
  const kept = { ...delays, deleteAfterMs: null }
  expect(told(after(4000), kept)).toEqual([true, true, false, null])
  expect(leaverTimes(left, kept).deletedAt).toBeNull()
})

test('the account goes last, whatever was set', () => {
  const hasty = { ...delays, deleteAfterMs: day }
  expect(leaverTimes(left, hasty).deletedAt).toEqual(after(30))
  expect(told(after(30, -1), hasty)).toEqual([true, false, false, after(30)])
})

test('of whoever has not left nothing is over, and no time is set', () => {
  expect(leaverStages(null, after(4000), delays)).toEqual({
    ...{ levelsAreOver: false, cardsAreOver: false, accountIsOver: false },
    nextAt: null,
  })
})
