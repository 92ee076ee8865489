/** What becomes of events with time, with keys and with people: forgotten by class, sealed anew, unreadable, and never lost on the way. */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { type EventType, eventTypes } from '../model/events/types.ts'
import { makeMonth } from '../store/events/months.ts'
import { continueErasures } from '../sync/erasure/continue.ts'
import { erasePerson } from '../sync/erasure/erase.ts'
import { type Bench, day, useEngine } from '../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../sync/fixtures/hr-file.fixture.ts'
import { bytesByColumn, replaceAll } from '../sync/rekey/rekey.fixture.ts'
import { appendEvents } from './append.ts'
import { openMonthCheck } from './check-months.ts'
import { accessEvent, batchOf, type EventsBench, eventsBench, reported } from './events.fixture.ts'
import { keepMonths } from './keep-months.ts'
import { readLogged } from './read-logged.ts'
import { renewEvents } from './renew.ts'

const engine = useEngine()
const going = new AbortController().signal
let bench: Bench
let events: EventsBench
let now: Date

beforeEach(async () => {
  bench = await engine.begin()
  now = bench.context.now()
  events = eventsBench(engine.database, engine.vault, () => now)
})

const append = (...all: Parameters<typeof batchOf>[0]) => appendEvents(events.context, 'doors', batchOf(all))
const of = (type: EventType, key?: string, more = {}) => reported(accessEvent(now, { type, ...more }), key)
const read = (after = 0, limit = 1_000) => readLogged(events.context, 'doors', after, limit)
const months = () =>
  bench.rows<{ name: string }>(
    `select relname as name from pg_class where relname ~ '^event_[a-z]+_[0-9]{6}$' order by 1`,
  )

describe('with time', () => {
  test('a place is made once, however many make it at once', async () => {
    const { pool } = engine.database
    for (let month = 1; month <= 12; month += 1) {
      const name = `2031-${String(month).padStart(2, '0')}`
      await Promise.all([1, 2, 3, 4].map(() => makeMonth(pool, 'access', name)))
    }
    expect((await months()).filter(({ name }) => name.startsWith('event_access_2031'))).toHaveLength(12)
  })

  test('places are made ahead, and a class is dropped by whole months, which is no hole that anybody made', async () => {
    await keepMonths(events.context, going)
    const made = (await months()).map(({ name }) => name)
    for (const each of ['access', 'door', 'alarm', 'credential', 'system'])
      expect(made).toEqual(expect.arrayContaining([`event_${each}_202603`, `event_${each}_202604`]))
    await append(of('access.granted', 'a'), of('door.opened', 'b'), of('alarm.duress', 'c'), of('door.closed', 'd'))
    now = new Date(now.getTime() + 45 * day)
    await append(of('door.opened', 'e'))
    await keepMonths(events.context, going)
    // March is not over for 30 days yet.
    expect((await read()).events).toHaveLength(5)
    now = new Date(now.getTime() + 20 * day)
    await keepMonths(events.context, going)
    const page = await read()
    expect(page.events.map(({ event }) => event.type)).toEqual(['access.granted', 'alarm.duress', 'door.opened'])
    expect(page.missing).toEqual([
      { from: 2, to: 2, forgotten: true },
      { from: 4, to: 4, forgotten: true },
    ])
    expect(await bench.alarms()).toEqual([])
    expect((await months()).map(({ name }) => name)).not.toContain('event_door_202603')
    expect(await append(of('door.opened', 'b', { at: now.toISOString() }))).toMatchObject({ appended: 0 })
  })

  test('keys are forgotten after 90 days, however many there are of a day, and younger ones stay', async () => {
    await append(of('access.granted', 'a'))
    await engine.tamper(
      `insert into event_key (source, digest, received_on)
         select 'doors', decode(md5(n::text), 'hex'), $1::date - 91 from generate_series(1, 20001) n`,
      [now],
    )
    await keepMonths(events.context, going)
    expect(await bench.rows('select count(*)::int as n from event_key')).toEqual([{ n: 1 }])
    expect(await append(of('access.granted', 'a'))).toEqual({ appended: 0, known: 1 })
  })

  test('a month that somebody says is forgotten is not', async () => {
    await append(of('access.granted'), of('access.granted'))
    await engine.tamper('delete from event where position = 1; update event_month set forgotten_at = now()')
    expect((await read()).missing).toEqual([{ from: 1, to: 1, forgotten: false }])
    expect(await bench.alarms()).toContain('events.missing')
  })

  test('rows that somebody took away are missed though nobody reads', async () => {
    await append(of('access.granted'), of('access.granted'), of('door.opened'))
    const check = openMonthCheck(events.context)
    for (let i = 0; i < 3; i++) await check()
    expect(await bench.alarms()).toEqual([])
    await engine.tamper('delete from event where position = 2')
    for (let i = 0; i < 3; i++) await check()
    expect(await bench.alarms()).toEqual(['events.missing'])
  })

  test('what somebody added, and counts that somebody changed, are found', async () => {
    await append(of('access.granted'), of('door.opened'))
    await engine.tamper(`insert into event select source, 9, class, type, at, received_at, strange_card, person_digest, card_digest, door_digest,
      whose, sealed, guard from event where position = 2`)
    const check = openMonthCheck(events.context)
    for (let i = 0; i < 3; i++) await check()
    expect(await bench.alarms()).toEqual(['events.forged'])
    await engine.tamper('update event_month set events = 7')
    await append(of('access.granted'), of('door.opened'))
    const counts = await bench.rows<{ class: string; events: string }>(
      'select class, events from event_month order by class',
    )
    expect(counts).toEqual([
      { class: 'access', events: '2' },
      { class: 'door', events: '3' },
    ])
  })
})

