import { expect, test } from 'vitest'
import { Claims, percentile } from './claims.ts'
import { wrapped } from './narrator.ts'

test('a claim is held to its limit, and printed with five fields', () => {
  const told: string[] = []
  const claims = new Claims((line, ok) => told.push(`${ok} ${line}`))
  claims.topic = 'leavers'
  claims.exactly('shut', 199, 200, 'people')
  claims.below('p99', 1000, 1000, 'ms')
  claims.atMost('requests', 6, 6, 'requests')
  expect(claims.all).toEqual([
    { name: 'leavers: shut', value: 199, unit: 'people', limit: 200, ok: false },
    { name: 'leavers: p99', value: 1000, unit: 'ms', limit: 1000, ok: false },
    { name: 'leavers: requests', value: 6, unit: 'requests', limit: 6, ok: true },
  ])
  expect(claims.failed).toBe(2)
  expect(told[0]).toBe('false shut: 199 people (should be exactly 200)')
})

test('what could not be measured fails', () => {
  const claims = new Claims(() => undefined)
  claims.below('p99', Number.NaN, 1000, 'ms')
  claims.exactly('records', Number.NaN, 200, 'records')
  expect(claims.failed).toBe(2)
})

test('the 99th percentile of 200 is the 198th: two may be slower, no third', () => {
  const values = Array.from({ length: 200 }, (_, at) => 200 - at)
  expect(percentile(values, 0.99)).toBe(198)
  expect(percentile([7], 0.99)).toBe(7)
  expect(percentile([], 0.99)).toBeNaN()
})

test('text is wrapped between words', () => {
  expect(wrapped('one two three', 7)).toEqual(['one two', 'three'])
  expect(wrapped('incomprehensibilities', 7)).toEqual(['incomprehensibilities'])
})
