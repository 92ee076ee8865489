import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { compileEventFilter, everyEvent } from '../../mapping/event-filter.ts'
import type { Reveal } from '../../model/events/reveal.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import { eventsChannel } from '../../store/events/rows.ts'
import { keysOfPeople } from '../../store/events/who.ts'
import { type PunchRow, punchGuard } from '../../store/guards.ts'
import { sealPunch } from '../../store/punches/punch.ts'
import { writePositions } from '../../store/subscriptions/positions.ts'
import { inTransaction } from '../../store/transaction.ts'
import { continueErasures } from '../../sync/erasure/continue.ts'
import { erasePerson } from '../../sync/erasure/erase.ts'
import { type Bench, hour, minute, useEngine } from '../../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../../sync/fixtures/hr-file.fixture.ts'
import { replaceAll } from '../../sync/rekey/rekey.fixture.ts'
import type { DataKey } from '../../vault/vault.ts'
import { appendEvents } from '../append.ts'
import { attendanceBench } from '../attendance/attendance.fixture.ts'
import type { AttendanceContext } from '../attendance/context.ts'
import { addPunch, voidPunch } from '../attendance/correct.ts'
import { readPunches } from '../attendance/read-punches.ts'
import { keepPunches, takePunches } from '../attendance/take-punches.ts'
import { writePunches } from '../attendance/write-punches.ts'
import { accessEvent, batchOf, eventsBench, reported } from '../events.fixture.ts'
import { memorySink, openWorkshop } from './deliver.fixture.ts'
import { eventsFeed } from './events-feed.ts'
import { peopleOn } from './people.fixture.ts'
import { punchesFeed } from './punches-feed.ts'

const engine = useEngine()
const going = new AbortController().signal
const clerk = randomUUID() as SubjectId
const log = 'attendance_log'

let bench: Bench
let attendance: AttendanceContext
let person: PersonId

beforeEach(async () => {
  bench = await engine.begin()
  attendance = attendanceBench(eventsBench(engine.database, engine.vault, () => bench.context.now()).context)
  await bench.deliver([
    hrRow(1, { card: '11', given: 'Zelda', family: 'Samplewoman', department: 'Research' }),
    hrRow(2, { card: '12', department: 'Sales' }),
  ])
  await bench.rest()
  person = await bench.personOf('n1')
})

const people = peopleOn(() => bench.context)
const feedOf = (reveal: readonly Reveal[] = [], filter?: string, id = 'payroll') =>
  punchesFeed(attendance, {
    ...{ id, gateway: 'hq', reveal, people },
    filter: filter === undefined ? everyEvent : compileEventFilter(filter, reveal, 'punches'),
  })
const ago = (hours: number) => new Date(bench.context.now().getTime() - hours * hour)

/** Passes the front door, and is looked at for punches. */
async function pass(account: string, at: Date, direction: 'in' | 'out' = 'in'): Promise<void> {
  await appendEvents(attendance.events, 'doors', batchOf([reported(accessEvent(at, { account, direction }))]))
  await takePunches(attendance, going)
}

/** `n1` came and went, and what she pressed when she went was wrong. */
async function aDay(): Promise<void> {
  await pass('n1', ago(3))
  await pass('n1', ago(2), 'out')
  await voidPunch(attendance, clerk, 2, 'was Zelda at the doctor')
  await addPunch(attendance, clerk, person, { kind: 'out', at: ago(1), reason: 'told by phone' })
}

const read = async (feed = feedOf(), after = 0, limit = 100) => feed.read(log, after, limit)
const numbers = async (feed = feedOf(), after = 0) => (await read(feed, after)).items.map(({ position }) => position)

