import fc from 'fast-check'
import { expect, test } from 'vitest'
import { walk } from './pages.ts'

const pageSize = 100

/** Walks a list that changes between pages; `cap` is how many the server gives at most. */
async function walked(
  list: number[],
  { cap = pageSize, total = false, change = (_page: number): void => undefined } = {},
) {
  let pages = 0
  const load = async (start: number) => {
    const rows = list.slice(start, start + Math.min(cap, pageSize))
    const answer = { rows, total: total ? list.length : null }
    change(++pages)
    return answer
  }
  const seen = (await Array.fromAsync(walk(load, String))).flat()
  return { seen, pages }
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

test.each([
  [0, 1],
  [24, 1],
  [25, 2],
  [99, 2],
  [100, 2],
  [101, 2],
  [480, 7],
])('of %i rows all come once, in %i pages', async (count, pages) => {
  expect(await walked(numbers(count))).toEqual({ seen: numbers(count), pages })
})

test('a server that gives fewer than were asked for is walked to its end', async () => {
  expect((await walked(numbers(480), { cap: 25 })).seen).toEqual(numbers(480))
})

test('where the server counts, no page more is asked for', async () => {
  expect((await walked(numbers(100), { total: true })).pages).toBe(1)
  expect((await walked(numbers(180), { total: true })).pages).toBe(2)
})

test('nobody who was there all the time is lost or comes twice, whatever comes and goes meanwhile', async () => {
  const changes = fc.array(fc.record({ at: fc.nat(600), remove: fc.nat(60), add: fc.nat(5) }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 500 }), changes, fc.boolean(), async (count, all, total) => {
      const list = numbers(count)
      let next = 10_000
      const change = (page: number) => {
        const { at, remove, add } = all[page - 1] ?? { at: 0, remove: 0, add: 0 }
        list.splice(at, remove)
        list.splice(Math.floor(at / 2), 0, ...Array.from({ length: add }, () => next++))
      }
      const { seen } = await walked(list, { change, total })
      expect(new Set(seen).size).toBe(seen.length)
      const found = new Set(seen)
      expect(list.filter((each) => each < count && !found.has(each))).toEqual([])
    }),
    { numRuns: 1000 },
  )
})

test('a server without any order is told as such, not walked for ever', async () => {
  let seed = 7
  const load = async () => ({ rows: Array.from({ length: pageSize }, () => (seed += 1)), total: null })
  await expect(Array.fromAsync(walk(load, String))).rejects.toMatchObject({
    kind: 'transient',
    code: 'aeos.list-incomplete',
  })
})

test('a server that ignores where a page begins is told as such', async () => {
  const load = async () => ({ rows: numbers(pageSize), total: null })
  await expect(Array.fromAsync(walk(load, String))).rejects.toMatchObject({ code: 'aeos.list-incomplete' })
})

test('a list that stays shorter than the server counts is no whole list', async () => {
  const load = async (start: number) => ({ rows: start === 0 ? numbers(30) : [], total: 40 })
  await expect(Array.fromAsync(walk(load, String))).rejects.toMatchObject({ code: 'aeos.list-incomplete' })
})
