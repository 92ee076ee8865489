/** Proves who may start when, on a clock that the test moves. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Lane } from '../../model/lane.ts'
import { Slots } from './slots.ts'

const never = new AbortController().signal

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Asks for a slot and notes the start in `started`; ends the request at once when `hold` is false. */
function ask(slots: Slots, lane: Lane, name: string, started: string[], hold = false): Promise<() => void> {
  const slot = slots.acquire(lane, never)
  return slot.then((release) => {
    started.push(name)
    if (!hold) release()
    return release
  })
}

const settle = () => vi.advanceTimersByTimeAsync(0)

test('while an urgent request waits, no bulk request starts', async () => {
  const slots = new Slots({ concurrency: 1, requestsPerSecond: 1000 })
  const started: string[] = []
  const release = await ask(slots, 'bulk', 'first', started, true)
  for (const [lane, name] of [
    ['bulk', 'b1'],
    ['urgent', 'u1'],
    ['bulk', 'b2'],
    ['urgent', 'u2'],
  ] as const) {
    void ask(slots, lane, name, started)
  }
  await settle()
  expect(started).toEqual(['first'])
  release()
  await settle()
  expect(started).toEqual(['first', 'u1', 'u2', 'b1', 'b2'])
})

test('an urgent request that gives up no longer holds bulk back', async () => {
  const slots = new Slots({ concurrency: 1, requestsPerSecond: 1000 })
  const started: string[] = []
  const release = await ask(slots, 'bulk', 'first', started, true)
  const givingUp = new AbortController()
  const urgent = slots.acquire('urgent', givingUp.signal)
  void ask(slots, 'bulk', 'second', started)
  givingUp.abort(new Error('no longer needed'))
  await expect(urgent).rejects.toThrow('no longer needed')
  release()
  await settle()
  expect(started).toEqual(['first', 'second'])
})

test('giving a slot back twice frees it once', async () => {
  const slots = new Slots({ concurrency: 1, requestsPerSecond: 1000 })
  const started: string[] = []
  const release = await ask(slots, 'bulk', 'a', started, true)
  release()
  await ask(slots, 'bulk', 'b', started, true)
  release()
  void ask(slots, 'bulk', 'c', started)
  await settle()
  expect(started).toEqual(['a', 'b'])
})

test('bulk keeps to the rate after its burst, and leaves the reserve to urgent', async () => {
  const slots = new Slots({ concurrency: 100, requestsPerSecond: 10 })
  const started: string[] = []
  for (let i = 0; i < 40; i++) void ask(slots, 'bulk', 'bulk', started)
  await settle()
  expect(started).toHaveLength(8)
  await ask(slots, 'urgent', 'urgent', started)
  await ask(slots, 'urgent', 'urgent', started)
  expect(started).toHaveLength(10)
  await vi.advanceTimersByTimeAsync(2200)
  expect(started.length).toBe(30)
})

test('an urgent request never waits longer than one token interval, however many come', async () => {
  const slots = new Slots({ concurrency: 100, requestsPerSecond: 2 })
  const started: string[] = []
  for (let i = 0; i < 20; i++) void ask(slots, 'bulk', 'bulk', started)
  for (let i = 0; i < 12; i++) void ask(slots, 'urgent', 'urgent', started)
  await vi.advanceTimersByTimeAsync(501)
  expect(started.filter((name) => name === 'urgent')).toHaveLength(12)
})

test('what urgent borrowed, bulk pays back, but not for ever', async () => {
  const slots = new Slots({ concurrency: 100, requestsPerSecond: 2 })
  const started: string[] = []
  for (let i = 0; i < 50; i++) void ask(slots, 'urgent', 'urgent', started)
  await vi.advanceTimersByTimeAsync(501)
  void ask(slots, 'bulk', 'bulk', started)
  await vi.advanceTimersByTimeAsync(1400)
  expect(started).not.toContain('bulk')
  await vi.advanceTimersByTimeAsync(700)
  expect(started).toContain('bulk')
})

test('impossible limits are refused', () => {
  expect(() => new Slots({ concurrency: 0, requestsPerSecond: 1 })).toThrow(RangeError)
  expect(() => new Slots({ concurrency: 1, requestsPerSecond: 0 })).toThrow(RangeError)
})
