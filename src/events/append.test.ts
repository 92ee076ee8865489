import { beforeEach, describe, expect, test } from 'vitest'
import { h10301 } from '../model/card.ts'
import type { PersonId } from '../model/id.ts'
import { type Bench, useEngine } from '../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../sync/fixtures/hr-file.fixture.ts'
import { appendEvents, OvertakenError } from './append.ts'
import { accessEvent, batchOf, type EventsBench, eventsBench, reported } from './events.fixture.ts'
import { followEvents } from './follow.ts'
import { readLogged } from './read-logged.ts'

const engine = useEngine()
let bench: Bench
let events: EventsBench
const now = () => bench.context.now()
const going = new AbortController().signal

beforeEach(async () => {
  bench = await engine.begin()
  events = eventsBench(engine.database, engine.vault, now)
})

const append = (...args: Parameters<typeof batchOf>) => appendEvents(events.context, 'doors', batchOf(...args))
const read = (after = 0, limit = 100) => readLogged(events.context, 'doors', after, limit)
const granted = (key: string, more = {}) => reported(accessEvent(now(), more), key)

/** Every four bytes that follow one another: long enough to tell rows apart by. */
function piecesOf(bytes: Buffer): Set<string> {
  return new Set(Array.from({ length: bytes.length - 3 }, (_, at) => bytes.toString('hex', at, at + 4)))
}