describe('of somebody who was erased', () => {
  beforeEach(async () => {
    await bench.deliver([hrRow(1), hrRow(2)])
    await bench.rest()
    await append(of('access.granted', 'a', { account: 'n1' }), of('access.granted', 'b', { account: 'n2' }))
    await erasePerson(bench.context, await bench.personOf('n1'), bench.operator, 'asked for it')
    for (let round = 0; round < 3; round++) {
      await bench.rest()
      await continueErasures(bench.context)
    }
  })

  test('the row stays and counts, and opens no more, which is no forgery', async () => {
    const page = await read()
    expect(page).toMatchObject({ erased: 1, missing: [], upTo: 2 })
    expect(page.events.map(({ position }) => position)).toEqual([2])
    expect(await bench.alarms()).toEqual([])
  })

  test('a row that was changed is told apart from that', async () => {
    await engine.tamper(`update event set type = 'access.taken' where position = 1`)
    expect(await read()).toMatchObject({ erased: 0, missing: [{ from: 1, to: 1, forgotten: false }] })
    expect(await bench.alarms()).toContain('events.forged')
  })

  test('nothing of it is left under keys that were replaced', async () => {
    await replaceAll(bench)
    expect(await read()).toMatchObject({ erased: 1, missing: [] })
    await renewEvents(events.context, going)
    expect(await read()).toMatchObject({ erased: 1, missing: [] })
    expect(await bench.rows('select sealed, person_digest from event where position = 1')).toEqual([
      { sealed: Buffer.alloc(0), person_digest: null },
    ])
  })
})