test('a punch is a CloudEvent with times by the clocks of the site, and a correction is one of its own', async () => {
  await aDay()
  const { items, ...rest } = await read()
  expect(rest).toEqual({ upTo: 4, erased: 0, unfiltered: 0, lost: 0 })
  const id = expect.stringMatching(/^[\w-]{22}$/)
  const told = (n: number, type: string, at: Date, more: object) => ({
    ...{ specversion: '1.0', id, source: '/gatehouse/hq/attendance_log', type: `org.gatehouse.${type}.v1` },
    ...{ time: at.toISOString(), datacontenttype: 'application/json', sequence: String(n) },
    data: {
      ...{ type, at: at.toISOString(), zone: 'Europe/Berlin', day: '2026-03-02', person: { id } },
      ...{ localTime: expect.stringMatching(/^2026-03-02T0\d:00:00\+01:00$/), correction: false, voids: null },
      ...{ recordedAt: bench.context.now().toISOString(), ...more },
    },
  })
  expect(items.map(({ event }) => event)).toEqual([
    told(1, 'punch.in', ago(3), { kind: 'in', localTime: '2026-03-02T06:00:00+01:00' }),
    told(2, 'punch.out', ago(2), { kind: 'out' }),
    told(3, 'punch.voided', ago(2), {
      ...{ kind: null, correction: true, voids: { id: items[1]?.event.id, sequence: '2', kind: 'out' } },
    }),
    told(4, 'punch.out', ago(1), { kind: 'out', correction: true }),
  ])
  for (const { event, bytes } of items) expect(bytes).toBe(Buffer.byteLength(JSON.stringify(event)))
  expect(new Set(items.map(({ event }) => event.id)).size).toBe(4)
})

describe('the wall', () => {
  test('nothing of a door, a card, a system or a reason is told, and no name that is not revealed', async () => {
    await aDay()
    const all = JSON.stringify((await read(feedOf(['employee_number', 'name', 'email', 'department']))).items)
    expect(all).toMatch(/Samplewoman/)
    expect(all).not.toMatch(/door|front|"d1"|"r1"|lyon|card|verify|reader|vendor|4102|doctor|phone/i)
    expect(all).not.toContain(clerk)
    const none = JSON.stringify((await read()).items)
    expect(none).not.toMatch(/Zelda|Samplewoman|Research|"n1"/)
    expect(none).not.toContain(person)
    for (const [one, told] of [
      ['employee_number', '"n1"'],
      ['name', 'Samplewoman'],
      ['department', 'Research'],
    ] as const)
      for (const other of ['employee_number', 'name', 'department'] as const)
        expect([one, other, JSON.stringify((await read(feedOf([other]))).items).includes(told)]).toEqual([
          ...[one, other, one === other],
        ])
  })

  test('pseudonyms are the same each time, others at another receiver, and none that the feed of events has', async () => {
    await aDay()
    const ids = async (id: string) =>
      (await read(feedOf([], undefined, id))).items.flatMap(({ event }) => [event.id, personIn(event.data)])
    expect(await ids('payroll')).toEqual(await ids('payroll'))
    const others = await ids('canteen')
    const parts = { id: 'payroll', gateway: 'hq', filter: everyEvent, reveal: [], people }
    const { items } = await eventsFeed(attendance.events, parts).read('doors', 0, 100)
    const ofEvents = items.flatMap(({ event }) => [event.id, personIn(event.data)])
    expect(ofEvents).toHaveLength(4)
    expect((await ids('payroll')).filter((each) => [...others, ...ofEvents].includes(each))).toEqual([])
  })

  const personIn = (data: Readonly<Record<string, unknown>>) => (data.person as { readonly id: string }).id
})

test('the filter sees kinds, corrections and attributes; what takes a punch back passes with that punch', async () => {
  await aDay()
  await pass('n2', ago(0.5))
  expect(await numbers(feedOf([], 'event.kind == "out"'))).toEqual([2, 3, 4])
  expect(await numbers(feedOf([], 'event.type == "punch.in"'))).toEqual([1, 5])
  expect(await numbers(feedOf([], '!event.correction'))).toEqual([1, 2, 5])
  expect(await numbers(feedOf(['department'], 'person.department == "Sales"'))).toEqual([5])
  expect(await read(feedOf([], 'int(event.kind) > 0'))).toMatchObject({ items: [], unfiltered: 5, upTo: 5 })
  // Also where the punch itself was on a page before.
  expect(await numbers(feedOf([], 'event.kind == "out"'), 2)).toEqual([3, 4])
})

test('it has one source, which is there with the first punch; of another it reads nothing', async () => {
  expect([await feedOf().newest(), await read()]).toEqual([new Map(), expect.objectContaining({ items: [], upTo: 0 })])
  await aDay()
  expect(await feedOf().newest()).toEqual(new Map([[log, 4]]))
  expect(await feedOf().read('doors', 0, 100)).toMatchObject({ items: [], upTo: 0 })
  expect((await read(feedOf(), 1, 2)).items.map(({ position }) => position)).toEqual([2, 3])
  expect(await read(feedOf(), 1, 2)).toMatchObject({ upTo: 3 })
})

