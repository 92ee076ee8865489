import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { delayMsMax, isTargetId, lanes, queueName, slotOf } from './names.ts'

describe('queue names', () => {
  test('two lanes never share a queue', () => {
    const target = fc.stringMatching(/^[a-z0-9-]{1,32}$/)
    fc.assert(
      fc.property(target, target, fc.constantFrom(...lanes), fc.constantFrom(...lanes), (a, b, laneA, laneB) => {
        expect(queueName(a, laneA) === queueName(b, laneB)).toBe(a === b && laneA === laneB)
      }),
    )
  })

  test.each(['', 'HQ', 'a b', 'a:b', 'é', 'a\n', 'x'.repeat(33), '*', 'a{b}'])(
    '%j is no target id, and is not repeated',
    (target) => {
      expect(isTargetId(target)).toBe(false)
      expect(() => queueName(target, 'urgent')).toThrow(/^not a target id: expected 1 to 32 of a-z, 0-9 and hyphen$/)
    },
  )

  test('a lane that does not exist is refused', () => {
    // What a forged outbox row could hold.
    expect(() => queueName('hq', 'other' as 'bulk')).toThrow(RangeError)
  })
})

describe('merging', () => {
  const nowMs = 1_764_000_000_000

  test('an immediate wake-up is never merged with a delayed one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: delayMsMax }), (delayMs) => {
        expect(slotOf(delayMs, nowMs).id).not.toBe(slotOf(0, nowMs).id)
      }),
    )
  })

  test('a delayed wake-up comes at its time or up to a sixteenth of its delay later, never earlier', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: delayMsMax }), fc.nat(100_000), (delayMs, later) => {
        const slot = slotOf(delayMs, nowMs + later)
        expect(slot.delayMs).toBeGreaterThanOrEqual(delayMs)
        expect(slot.delayMs).toBeLessThanOrEqual(delayMs + Math.max(50, delayMs / 16))
      }),
    )
  })

  test('wake-ups with one id are due at the same moment', () => {
    const due = new Map<string, number>()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.nat(10_000), (delayMs, later) => {
        const slot = slotOf(delayMs, nowMs + later)
        const at = nowMs + later + slot.delayMs
        expect(due.get(slot.id) ?? at).toBe(at)
        due.set(slot.id, at)
      }),
      { numRuns: 2_000 },
    )
  })

  test('100,000 accounts that back off for up to an hour make no more than 200 messages', () => {
    const ids = new Set(Array.from({ length: 100_000 }, (_, i) => slotOf(1_000 + ((i * 36) % 3_600_000), nowMs).id))
    expect(ids.size).toBeLessThanOrEqual(200)
  })

  test.each([-1, 0.5, Number.NaN, delayMsMax + 1])('a delay of %d is refused', (delayMs) => {
    expect(() => slotOf(delayMs, nowMs)).toThrow(RangeError)
  })
})
