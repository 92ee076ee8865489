import { describe, expect, it } from 'vitest'
import { median, percentile, perSecond, pieces } from './arithmetic.ts'
import { atLeast, atMost, table } from './claim.ts'

describe('percentiles', () => {
  it('lie between the neighbours, whatever the order', () => {
    expect(percentile([40, 10, 30, 20], 50)).toBe(25)
    expect(percentile([3, 1, 2], 100)).toBe(3)
    expect(percentile([3, 1, 2], 0)).toBe(1)
    expect(
      percentile(
        Array.from({ length: 101 }, (_, i) => i),
        99,
      ),
    ).toBe(99)
  })

  it('do not sort as text, and leave the list as it was', () => {
    const values = [100, 9, 20]
    expect(median(values)).toBe(20)
    expect(values).toEqual([100, 9, 20])
  })

  it('of nothing are refused', () => {
    expect(() => median([])).toThrow(RangeError)
  })
})

it('a rate is counted per second', () => {
  expect(perSecond(500, 250)).toBe(2000)
})

it('pieces hold everything once, in order', () => {
  expect(pieces([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(pieces([], 2)).toEqual([])
})

describe('a claim', () => {
  const measured = { name: 'import', value: 250.04, unit: 'people/s', floor: 1000 }

  it('on a rate fails below its limit, one on a time above it', () => {
    expect(atLeast(measured, 250).ok).toBe(true)
    expect(atLeast(measured, 251).ok).toBe(false)
    expect(atMost(measured, 251).ok).toBe(true)
    expect(atMost(measured, 250).ok).toBe(false)
  })

  it('is judged by the value as measured, and shown rounded', () => {
    expect(atMost({ ...measured, value: 1000.4 }, 1000)).toMatchObject({ ok: false, value: 1000 })
  })

  it('tells its value as a share of its floor', () => {
    expect(atLeast(measured, 250)).toMatchObject({ value: 250, floor: 1000, ratio: 0.25 })
    expect(atMost({ ...measured, floor: null }, 1)).toMatchObject({ floor: null, ratio: null })
  })

  it('that was missed stands out in the table', () => {
    const text = table([atLeast(measured, 250), atMost({ ...measured, name: 'other', floor: null }, 1)])
    expect(text.split('\n').map((line) => line.slice(0, 6).trim())).toEqual(['', 'ok', 'MISSED', ''])
    expect(text).toContain('250 people/s')
  })
})
