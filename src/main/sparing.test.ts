import { expect, test } from 'vitest'
import { sparing } from './sparing.ts'

/** A question that takes `tookMs` on a clock that obeys. */
function question(tookMs: number) {
  let now = 0
  let asked = 0
  const ask = sparing(
    async () => {
      asked += 1
      now += tookMs
      return asked
    },
    () => now,
  )
  const pass = (ms: number) => {
    now += ms
  }
  return { ask, pass }
}

test('what costs nothing is asked each time; what costs much, after twenty times as long', async () => {
  const cheap = question(0)
  expect([await cheap.ask(), await cheap.ask()]).toEqual([1, 2])
  const dear = question(100)
  expect([await dear.ask(), await dear.ask()]).toEqual([1, 1])
  dear.pass(1_999)
  expect(await dear.ask()).toBe(1)
  dear.pass(1)
  expect(await dear.ask()).toBe(2)
})

test('no answer is older than a minute', async () => {
  const dear = question(10_000)
  await dear.ask()
  dear.pass(59_999)
  expect(await dear.ask()).toBe(1)
  dear.pass(1)
  expect(await dear.ask()).toBe(2)
})

test('who asks meanwhile shares the answer; a failure is not kept', async () => {
  let asked = 0
  const ask = sparing(async () => {
    asked += 1
    if (asked === 1) throw new Error('the store is away')
    return asked
  })
  const both = await Promise.allSettled([ask(), ask()])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await ask()).toBe(2)
})
