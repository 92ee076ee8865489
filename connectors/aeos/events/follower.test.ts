/** Whatever order a log comes in, and wherever reading is cut off: everything is told, and by one reader once. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventLog } from './event-log.ts'
import { Follower } from './follower.ts'
import { logOf, type Order, orders, shown } from './log-for-tests.ts'
import { Position } from './position.ts'

const zone = 'Europe/Amsterdam'
const never = new AbortController().signal
const minute = 60_000

/** One server, and whoever reads it: a reader that is killed is followed by another, from the last cursor that was kept. */
function world(order: Order) {
  const log = logOf(order)
  const said: string[] = []
  let now = Date.parse('2026-11-26T09:00:00Z')
  let fail = Number.POSITIVE_INFINITY
  let cursor: string | null = null
  const told = new Set<string>()
  let byThis = new Set<string>()
  const client: typeof log.client = {
    async findEvents(...all) {
      fail -= 1
      if (fail < 0) throw new Error('cut')
      return log.client.findEvents(...all)
    },
  }
  const start = () => {
    byThis = new Set()
    const context = { now: () => new Date(now), log: (_: string, event: string) => void said.push(event) }
    return new Follower(new EventLog(client, zone), Position.parse(cursor, zone), zone, context)
  }
  let reader = start()
  const lost: unknown[] = []

  /** `requests`: so many are answered; `batches`: so many are kept, before the reader is killed. */
  async function look({ requests = Number.POSITIVE_INFINITY, batches = Number.POSITIVE_INFINITY } = {}) {
    fail = requests
    let kept = 0
    try {
      for await (const batch of reader.look(never)) {
        if (kept++ >= batches) throw new Error('cut')
        for (const { Id, DateTime } of batch.events) {
          const key = `${Id}@${DateTime}`
          if (byThis.has(key)) throw new Error('it was told twice')
          byThis.add(key)
          told.add(key)
        }
        if (batch.lost !== undefined) lost.push({ after: batch.lost.after, before: batch.lost.before.Id })
        cursor = batch.cursor ?? cursor
      }
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'cut') throw error
      reader = start()
    }
  }
  return {
    ...{ log, look, told, lost, said },
    cursor: () => cursor ?? '',
    restart() {
      reader = start()
    },
    advance(ms: number) {
      now += ms
    },
    clock: (agoMs = 0) => shown(now - agoMs),
    /** With all that may still be looked for. */
    async finish() {
      for (let looks = 0; looks < 3; looks++) {
        await look()
        now += minute
      }
    },
  }
}

const keys = (rows: readonly { readonly id: number; readonly at: string }[]) => rows.map(({ id, at }) => `${id}@${at}`)

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 1, max: 700 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('hold' as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('old' as const), count: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('elsewhere' as const), count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), count: fc.integer({ min: 1, max: 70 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('look' as const), count: fc.integer({ min: 0, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const), count: fc.integer({ min: 0, max: 3 }) }) },
)

test('with ids that come late, that nobody has, of days ago and from elsewhere, and with any request cut off, nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...orders), fc.array(step, { maxLength: 25 }), async (order, steps) => {
      const at = world(order)
      let id = 50_000
      let other = 100
      const held: number[] = []
      const earlier = Array.from({ length: 30 }, () => ({ id: id++, at: at.clock(5 * minute) }))
      at.log.add(...earlier)
      await at.look()
      expect(at.told.size).toBe(0)
      for (const { kind, count } of steps) {
        switch (kind) {
          case 'add':
            // Every seventh id is nobody's.
            for (let n = 0; n < count; n++) {
              id += n % 7 === 0 ? 2 : 1
              at.log.add({ id, at: at.clock() })
            }
            break
          case 'hold':
            for (let n = 0; n < count; n++) held.push(++id)
            break
          case 'release':
            for (const late of held.splice(0, count)) at.log.add({ id: late, at: at.clock() })
            break
          case 'old':
            for (let n = 0; n < count; n++) at.log.add({ id: ++id, at: at.clock(3 * 24 * 60 * minute) })
            break
          case 'elsewhere':
            for (let n = 0; n < count; n++) at.log.add({ id: ++other, at: at.clock() })
            break
          case 'wait':
            at.advance(count * 1000)
            break
          case 'look':
            await at.look({ requests: count })
            break
          case 'kill':
            await at.look({ batches: count })
            break
          default:
            kind satisfies never
        }
      }
      at.log.add(...held.map((late) => ({ id: late, at: at.clock() })))
      await at.finish()
      const all = keys(at.log.all())
      expect([...at.told].sort()).toEqual(all.filter((key) => !keys(earlier).includes(key)).sort())
      expect(at.cursor().length).toBeLessThan(64 * 1024)
    }),
    { numRuns: 40 },
  )
})