describe('what a source reports', () => {
  test('is read back as it was, in order, numbered from 1, with its site', async () => {
    const all = ['a', 'b', 'c'].map((key) => granted(key, { account: `x${key}` }))
    expect(await append(all)).toEqual({ appended: 3, known: 0 })
    const page = await read()
    expect(page.events.map(({ event }) => event)).toEqual(all.map(({ event }) => event))
    expect(page.events.map(({ position }) => position)).toEqual([1, 2, 3])
    expect(page).toMatchObject({ upTo: 3, erased: 0, missing: [] })
    expect(page.events[0]).toMatchObject({ source: 'doors', live: true, site: 'lyon', person: null, receivedAt: now() })
    expect(new Set(page.events.map(({ id }) => id)).size).toBe(3)
    expect((await read(1, 1)).events.map(({ position }) => position)).toEqual([2])
  })

  test('is kept once, however often it is told, and under the same id', async () => {
    await append([granted('a'), granted('b')])
    const [first] = (await read()).events
    expect(await append([granted('b'), granted('c'), granted('c'), granted('a')])).toEqual({ appended: 1, known: 3 })
    const page = await read()
    expect(page.events.map(({ position }) => position)).toEqual([1, 2, 3])
    expect(page.events[0]?.id).toBe(first?.id)
    expect(events.counts.get('known doors')).toBe(3)
    expect(events.counts.get('appended doors access')).toBe(3)
  })

  test('stands without a gap between others that were told before', async () => {
    await append([granted('b'), granted('d')])
    expect(await append(['a', 'b', 'c', 'd', 'e'].map((key) => granted(key)))).toEqual({ appended: 3, known: 2 })
    const { events: found, missing } = await read()
    expect(found.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5])
    expect(new Set(found.map(({ id }) => id)).size).toBe(5)
    expect(missing).toEqual([])
    expect(await bench.alarms()).toEqual([])
  })

  test('of another source with the same key is another event', async () => {
    await append([granted('a')])
    await appendEvents(events.context, 'gates', batchOf([granted('a')]))
    const [here] = (await read()).events
    const [there] = (await readLogged(events.context, 'gates', 0, 10)).events
    expect(there?.position).toBe(1)
    expect(there?.id).not.toBe(here?.id)
  })

  test('is whose account is named, else whose card was shown', async () => {
    await bench.deliver([hrRow(1, { card: '11' }), hrRow(2, { card: '12' })])
    await bench.rest()
    const [one, two] = [await bench.personOf('n1'), await bench.personOf('n2')]
    await append([
      granted('a', { account: 'n1', card: h10301(7, 12) }),
      granted('b', { account: 'nobody', card: h10301(7, 12) }),
      granted('c', { card: h10301(7, 11) }),
      granted('d', { account: 'nobody' }),
      granted('e', { card: h10301(99, 9) }),
      granted('f', { type: 'access.denied.unknown_credential', cardNumber: '0815' }),
    ])
    const people = (await read()).events.map(({ person }) => person)
    const card = (await bench.rows<{ state: string }>(`select state from credential`)).length
    expect(card).toBe(2)
    expect(people).toEqual([one, two, one, null, null, null] satisfies (PersonId | null)[])
    const rows = await bench.rows<{ strange_card: boolean; key: boolean }>(
      'select strange_card, whose is not null as key from event order by position',
    )
    expect(rows.map(({ strange_card }) => strange_card)).toEqual([false, false, false, false, true, true])
    expect(rows.map(({ key }) => key)).toEqual([true, true, true, false, false, false])
  })

  test('shows nothing of who and where in the database', async () => {
    await append(
      [granted('secret-key', { account: 'Ada', cardNumber: '4711815', door: { id: 'vault-7', name: 'Vault' } })],
      {
        cursor: 'from-here',
      },
    )
    const texts = await bench.rows<{ text: string }>(
      `select e::text as text from event e union all select s::text from event_source s union all select k::text from event_key k
       union all select m::text from event_month m`,
    )
    const all = texts.map(({ text }) => text).join('\n')
    const decoded = [...all.matchAll(/\\x([0-9a-f]+)/g)].map(([, hex]) =>
      Buffer.from(hex ?? '', 'hex').toString('latin1'),
    )
    for (const secret of ['secret-key', 'Ada', '4711815', 'vault-7', 'Vault', 'from-here', 'Front'])
      expect(`${all}${decoded.join('\n')}`).not.toContain(secret)
  })

  test('shows in no row which others are of the same person on another day', async () => {
    await bench.deliver([hrRow(1), hrRow(2)])
    await bench.rest()
    const days = [now(), new Date(now().getTime() - 86_400_000)]
    const of = (account: string) =>
      days.map((day) => reported(accessEvent(day, { account, door: { id: account, name: null } })))
    await append([...of('n1'), ...of('n2')])
    const columns = ['person_digest', 'card_digest', 'door_digest', 'whose', 'sealed', 'guard']
    const rows = await bench.rows<{ bytes: Buffer; whose: Buffer | null }>(
      `select whose, ${columns.map((name) => `coalesce(${name}, '')`).join(' || ')} as bytes from event order by position`,
    )
    expect(rows.filter(({ whose }) => whose !== null).length).toBe(4)
    const [one, sameOne, two, sameTwo] = rows.map(({ bytes }) => piecesOf(bytes))
    const anybodys = one?.intersection(two ?? new Set())
    expect([...(one?.intersection(sameOne ?? new Set()) ?? ['?'])].filter((piece) => !anybodys?.has(piece))).toEqual([])
    expect([...(two?.intersection(sameTwo ?? new Set()) ?? ['?'])].filter((piece) => !anybodys?.has(piece))).toEqual([])
  })

  test('that is no event is kept as far as it goes, counted and alarmed, and stops nothing', async () => {
    const broken = [
      granted('a', { type: 'no.such.type' }),
      granted('b', { at: 'yesterday' }),
      granted('c', { account: 'x'.repeat(900), door: { id: 7 }, verify: ['card', 'nose'] }),
      { key: '', event: accessEvent(now()) },
      { key: 'k'.repeat(300), event: null },
      null,
      granted('d', { vendor: { code: '\ud800', name: null, detail: { deep: { er: 1 } } } }),
      granted('e'),
    ] as unknown as Parameters<typeof batchOf>[0]
    expect(await append(broken)).toMatchObject({ appended: 8 })
    const page = await read()
    expect(page.events.map(({ event }) => event.type)).toEqual([
      ...['other', 'access.granted', 'access.granted', 'access.granted', 'other', 'other'],
      ...['access.granted', 'access.granted'],
    ])
    expect(page.events[2]?.event).toMatchObject({ account: 'x'.repeat(512), door: null, verify: ['card'] })
    expect(page.events[1]?.event).toMatchObject({ at: now().toISOString(), approximate: true })
    expect(events.counts.get('malformed doors')).toBe(7)
    expect(await bench.alarms()).toContain('events.malformed')
    expect(await append(broken)).toEqual({ appended: 0, known: 8 })
  })

  test('about a device that was never set is filed when it came, and told as it was', async () => {
    await append([granted('a', { at: '2000-01-01T00:00:00.000Z' })])
    const [row] = await bench.rows<{ at: Date }>('select at from event')
    expect(row?.at).toEqual(now())
    expect((await read()).events[0]?.event.at).toBe('2000-01-01T00:00:00.000Z')
  })

  test('of a code that nobody knows is kept as other, and counted', async () => {
    await append([granted('a', { type: 'other' }), granted('b'), granted('c', { type: 'other' })])
    await append([granted('a', { type: 'other' })])
    expect((await read()).events.map(({ event }) => event.type)).toEqual(['other', 'access.granted', 'other'])
    expect(events.counts.get('other doors')).toBe(2)
  })

  test('that events were lost is alarmed', async () => {
    await append([granted('a', { type: 'system.events_lost' })])
    expect(await bench.alarms()).toContain('events.lost')
  })
})