describe('when all keys are replaced', () => {
  beforeEach(async () => {
    await bench.deliver([hrRow(1)])
    await bench.rest()
    await append(of('access.granted', 'a', { account: 'n1' }), of('door.opened', 'b'), of('alarm.duress', 'c'))
  })

  test('events open before they are sealed anew and after, and nothing of theirs is as it was', async () => {
    const before = (await read()).events
    const bytes = await bytesByColumn(engine.database.pool)
    await replaceAll(bench)
    expect((await read()).events).toEqual(before)
    expect(await renewEvents(events.context, going)).toBe(3)
    expect((await read()).events).toEqual(before)
    const after = await bytesByColumn(engine.database.pool)
    for (const column of ['sealed', 'whose', 'guard', 'person_digest', 'door_digest'].map((name) => `event.${name}`)) {
      expect([column, bytes.get(column)?.size]).toEqual([column, expect.any(Number)])
      expect([...(bytes.get(column) ?? [])].filter((each) => after.get(column)?.has(each))).toEqual([])
    }
    expect(await renewEvents(events.context, going)).toBe(0)
    expect(await bench.alarms()).toEqual([])
  })

  test('what was told before is known after, and what comes is under the new ones', async () => {
    await replaceAll(bench)
    expect(await append(of('access.granted', 'a', { account: 'n1' }), of('door.opened', 'd'))).toEqual({
      appended: 1,
      known: 1,
    })
    await renewEvents(events.context, going)
    expect((await read()).events.map(({ position }) => position)).toEqual([1, 2, 3, 4])
    await replaceAll(bench)
    await renewEvents(events.context, going)
    expect(await append(of('access.granted', 'a'), of('door.opened', 'd'))).toEqual({ appended: 0, known: 2 })
    expect((await read()).events).toHaveLength(4)
  })

  test('what somebody wrote before does not become right by that', async () => {
    await engine.tamper(`update event set type = 'door.closed' where position = 2`)
    await replaceAll(bench)
    await renewEvents(events.context, going)
    expect((await read()).events.map(({ position }) => position)).toEqual([1, 3])
    expect(await bench.alarms()).toContain('events.forged')
  })
})

describe('whatever comes in whatever batches', () => {
  const batches = fc.array(
    fc.record({
      source: fc.constantFrom('doors', 'gates'),
      keys: fc.array(fc.record({ key: fc.integer({ min: 0, max: 40 }), type: fc.constantFrom(...eventTypes) }), {
        maxLength: 12,
      }),
      crash: fc.boolean(),
      together: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )

  test('each event is in the log once, densely numbered, in the order it was kept, with the last cursor that was kept', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        await engine.tamper('truncate event_source, event_month, event_key; delete from event')
        const fresh = eventsBench(engine.database, engine.vault, () => now, ['doors', 'gates'])
        const kept = new Map<string, string[]>([
          ['doors', []],
          ['gates', []],
        ])
        for (const { source, keys, crash, together } of all) {
          const batch = batchOf(
            keys.map(({ key, type }) => reported(accessEvent(now, { type, account: `a${key}` }), `k${key}`)),
            {
              cursor: `c${keys.length}`,
            },
          )
          const known = kept.get(source) ?? []
          const news = [...new Set(keys.map(({ key }) => `a${key}`))].filter((each) => !known.includes(each))
          // A crash between: the very same is told again.
          const times = crash ? 2 : 1
          const tellers = together ? [fresh.context, fresh.another()] : [fresh.context]
          for (let i = 0; i < times; i++) {
            const done = await Promise.all(tellers.map((teller) => appendEvents(teller, source, batch)))
            expect(done.reduce((sum, { appended }) => sum + appended, 0)).toBe(i === 0 ? news.length : 0)
          }
          kept.set(source, [...known, ...news])
        }
        for (const [source, accounts] of kept) {
          const page = await readLogged(fresh.context, source, 0, 1_000)
          expect(page.events.map(({ event }) => event.account)).toEqual(accounts)
          expect(page.events.map(({ position }) => position)).toEqual(accounts.map((_, i) => i + 1))
          expect(page.missing).toEqual([])
          const steps: (string | null)[] = []
          for (let after = 0; ; ) {
            const one = await readLogged(fresh.context, source, after, 3)
            steps.push(...one.events.map(({ event }) => event.account))
            if (one.upTo === after) break
            after = one.upTo
          }
          expect(steps).toEqual(accounts)
        }
      }),
      { numRuns: 25 },
    )
    expect(await bench.alarms()).not.toContain('events.forged')
  }, 60_000)
})