test.each(orders)('a log that comes %s is read on from wherever a request was cut off', async (order) => {
  for (let requests = 0; requests < 30; requests += 6) {
    const at = world(order)
    at.log.add({ id: 1, at: at.clock(minute) })
    await at.look()
    at.log.add(...Array.from({ length: 3_100 }, (_, n) => ({ id: n + 2, at: at.clock(-n) })))
    await at.look({ requests })
    await at.look({ batches: requests / 3 })
    await at.finish()
    expect(at.told.size, String(requests)).toBe(3_100)
  }
})

// ---------------------------------------------------------------- an empty log, and one that becomes another

test('in a log without an event, the first one is told', async () => {
  const at = world('by-id')
  await at.look()
  at.restart()
  await at.look()
  at.log.add({ id: 1, at: at.clock() })
  await at.finish()
  expect([...at.told]).toEqual(keys(at.log.all()))
})

test('a server whose clock is months behind is followed from now on, whether its log is empty or not', async () => {
  for (const before of [[], [7, 8]]) {
    const at = world('newest-first')
    at.log.add(...before.map((id) => ({ id, at: '2026-02-01T10:00:00' })))
    await at.look()
    at.log.add({ id: 9, at: '2026-02-01T10:00:01' })
    await at.finish()
    expect([...at.told]).toEqual(['9@2026-02-01T10:00:01'])
  }
})

test('a server that was put back from a backup, and gives the same ids once more: what it wrote since is told', async () => {
  for (const order of orders) {
    const at = world(order)
    at.log.add(...ids(1, 900).map((id) => ({ id, at: at.clock(minute) })))
    await at.look()
    for (let round = 0; round < 12; round++) {
      at.log.add(...ids(901 + round * 100, 100).map((id) => ({ id, at: at.clock() })))
      await at.look()
      at.advance(20_000)
    }
    const before = at.told.size
    expect(before).toBe(1200)
    const backup = at.log.all().filter(({ id }) => id <= 1411)
    // It goes on past the newest id, so that this one is there as well: another event.
    const since = ids(1412, 1200).map((id) => ({ id, at: at.clock() }))
    at.log.replace([...backup, ...since])
    at.restart()
    await at.finish()
    expect(keys(since).filter((key) => !at.told.has(key))).toEqual([])
    expect(at.told.size).toBe(before + since.length)
    expect(at.said).toEqual(['aeos.event-log-restored'])
    expect(at.lost).toEqual([])
  }
})

test('an id that was missing before a server was put back may still come late, and is told then', async () => {
  const at = world('by-id')
  at.log.add(...ids(1, 900).map((id) => ({ id, at: at.clock(minute) })))
  await at.look()
  at.log.add(...[...ids(901, 49), ...ids(951, 50)].map((id) => ({ id, at: at.clock() })))
  await at.look()
  const backup = [...at.log.all()]
  at.log.add(...ids(1001, 100).map((id) => ({ id, at: at.clock() })))
  await at.look()
  at.advance(20_000)
  at.log.replace([...backup, ...ids(1001, 20).map((id) => ({ id, at: at.clock() }))])
  await at.look()
  await at.look()
  at.log.add({ id: 950, at: at.clock() })
  await at.finish()
  expect(at.said).toEqual(['aeos.event-log-restored'])
  expect(at.told.has(`950@${at.log.all().at(-1)?.at}`)).toBe(true)
  expect(at.told.size).toBe(99 + 100 + 20 + 1)
})

test('a log that was cleared goes on, whether its ids do or begin again', async () => {
  for (const first of [1, 601]) {
    const at = world('by-id')
    at.log.add(...ids(1, 500).map((id) => ({ id, at: at.clock(minute) })))
    await at.look()
    at.log.add(...ids(501, 100).map((id) => ({ id, at: at.clock() })))
    await at.look()
    at.advance(10_000)
    at.log.replace([])
    await at.look()
    at.restart()
    await at.look()
    const since = ids(first, 40).map((id) => ({ id, at: at.clock() }))
    at.log.add(...since)
    await at.finish()
    expect(keys(since).filter((key) => !at.told.has(key))).toEqual([])
    expect(at.told.size).toBe(140)
    expect(at.said).toEqual(['aeos.event-log-replaced'])
    expect(at.lost).toEqual([])
  }
})

test('what was removed before it was read is told as lost where every id was an event, and only there', async () => {
  for (const step of [1, 2]) {
    const at = world('newest-first')
    at.log.add(...ids(1, 500).map((n) => ({ id: n * step, at: at.clock(minute) })))
    await at.look()
    await at.look()
    at.advance(40 * 24 * 60 * minute)
    const kept = ids(800, 40).map((n) => ({ id: n * step, at: at.clock() }))
    at.log.replace(kept)
    await at.finish()
    expect([...at.told].sort()).toEqual(keys(kept).sort())
    expect(at.lost).toEqual(step === 1 ? [{ after: '500', before: '800' }] : [])
  }
})

test('a cursor that is none of ours is refused: to begin anywhere else would pass over events without a word', () => {
  for (const text of ['', 'no JSON', '{"v":2}', '[]'])
    expect(() => Position.parse(text, zone)).toThrow(expect.objectContaining({ code: 'aeos.cursor-unknown' }))
})

function ids(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => first + n)
}
