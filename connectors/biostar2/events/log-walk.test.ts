/** Proves where the cursor stands, and that a log which was cut, emptied, restored or numbered anew is read all the same. */
import { expect, test } from 'vitest'
import { noCalls } from '../../../src/connector/http.ts'
import type { Client, EventCondition } from '../client.ts'
import { type Place, type Standing, standingOf } from './cursor.ts'
import { LogWalk, type Page } from './log-walk.ts'

const never = new AbortController().signal

interface Row {
  readonly id: number
  readonly key: string
  readonly time: string
}

/** `nth` event of a log, a minute after the one before it by the clock of the server. */
function row(id: number, nth = id, log = 0): Row {
  const time = new Date(Date.UTC(2026, 7, 11) + nth * 60_000).toISOString()
  return { id, key: `${log}${String(nth).padStart(29, '0')}`, time }
}

function rows(from: number, to: number, log = 0): Row[] {
  return Array.from({ length: to - from + 1 }, (_, n) => row(from + n, from + n, log))
}

/** A server that holds these rows, and searches them as the documents say. */
function serverOf(initial: readonly Row[], pageMax = Number.POSITIVE_INFINITY) {
  const held = { rows: [...initial], searches: 0 }
  const meets = ({ column, operator, values: [value] }: EventCondition) => {
    const sign = operator === 5 ? 1 : -1
    if (column === 'id') return ({ id }: Row) => (id - Number(value)) * sign > 0
    return ({ time }: Row) => (Date.parse(time) - Date.parse(value)) * sign > 0
  }
  const searchEvents: Client['searchEvents'] = async ({ limit, conditions, newestFirst = false }) => {
    held.searches += 1
    return held.rows
      .filter((each) => conditions.every((condition) => meets(condition)(each)))
      .toSorted((a, b) => (newestFirst ? b.id - a.id : a.id - b.id))
      .slice(0, Math.min(limit, pageMax))
      .map(({ id, key, time }) => ({
        id: String(id),
        hint: key,
        server_datetime: time,
        event_type_id: { code: '20992' },
      }))
  }
  // Nothing else of the client is called.
  return { held, client: { searchEvents } as Client }
}

function walkOf(client: Client, from: Place, settleMs = 0) {
  const logged: string[] = []
  const context = {
    http: noCalls,
    log: (_level: string, event: string) => void logged.push(event),
    now: () => new Date(),
  }
  const walk = new LogWalk(client, context, { settleMs }, { settled: from, reached: [] })
  const go = async () => {
    const pages: Page[] = []
    for await (const page of walk.pages(never)) pages.push(page)
    return { pages, rows: pages.flatMap(({ records }) => records.map((record) => record.row)) }
  }
  return { walk, go, logged, place: () => standingOf(walk.cursor).settled }
}

const at = ({ id, key, time }: Row): Place => ({ row: id, key, time })

test('from now on begins at the newest row, or before the first', async () => {
  expect(await LogWalk.end(serverOf(rows(1, 5)).client, never)).toEqual({ settled: at(row(5)), reached: [] })
  const nowhere = { row: 0, key: null, time: null }
  expect(await LogWalk.end(serverOf([]).client, never)).toEqual({ settled: nowhere, reached: [] })
})

test('all that follows comes, in pages that join, and what the cursor stands for does not', async () => {
  for (const pageMax of [2, 3, 50]) {
    const { go } = walkOf(serverOf(rows(1, 20), pageMax).client, at(row(4)))
    expect((await go()).rows).toEqual(rows(5, 20).map(({ id }) => id))
  }
})

test('a row comes again until it has settled, so that one which shows up late before it is not passed over', async () => {
  const { client, held } = serverOf(rows(1, 6).filter(({ id }) => id !== 5))
  const { go, place } = walkOf(client, at(row(4)), 60_000)
  expect((await go()).rows).toEqual([6])
  expect(place().row).toBe(4)
  held.rows.push(row(5))
  expect((await go()).rows).toEqual([5, 6])
  const settling = walkOf(client, at(row(4)))
  await settling.go()
  await settling.go()
  expect(settling.place().row).toBe(6)
})

test('on a long way the cursor moves with the pages, up to what may not have settled yet', async () => {
  const { client, held } = serverOf(rows(1, 25_000))
  const { walk, place } = walkOf(client, at(row(1)), 60_000)
  const seen: number[] = []
  for await (const { records } of walk.pages(never)) {
    seen.push(place().row)
    expect(place().row).toBeLessThanOrEqual(records.at(-1)?.row ?? Number.POSITIVE_INFINITY)
  }
  expect(seen.at(3)).toBeGreaterThan(3000)
  expect(seen.at(-1)).toBe(15_000)
  expect(held.searches).toBeLessThan(30)
})