describe('what somebody else wrote', () => {
  beforeEach(async () => {
    await bench.deliver([hrRow(1), hrRow(2)])
    await bench.rest()
    await append([1, 2, 3, 4].map((n) => granted(`k${n}`, { account: n < 3 ? 'n1' : 'n2' })))
  })

  const kept = async (after = 0) => (await read(after)).events.map(({ position }) => position)

  test.each([
    `update event set type = 'access.denied.other' where position = 2`,
    `update event set at = at - interval '1 h' where position = 2`,
    `update event set door_digest = person_digest where position = 2`,
    `update event set strange_card = true where position = 2`,
    `update event e set whose = o.whose from event o where e.position = 2 and o.position = 3`,
    `update event e set whose = o.whose, person_digest = o.person_digest from event o where e.position = 2 and o.position = 3`,
    `update event e set sealed = o.sealed from event o where e.position = 2 and o.position = 1`,
    `update event e set sealed = o.sealed, guard = o.guard from event o where e.position = 2 and o.position = 1`,
    `update event set class = 'door' where position = 2`,
  ])('counts for nothing and is alarmed: %s', async (sql) => {
    await engine.tamper(`select make_event_month('door', '2026-03')`)
    await engine.tamper(sql)
    const page = await read()
    expect(page.events.map(({ position }) => position)).toEqual([1, 3, 4])
    expect(page.missing).toEqual([{ from: 2, to: 2, forgotten: false }])
    expect(await bench.alarms()).toEqual(expect.arrayContaining(['events.forged', 'events.missing']))
  })

  test('beyond the end is not read', async () => {
    await engine.tamper(`insert into event select source, 5, class, type, at, received_at, strange_card, person_digest, card_digest,
      door_digest, whose, sealed, guard from event where position = 4`)
    expect(await read()).toMatchObject({ upTo: 4, missing: [] })
    expect(await kept()).toEqual([1, 2, 3, 4])
  })

  test('a deleted event is missing, and alarmed', async () => {
    await engine.tamper('delete from event where position in (2, 3)')
    expect((await read()).missing).toEqual([{ from: 2, to: 3, forgotten: false }])
    expect(await bench.alarms()).toContain('events.missing')
  })

  test('a position that was set back is found again, and no event is written over', async () => {
    await engine.tamper('create table old_row as select * from event_source')
    await append([granted('k5')])
    await engine.tamper(
      'update event_source s set position = o.position, guard = o.guard, cursor = o.cursor from old_row o',
    )
    await append([granted('k6')])
    expect(await kept()).toEqual([1, 2, 3, 4, 5, 6])
    expect(await bench.alarms()).toContain('events.forged')
    await engine.tamper('drop table old_row')
  })

  test.each(['delete from event_source', `update event_source set position = 99`])(
    'a process that begins finds where the log ends: %s',
    async (sql) => {
      await engine.tamper(sql)
      const another = events.another()
      const one = { follow: () => oneBatch(batchOf([granted('k5')])) }
      await followEvents(another, 'doors', one, going, () => undefined)
      expect(await kept()).toEqual([1, 2, 3, 4, 5])
      expect(await bench.alarms()).toContain('events.forged')
    },
  )

  test('a row in the place of the next event holds nobody up', async () => {
    await engine.tamper(`insert into event select source, position + 1, class, type, at, received_at, strange_card, person_digest, card_digest,
      door_digest, whose, sealed, guard from event where position = 4`)
    const one = { follow: () => oneBatch(batchOf([granted('k5')])) }
    await followEvents(events.another(), 'doors', one, going, () => undefined)
    expect(await kept()).toEqual([1, 2, 3, 4, 6])
  })

  test('a cursor of somebody else begins at what happens now, with an alarm', async () => {
    await append([granted('k5')], { cursor: 'five' })
    await engine.tamper(`update event_source set cursor = cursor || '\\x00'::bytea`)
    expect(await cursorAtBegin()).toBeNull()
    expect(await bench.alarms()).toEqual(expect.arrayContaining(['events.forged', 'events.lost']))
  })
})