test('who is erased has no punches any more: they are left out, counted, and passed', async () => {
  await aDay()
  await pass('n2', ago(0.5))
  await erasePerson(bench.context, person, bench.operator, 'asked for it')
  for (let round = 0; round < 4; round += 1) {
    await continueErasures(bench.context)
    await bench.rest()
  }
  expect(await bench.rows('select n from punch order by n')).toHaveLength(5)
  const { items, ...rest } = await read(feedOf(['employee_number', 'name']))
  expect(items.map(({ position }) => position)).toEqual([5])
  expect(rest).toEqual({ upTo: 5, erased: 4, unfiltered: 0, lost: 0 })
  expect(JSON.stringify(items)).not.toMatch(/Zelda|Samplewoman|n1/)
  expect(await bench.alarms()).not.toContain('guard.failed')
})

describe('what is not as it was written', () => {
  test('punches that were taken away, forgotten or altered are told as lost, the altered ones with an alarm', async () => {
    await aDay()
    const whole = (await read()).items
    await engine.tamper('delete from punch where n = 2')
    expect(await read()).toMatchObject({ upTo: 4, lost: 1, erased: 0 })
    expect(await bench.alarms()).not.toContain('guard.failed')
    // Of what it took back its own seal tells, so that it passes the filter that the other passed.
    expect((await read()).items[1]?.event.data.voids).toEqual({ id: whole[1]?.event.id, sequence: '2', kind: 'out' })
    expect(await numbers(feedOf([], 'event.kind == "out"'))).toEqual([3, 4])
    await engine.tamper(`update punch set sealed = sealed || '\\x00' where n = 4`)
    expect(await read()).toMatchObject({ upTo: 4, lost: 2, erased: 0 })
    expect(await bench.rows(`select scope from alarm where code = 'guard.failed'`)).toEqual([{ scope: 'punch' }])
    await bench.pass(40 * 24 * hour)
    await keepPunches(attendance, going)
    expect(await read()).toMatchObject({ items: [], upTo: 4, lost: 4, erased: 0 })
  })

  test.each([
    'update punch_log set last_n = 9',
    'update punch_log set last_n = 1',
    `insert into punch select 900, day, person_digest, null, sealed, guard from punch where n = 1`,
  ])('after %s nothing is read, with an alarm, until the next punch sets it right', async (sql) => {
    await aDay()
    await engine.tamper(sql)
    expect([await feedOf().newest(), await read()]).toEqual([
      ...[new Map(), { items: [], upTo: 0, erased: 0, unfiltered: 0, lost: 0 }],
    ])
    expect(await bench.rows(`select scope from alarm where code = 'guard.failed'`)).toEqual([{ scope: 'punch_log' }])
    await pass('n1', ago(0.5))
    expect((await numbers()).slice(0, 4)).toEqual([1, 2, 3, 4])
    expect((await numbers()).length).toBe(5)
  })
})

