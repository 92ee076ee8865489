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

test('what holds alike in two places is told once, and what fails in one of them apart', () => {
  const told: string[] = []
  const claims = new Claims((line, ok) => told.push(`${ok} ${line}`))
  claims.topic = 'leavers'
  const at = (one: number, other: number) => new Map(Object.entries({ One: one, Other: other }))
  claims.exactly('shut', at(200, 200), 200, 'people')
  claims.below('p99', at(300, 1200), 1000, 'ms')
  claims.exactly('levels', at(16, 17), at(16, 17), 'levels')
  expect(told).toEqual([
    'true shut: 200 people at each',
    'true p99, One: 300 ms (below 1,000)',
    'false p99, Other: 1,200 ms (should be below 1,000)',
    'true levels, One: 16 levels',
    'true levels, Other: 17 levels',
  ])
  expect(claims.all.map(({ name, ok }) => `${name} ${ok}`).slice(0, 4)).toEqual([
    'leavers, One: shut true',
    'leavers, Other: shut true',
    'leavers, One: p99 true',
    'leavers, Other: p99 false',
  ])
  expect(
    claims
      .rows()
      .get('leavers')
      ?.map(({ name }) => name),
  ).toEqual(['shut, at each', 'p99, One', 'p99, Other', 'levels, One', 'levels, Other'])
})

test('a place that was not measured fails', () => {
  const claims = new Claims(() => undefined)
  claims.exactly('shut', new Map([['One', 1]]), new Map([['Other', 1]]), 'people')
  expect(claims.failed).toBe(1)
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