/** Where a process that begins to follow goes on. */
async function cursorAtBegin(): Promise<string | null> {
  const asked: (string | null)[] = []
  async function* follow(cursor: string | null) {
    asked.push(cursor)
    yield batchOf([])
  }
  await followEvents(events.another(), 'doors', { follow }, going, () => undefined)
  return asked[0] ?? null
}

const many = (n: number) =>
  Array.from({ length: 500 }, (_, at) => granted(`k${n}-${at}`, { vendor: { code: `${n}`, name: null, detail: {} } }))

async function* oneBatch(batch: ReturnType<typeof batchOf>) {
  yield batch
}

describe('whoever follows', () => {
  test('goes on at the cursor of the last batch that was kept, and each small batch is kept before the next is asked for', async () => {
    const seen: number[] = []
    async function* three() {
      for (const n of [1, 2, 3]) {
        seen.push((await read()).upTo)
        yield batchOf([granted(`k${n}`)], { cursor: `c${n}` })
      }
      throw new Error('cut')
    }
    await expect(followEvents(events.context, 'doors', { follow: three }, going, () => undefined)).rejects.toThrow(
      'cut',
    )
    expect(seen).toEqual([0, 1, 2])
    expect(await cursorAtBegin()).toBe('c3')
  })

  test('asks for the next batch while a large one is kept, and keeps both in order', async () => {
    const seen: number[] = []
    async function* large() {
      for (const n of [1, 2]) {
        seen.push((await read(0, 5000)).upTo)
        yield batchOf(many(n), { cursor: `c${n}` })
      }
    }
    await followEvents(events.context, 'doors', { follow: large }, going, () => undefined)
    expect(seen).toEqual([0, 0])
    const codes = (await read(0, 5000)).events.map(({ event }) => event.vendor.code)
    expect(codes).toEqual([1, 2].flatMap((n) => Array.from({ length: 500 }, () => `${n}`)))
    expect(await cursorAtBegin()).toBe('c2')
  })

  test('lets go of what was asked for meanwhile, when a batch can not be kept', async () => {
    let isLetGo = false
    async function* large(_: unknown, signal: AbortSignal) {
      try {
        yield batchOf(many(1), { cursor: 'c1' })
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      } finally {
        isLetGo = true
      }
    }
    await engine.tamper(`alter table event_source add constraint full_now check (position < 2) not valid`)
    const following = followEvents(events.context, 'doors', { follow: large }, going, () => undefined)
    await expect(following).rejects.toMatchObject({ code: '23514' })
    expect(isLetGo).toBe(true)
    await engine.tamper('alter table event_source drop constraint full_now')
    expect(await cursorAtBegin()).toBeNull()
  })

  test('is overtaken by who begins later, and appends nothing more', async () => {
    const second = { follow: () => oneBatch(batchOf([granted('b')], { cursor: 'second' })) }
    async function* first() {
      yield batchOf([granted('a')], { cursor: 'first' })
      await followEvents(events.another(), 'doors', second, going, () => undefined)
      yield batchOf([granted('c')], { cursor: 'late' })
    }
    const following = followEvents(events.context, 'doors', { follow: first }, going, () => undefined)
    await expect(following).rejects.toBeInstanceOf(OvertakenError)
    expect((await read()).upTo).toBe(2)
  })
})

test('a transaction that fails leaves neither events nor cursor nor keys', async () => {
  await append([granted('a')], { cursor: 'one' })
  await engine.tamper(`alter table event_source add constraint full_now check (position < 2) not valid`)
  await expect(append([granted('b')], { cursor: 'two' })).rejects.toMatchObject({ code: '23514' })
  await engine.tamper('alter table event_source drop constraint full_now')
  expect((await read()).upTo).toBe(1)
  expect(await append([granted('b')])).toEqual({ appended: 1, known: 0 })
})