describe('an older row of the log is put back, and what came since is gone', () => {
  /** Three punches as they were delivered, of which the last two come to be gone. */
  async function setBack(delivered: () => Promise<unknown> = async () => undefined) {
    await pass('n1', ago(9))
    const [old] = await bench.rows<{ last_n: string; guard: Buffer }>('select last_n, guard from punch_log')
    await pass('n1', ago(5), 'out')
    await addPunch(attendance, clerk, person, { kind: 'in', at: ago(4), reason: 'told by phone' })
    const { items, upTo } = await read()
    await delivered()
    await engine.tamper('delete from punch where n > 1')
    await engine.tamper('update punch_log set last_n = $1, guard = $2', [old?.last_n, old?.guard])
    return { upTo, ids: items.map(({ event }) => event.id) }
  }
  const alarms = () => bench.rows(`select scope from alarm where code = 'guard.failed'`)
  const onwards = async (upTo: number, ids: readonly string[]) => {
    await pass('n2', ago(3))
    await addPunch(attendance, clerk, person, { kind: 'out', at: ago(2), reason: 'told by phone' })
    expect(await read(feedOf(), upTo)).toMatchObject({ items: [{ position: 4 }, { position: 5 }], lost: 0 })
    const all = (await read()).items.map(({ event }) => event.id)
    expect(all.filter((id) => ids.includes(id))).toEqual(ids.slice(0, 1))
    expect(all).toHaveLength(3)
  }

  test('numbers go on above those that this process saw, with an alarm', async () => {
    const { upTo, ids } = await setBack()
    await onwards(upTo, ids)
    expect(await alarms()).toEqual([{ scope: 'punch_log' }])
  })

  test('or those that a subscription was told, where the process began since', async () => {
    const { upTo, ids } = await setBack()
    attendance.events.seen.clear()
    const positions = new Map([[log, upTo]])
    await inTransaction(engine.database.pool, (client) => writePositions(client, engine.vault, 'payroll', 0, positions))
    // What nobody signed counts for nothing.
    await engine.tamper(
      `insert into subscription_position select 'forged', source, epoch, 900, guard from subscription_position`,
    )
    await onwards(upTo, ids)
    expect(await alarms()).toEqual([{ scope: 'punch_log' }])
  })

  test('also where what delivers began anew before anything came', async () => {
    const workshop = openWorkshop(engine)
    await workshop.register('payroll', 'start', 'punches')
    const sink = memorySink()
    const setup = { id: 'payroll', feed: feedOf(), sink, callLimitMs: 2_000 }
    const first = workshop.start(setup)
    const { upTo, ids } = await setBack(async () => {
      await vi.waitFor(() => expect(sink.taken).toHaveLength(3), { timeout: 10_000 })
      await first.stop(1_000)
    })
    attendance.events.seen.clear()
    const second = workshop.start(setup)
    await vi.waitFor(async () => expect(await alarms()).toEqual([{ scope: 'punch_log' }]), { timeout: 10_000 })
    await onwards(upTo, ids)
    await vi.waitFor(() => expect(sink.taken).toHaveLength(5), { timeout: 10_000 })
    await second.stop(1_000)
    expect(new Set(sink.taken).size).toBe(5)
    expect(await workshop.positions('payroll')).toEqual({ [log]: 5 })
  })

  test('a reader that was further tells of it before anything comes', async () => {
    const { upTo } = await setBack()
    attendance.events.seen.clear()
    expect(await read(feedOf(), upTo)).toMatchObject({ items: [], upTo: 3 })
    expect(await alarms()).toEqual([{ scope: 'punch_log' }])
  })

  test('where numbers come again all the same, as after an honest restore, they are told under other ids, the same event under its own', async () => {
    const event = reported(accessEvent(ago(5), { account: 'n1', direction: 'out' }), 'left')
    const report = async () => {
      await appendEvents(attendance.events, 'doors', batchOf([event]))
      await takePunches(attendance, going)
    }
    await addPunch(attendance, clerk, person, { kind: 'in', at: ago(9), reason: 'told by phone' })
    await report()
    const before = (await read()).items
    await voidPunch(attendance, clerk, 1, 'told wrong')
    const [kept] = await bench.rows<PunchRow>('select * from punch where n = 3')
    await engine.tamper('delete from punch; delete from punch_log; delete from event; delete from event_key')
    await engine.tamper('delete from event_source; delete from punch_position')
    attendance.events.seen.clear()
    await addPunch(attendance, clerk, person, { kind: 'in', at: ago(9), reason: 'told by phone' })
    await report()
    const after = (await read()).items
    expect(after.map(({ position }) => position)).toEqual([1, 2])
    expect(after.map(({ event: { id } }, i) => id === before[i]?.event.id)).toEqual([false, true])
    // Nor does one that somebody kept take back what has the number now.
    const { n, day, person_digest, event_digest, sealed, guard } = kept as PunchRow
    await engine.tamper('insert into punch values ($1, $2, $3, $4, $5, $6)', [
      ...[n, day, person_digest, event_digest, sealed, guard],
    ])
    const [first] = (await readPunches(attendance, [person], ['2026-03-01', '2026-03-02'])).get(person) ?? []
    expect(first).toMatchObject({ n: 1, kind: 'in', voidedBy: null })
  })
})

test('the position before a time goes by when each was written; what was taken away and who was erased hold nothing up', async () => {
  const begun = bench.context.now()
  for (let i = 0; i < 6; i += 1) {
    // Of the day before: only when it was written rises.
    await pass(i === 2 ? 'n2' : 'n1', new Date(ago(24).getTime() - i * minute))
    await bench.pass(minute)
  }
  const at = (minutes: number) => feedOf().positionBefore(log, new Date(begun.getTime() + minutes * minute))
  const found = async () => Promise.all([at(-1), at(0), at(0.5), at(2.5), at(3.5), at(99)])
  expect(await found()).toEqual([0, 0, 1, 3, 4, 6])
  expect(await feedOf().positionBefore('doors', begun)).toBe(0)
  await engine.tamper('delete from punch where n = 4')
  expect(await at(3.5)).toBe(3)
  const { keys } = await keysOfPeople(engine.database.pool, engine.vault, [await bench.personOf('n2')])
  for (const { key } of keys.values()) {
    engine.vault.forget(key.id)
    await engine.tamper('delete from person_key where id = $1', [key.id])
  }
  expect(await at(1.5)).toBe(2)
  expect(await at(99)).toBe(6)
})