test('walks that are cut short after each page get on, with the cursor alone', async () => {
  const { client } = serverOf(rows(1, 6000), 500)
  let now = 0
  const context = { http: noCalls, log: () => undefined, now: () => new Date(now) }
  let standing: Standing = { settled: at(row(1)), reached: [] }
  let steps = 0
  for (let furthest = 0; furthest < 6000; steps += 1) {
    const walk = new LogWalk(client, context, { settleMs: 10_000 }, standing)
    now += 4000
    for await (const { records } of walk.pages(never)) {
      furthest = Math.max(furthest, records.at(-1)?.row ?? 0)
      // Two pages, and then the process is gone.
      if (furthest > standing.settled.row + 900) break
    }
    standing = standingOf(walk.cursor)
    expect(steps).toBeLessThan(60)
  }
  expect(standing.settled.row).toBeGreaterThan(3000)
})

test('rows that were taken out after our place are told, where there was room for any', async () => {
  const cut = await walkOf(serverOf(rows(8, 9)).client, at(row(4))).go()
  expect(cut.pages.map(({ lostAfter }) => lostAfter)).toEqual([4])
  const whole = await walkOf(serverOf(rows(5, 9)).client, at(row(4))).go()
  expect([whole.rows, whole.pages.every(({ lostAfter }) => lostAfter === null)]).toEqual([[5, 6, 7, 8, 9], true])
})

test.each([
  ['was set up anew', rows(1, 40, 1).map((each, n) => ({ ...each, time: row(500 + n).time }))],
  [
    'was restored, and has gone on since',
    [...rows(1, 300), ...rows(301, 340, 1).map((each, n) => ({ ...each, time: row(500 + n).time }))],
  ],
])('a server that %s is read from shortly before the last event that we know', async (_title, now) => {
  const { client } = serverOf(now)
  const { go, place, logged } = walkOf(client, at(row(400)))
  const fresh = now.slice(-40).map(({ id }) => id)
  expect((await go()).rows).toEqual(expect.arrayContaining(fresh))
  expect(place().row).toBe(fresh.at(-1))
  expect(logged).toEqual(['events.other-log'])
  expect((await go()).rows).toEqual([])
})

test('the row of our place with another event in it is another log', async () => {
  const { go, logged } = walkOf(serverOf(rows(1, 900, 1)).client, at(row(400)))
  expect((await go()).rows).toEqual(expect.arrayContaining(rows(401, 900).map(({ id }) => id)))
  expect(logged).toEqual(['events.other-log'])
})

test('an empty log is no news, whatever was there before', async () => {
  const { client, held } = serverOf([])
  const { go } = walkOf(client, at(row(400)))
  expect((await go()).rows).toEqual([])
  held.rows.push(row(401))
  expect((await go()).rows).toEqual([401])
})

test('a server that numbers its rows anew beside the old ones is read by its clock', async () => {
  const anew = rows(1, 30, 1).map((each, n) => ({ ...each, time: row(450 + n).time }))
  const { client, held } = serverOf([...rows(300, 400), ...anew])
  const { go, place, logged } = walkOf(client, at(row(400)))
  expect((await go()).rows).toEqual(expect.arrayContaining(anew.map(({ id }) => id)))
  expect([place().row, logged]).toEqual([30, ['events.other-log']])
  held.rows.push({ ...row(31, 31, 1), time: row(480).time })
  await go()
  held.rows.push({ ...row(32, 32, 1), time: row(481).time })
  // The old rows have higher numbers, and hide the new ones from a walk by these alone.
  expect([...(await go()).rows, ...(await go()).rows]).toContain(32)
})

test('a server that does not search by row is refused, since events would be passed over', async () => {
  const { client } = serverOf(rows(1, 20))
  const deaf = { searchEvents: (query, signal) => client.searchEvents({ ...query, conditions: [] }, signal) } as Client
  await expect(walkOf(deaf, at(row(10))).go()).rejects.toMatchObject({ code: 'biostar2.events-unfiltered' })
})

test('a server whose "greater" takes in the value itself loses nothing', async () => {
  const { client } = serverOf(rows(1, 20), 5)
  const lenient: Client['searchEvents'] = ({ conditions, ...query }, signal) =>
    client.searchEvents(
      {
        ...query,
        conditions: conditions.map((each) =>
          each.column === 'id' && each.operator === 5
            ? { ...each, values: [String(Number(each.values[0]) - 1)] }
            : each,
        ),
      },
      signal,
    )
  const { go } = walkOf({ searchEvents: lenient } as Client, at(row(10)))
  expect((await go()).rows).toEqual(rows(11, 20).map(({ id }) => id))
})
