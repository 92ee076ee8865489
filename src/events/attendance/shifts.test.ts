import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ShiftRules, shiftsOf, type TimedPunch, workDayOf } from './shifts.ts'

const hour = 3_600_000
const rules: ShiftRules = { zone: 'Europe/Berlin', dayStartsMs: 4 * hour, longestMs: 16 * hour, restMs: 9 * hour }
const punch = (time: string, kind: TimedPunch['kind']): TimedPunch => ({ at: Date.parse(time), kind })

describe('shifts', () => {
  it('run from the first in to the last out, without breaks', () => {
    const shifts = shiftsOf(
      [
        punch('2026-03-10T16:00:00Z', 'out'),
        punch('2026-03-10T07:00:00Z', 'in'),
        punch('2026-03-10T11:00:00Z', 'break_start'),
        punch('2026-03-10T11:30:00Z', 'break_end'),
      ],
      rules,
    )
    expect(shifts).toEqual([
      {
        day: '2026-03-10',
        first: Date.parse('2026-03-10T07:00:00Z'),
        last: Date.parse('2026-03-10T16:00:00Z'),
        presentMs: 8.5 * hour,
        insideMs: 8.5 * hour,
        breakMs: hour / 2,
        unpaired: 0,
      },
    ])
  })

  it('belong to the day on which they began, over midnight and past the start of the next day', () => {
    const [night, ...none] = shiftsOf(
      [punch('2026-03-10T21:00:00Z', 'in'), punch('2026-03-11T05:00:00Z', 'out')],
      rules,
    )
    expect(night).toMatchObject({ day: '2026-03-10', presentMs: 8 * hour, unpaired: 0 })
    expect(none).toEqual([])
  })

  it('that begin after midnight, before the day of work does, belong to the day before', () => {
    expect(shiftsOf([punch('2026-03-11T01:00:00Z', 'in')], rules)[0]?.day).toBe('2026-03-10')
    expect(shiftsOf([punch('2026-03-11T03:00:00Z', 'in')], rules)[0]?.day).toBe('2026-03-11')
  })

  it.each([
    // 2:00 became 3:00 on 29 March 2026, and 3:00 became 2:00 on 25 October.
    ['2026-03-28T21:00:00Z', '2026-03-29T05:00:00Z', '2026-03-28', 8],
    ['2026-10-24T20:00:00Z', '2026-10-25T05:00:00Z', '2026-10-24', 9],
  ])('count real time where the clocks change: %s to %s', (from, to, day, hours) => {
    expect(shiftsOf([punch(from, 'in'), punch(to, 'out')], rules)).toMatchObject([{ day, presentMs: hours * hour }])
  })

  it('tell presence from what was spent inside', () => {
    const times = ['07:00', '10:00', '12:00', '15:00'].map((time) => `2026-03-10T${time}:00Z`)
    const [first, second, third, fourth] = times as [string, string, string, string]
    expect(
      shiftsOf([punch(first, 'in'), punch(second, 'out'), punch(third, 'in'), punch(fourth, 'out')], rules),
    ).toMatchObject([{ presentMs: 8 * hour, insideMs: 6 * hour }])
  })

  it('that nobody ended, or began, have no presence and say so', () => {
    expect(shiftsOf([punch('2026-03-10T07:00:00Z', 'in'), punch('2026-03-11T07:00:00Z', 'in')], rules)).toMatchObject([
      { day: '2026-03-10', last: null, presentMs: null, unpaired: 1 },
      { day: '2026-03-11', last: null, presentMs: null, unpaired: 1 },
    ])
    expect(shiftsOf([punch('2026-03-10T16:00:00Z', 'out')], rules)).toMatchObject([
      { first: null, presentMs: null, unpaired: 1 },
    ])
  })

  const kinds = fc.constantFrom<TimedPunch['kind']>('in', 'out', 'break_start', 'break_end')
  const some = fc.array(
    fc.record({ at: fc.integer({ min: 1_767_000_000_000, max: 1_767_900_000_000 }), kind: kinds }),
    {
      maxLength: 40,
    },
  )

  it('lose no punch, count no time twice, and do not depend on the order in which punches come', () => {
    fc.assert(
      fc.property(some, fc.infiniteStream(fc.nat()), (punches, seed) => {
        const shifts = shiftsOf(punches, rules)
        const shuffled = punches.map((each) => ({ each, by: seed.next().value as number }))
        expect(
          shiftsOf(
            shuffled.toSorted((a, b) => a.by - b.by).map(({ each }) => each),
            rules,
          ),
        ).toEqual(shifts)
        for (const { first, last, presentMs, insideMs, breakMs } of shifts) {
          expect(insideMs).toBeGreaterThanOrEqual(0)
          expect(breakMs).toBeGreaterThanOrEqual(0)
          expect(insideMs + breakMs).toBeLessThanOrEqual(rules.longestMs)
          if (presentMs !== null) expect(presentMs).toBeLessThanOrEqual((last as number) - (first as number))
        }
        const days = shifts.map(({ day }) => day)
        expect(days).toEqual(days.toSorted())
      }),
      { numRuns: 300 },
    )
  })
})

describe('the day of work', () => {
  it('is that of the zone, from its own start', () => {
    expect(workDayOf(Date.parse('2026-07-01T01:59:59Z'), { zone: 'Europe/Berlin', dayStartsMs: 4 * hour })).toBe(
      '2026-06-30',
    )
    expect(workDayOf(Date.parse('2026-07-01T02:00:00Z'), { zone: 'Europe/Berlin', dayStartsMs: 4 * hour })).toBe(
      '2026-07-01',
    )
  })
})