test('a punch of before it was noted when one is written down is told all the same, without that', async () => {
  await pass('n1', ago(3))
  const { vault, database } = engine
  const { keys } = await keysOfPeople(database.pool, vault, [person])
  const key = keys.get(person)?.key as DataKey
  const placed = { n: '1', day: '2026-03-02' }
  const content = { person, at: ago(3).getTime(), kind: 'in', voids: null, by: null } as const
  const sealed = sealPunch(vault, key, placed, content)
  const [row] = await bench.rows<PunchRow>('select * from punch')
  const guard = vault.guard('punch', punchGuard({ ...(row as PunchRow), sealed }))
  await engine.tamper('update punch set sealed = $1, guard = $2', [sealed, guard])
  const [item] = (await read()).items
  expect(item?.event.data).toMatchObject({ kind: 'in', recordedAt: null, at: ago(3).toISOString() })
  expect(item?.receivedAt).toEqual(ago(3))
  expect(await feedOf().positionBefore(log, ago(2))).toBe(1)
})

test('after keys were replaced it reads on, under ids that tell nothing of those before', async () => {
  await aDay()
  const before = (await read(feedOf(['employee_number']))).items
  const { tally } = await replaceAll(bench)
  expect([tally.sum('refused'), tally.sum('unreadable')]).toEqual([0, 0])
  await pass('n1', ago(0.5))
  const { items, ...rest } = await read(feedOf(['employee_number']))
  expect(rest).toEqual({ upTo: 5, erased: 0, unfiltered: 0, lost: 0 })
  const told = (all: typeof items) => all.map(({ event: { sequence, data } }) => [sequence, data.kind, data.at])
  expect(told(items).slice(0, 4)).toEqual(told(before))
  const ids = (all: typeof items) => all.map(({ event }) => event.id)
  expect(ids(items).filter((id) => ids(before).includes(id))).toEqual([])
})

test('whoever waits hears of a punch when it is committed', async () => {
  const client = await engine.database.pool.connect()
  try {
    const heard: (string | undefined)[] = []
    client.on('notification', ({ payload }) => heard.push(payload))
    await client.query(`listen ${eventsChannel}`)
    await aDay()
    await vi.waitFor(() => expect(heard.filter((payload) => payload === log)).toHaveLength(4))
  } finally {
    client.release(true)
  }
})

test('whatever writes at once, a reader that goes on where it was sees each once, in order, and none is passed over', {
  timeout: 60_000,
}, async () => {
  const writers = fc.array(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), {
    ...{ minLength: 2, maxLength: 5 },
  })
  const { keys } = await keysOfPeople(engine.database.pool, engine.vault, [person])
  const key = keys.get(person)?.key
  if (key === undefined) throw new Error('a person without a key')
  await fc.assert(
    fc.asyncProperty(writers, fc.integer({ min: 1, max: 7 }), async (all, limit) => {
      await engine.tamper('delete from punch; delete from punch_log')
      attendance.events.seen.clear()
      const total = all.flat().reduce((sum, count) => sum + count, 0)
      const content = { person, at: ago(1).getTime(), kind: 'in', voids: null, by: null } as const
      const write = async (counts: readonly number[]) => {
        for (const count of counts)
          await inTransaction(engine.database.pool, (client) =>
            writePunches(
              client,
              attendance,
              Array.from({ length: count }, () => ({ content, key, event: randomUUID() })),
            ),
          )
      }
      const writing = Promise.all(all.map(write))
      const seen: number[] = []
      for (let after = 0; after < total; ) {
        const page = await read(feedOf(), after, limit)
        expect(page).toMatchObject({ erased: 0, lost: 0 })
        seen.push(...page.items.map(({ position }) => position))
        after = page.upTo
      }
      await writing
      expect(seen).toEqual(Array.from({ length: total }, (_, i) => i + 1))
    }),
    { numRuns: Number(process.env.HISTORIES ?? 8) },
  )
})
