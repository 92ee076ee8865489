import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { appendOnce } from '../../audit/append.ts'
import { openAuditPage } from '../../audit/page.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import { keysOfPeople } from '../../store/events/who.ts'
import { type PunchRow, punchGuard } from '../../store/guards.ts'
import { punchDigest, sealPunch } from '../../store/punches/punch.ts'
import { continueErasures } from '../../sync/erasure/continue.ts'
import { erasePerson } from '../../sync/erasure/erase.ts'
import { type Bench, useEngine } from '../../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../../sync/fixtures/hr-file.fixture.ts'
import { bytesByColumn, replaceAll } from '../../sync/rekey/rekey.fixture.ts'
import type { DataKey } from '../../vault/vault.ts'
import { appendEvents } from '../append.ts'
import { accessEvent, batchOf, eventsBench, reported } from '../events.fixture.ts'
import { attendanceBench } from './attendance.fixture.ts'
import type { AttendanceContext } from './context.ts'
import { addPunch, voidPunch } from './correct.ts'
import { exportShifts } from './export.ts'
import { daysBetween, readPunches, readShifts } from './read-punches.ts'
import { recordReading } from './record-reading.ts'
import { workDayOf } from './shifts.ts'
import { keepPunches, takePunches } from './take-punches.ts'

const engine = useEngine()
const going = new AbortController().signal
const hour = 3_600_000
const clerk = '6f0d7b0e-7a43-4b38-9d2b-3d9f4ae1a001' as SubjectId

let bench: Bench
let context: AttendanceContext
let person: PersonId

beforeEach(async () => {
  bench = await engine.begin()
  const { context: events } = eventsBench(engine.database, engine.vault, () => bench.context.now())
  context = attendanceBench(events)
  await bench.deliver([hrRow(1, { card: '11' })])
  await bench.rest()
  person = await bench.personOf('n1')
})

/** The clock of the bench stands, so times count from it. */
const ago = (hours: number) => new Date(bench.context.now().getTime() - hours * hour)
const today = () => new Date(ago(0).getTime() - 4 * hour).toISOString().slice(0, 10)
const passed = (key: string, at: Date, more = {}) => reported(accessEvent(at, { account: 'n1', ...more }), key)
const report = (...events: ReturnType<typeof passed>[]) => appendEvents(context.events, 'doors', batchOf(events))
const take = () => takePunches(context, going)
const days = () =>
  [ago(48), ago(24), ago(0)].map((at) => new Date(at.getTime() + 2 * hour - 4 * hour).toISOString().slice(0, 10))
const punches = async () => (await readPunches(context, [person], days())).get(person) ?? []

describe('punches', () => {
  test('are made of the events that a rule fits, of people who were let in, each once', async () => {
    await report(
      passed('a', ago(9)),
      passed('b', ago(1), { direction: 'out' }),
      passed('c', ago(5), { deviceKey: 'break_start', direction: null }),
      passed('d', ago(4), { type: 'access.denied.expired' }),
      passed('e', ago(3), { door: { id: 'd2', name: 'Store' } }),
      reported(accessEvent(ago(2), { account: 'nobody' }), 'f'),
    )
    await take()
    await take()
    expect((await punches()).map(({ kind, at }) => [kind, at])).toEqual([
      ['in', ago(9).getTime()],
      ['break_start', ago(5).getTime()],
      ['out', ago(1).getTime()],
    ])
  })

  test('are not made twice of one event, though somebody set back how far it was looked through', async () => {
    await report(passed('a', ago(9)))
    await take()
    await bench.rows('update punch_position set position = 0 returning 1')
    await take()
    expect(await punches()).toHaveLength(1)
    expect(await bench.rows(`select scope from alarm where code = 'guard.failed'`)).toEqual([
      { scope: 'punch_position' },
    ])
  })

  test('say nothing in the store of who, when or what', async () => {
    await report(passed('a', ago(9)))
    await take()
    const [row] = await bench.rows<{ text: string }>('select punch::text as text from punch')
    expect(row?.text).not.toContain(person)
    expect(row?.text).not.toContain(ago(9).toISOString().slice(11, 19))
    const [event] = await bench.rows<{ person_digest: Buffer }>('select person_digest from event')
    const [punch] = await bench.rows<{ person_digest: Buffer }>('select person_digest from punch')
    expect(punch?.person_digest.equals(event?.person_digest as Buffer)).toBe(false)
  })

  test('join no two days of a person, whose events have digests of days in UTC, for whoever sees which came behind which', async () => {
    context = { ...context, shifts: { ...context.shifts, zone: 'America/Los_Angeles' } }
    // Evenings and nights of one day of work there are two days in UTC.
    for (const hours of [57, 49, 33, 25])
      for (const direction of ['in', 'out'] as const) {
        await report(passed(`${direction} ${hours}`, ago(hours), { direction }))
        await take()
      }
    const written = await bench.rows<{ event: string; punch: string }>(
      `select encode(e.person_digest, 'hex') as event, encode(p.person_digest, 'hex') as punch
         from event e join punch p on p.n = e.position order by n`,
    )
    const pairs = new Set(written.map(({ event, punch }) => `${event} ${punch}`))
    const distinct = (of: 'event' | 'punch') => new Set(written.map((each) => each[of])).size
    expect(written).toHaveLength(8)
    expect([distinct('event'), distinct('punch'), pairs.size]).toEqual([3, 3, 3])
    await addPunch(context, clerk, person, { kind: 'in', at: ago(41), reason: 'forgot it' })
    const all = await bench.rows('select distinct person_digest from punch')
    expect(all).toHaveLength(3)
  })

  test.each([
    ['Pacific/Kiritimati', 0],
    ['Etc/GMT+12', 23.5],
    ['Europe/Berlin', 4],
  ])(
    'are of the day of work on which they lie, wherever it begins: in %s, %s h after midnight',
    async (zone, starts) => {
      context = { ...context, shifts: { ...context.shifts, zone, dayStartsMs: starts * hour } }
      const [, before, day, after] = daysBetween('2026-02-25', '2026-02-28') as [string, string, string, string]
      let first = Date.parse('2026-02-25T00:00:00Z')
      while (workDayOf(first, context.shifts) < day) first += hour / 2
      for (const at of [first - 1, first, first + 24 * hour - 1, first + 24 * hour])
        await addPunch(context, clerk, person, { kind: 'in', at: new Date(at), reason: 'forgot it' })
      const on = async (...days: string[]) =>
        ((await readPunches(context, [person], days)).get(person) ?? []).map(({ at }) => at - first)
      expect(await on(day)).toEqual([0, 24 * hour - 1])
      expect(await on(before, after)).toEqual([-1, 24 * hour])
      await voidPunch(context, clerk, 3, 'was none')
      const both = (await readPunches(context, [person], [day])).get(person) ?? []
      expect(both.map(({ voidedBy }) => voidedBy?.reason)).toEqual([undefined, 'was none'])
      await expect(voidPunch(context, clerk, 3, 'twice')).rejects.toMatchObject({ code: 'punch.void' })
    },
  )

  test('of before are filed under the day of work, and found by it', async () => {
    const { vault } = engine
    const at = Date.parse('2026-03-01T02:30:00Z')
    await addPunch(context, clerk, person, { kind: 'in', at: new Date(at), reason: 'forgot it' })
    const day = workDayOf(at, context.shifts)
    const [row] = await bench.rows<PunchRow>('select * from punch')
    expect([row?.day, day]).toEqual(['2026-03-01', '2026-02-28'])
    const { keys } = await keysOfPeople(engine.database.pool, vault, [person])
    const key = keys.get(person)?.key as DataKey
    const content = { person, at, kind: 'in', voids: null, by: null } as const
    const older = { n: '1', day, event_digest: null, person_digest: punchDigest(vault, key.id, day) }
    const sealed = sealPunch(vault, key, older, content)
    const guard = vault.guard('punch', punchGuard({ ...older, sealed }))
    await bench.rows(`delete from punch`)
    await engine.tamper('insert into punch values ($1, $2, $3, $4, $5, $6)', [
      ...['1', day, older.person_digest, null, sealed, guard],
    ])
    const found = async (asked: string) => (await readPunches(context, [person], [asked])).get(person)?.length
    expect([await found(day), await found('2026-03-01')]).toEqual([1, 0])
    await voidPunch(context, clerk, 1, 'was none')
    expect((await readPunches(context, [person], [day])).get(person)?.[0]?.voidedBy?.reason).toBe('was none')
  })

  test('that somebody else wrote, moved or altered count for nothing, with an alarm', async () => {
    await report(passed('a', ago(9)), passed('b', ago(1), { direction: 'out' }))
    await take()
    await bench.rows(`update punch set day = to_char(day::date + 1, 'YYYY-MM-DD') where n = 1 returning 1`)
    await bench.rows(`update punch set sealed = sealed || '\\x00' where n = 2 returning 1`)
    expect(await punches()).toEqual([])
    expect(await bench.rows(`select scope from alarm where code = 'guard.failed'`)).toEqual([{ scope: 'punch' }])
  })

  test('go when their time is over', async () => {
    await report(passed('a', ago(24 * 29)), passed('b', ago(1)))
    await take()
    await bench.pass(2 * 24 * hour)
    await keepPunches(context, going)
    expect(await bench.rows('select n from punch')).toEqual([{ n: '2' }])
  })
})

test('shifts are read of as many days as may be asked for, and of no more', async () => {
  await report(passed('a', ago(9)), passed('b', ago(1), { direction: 'out' }))
  await take()
  const before = (count: number) => new Date(Date.parse(today()) - count * 24 * hour).toISOString().slice(0, 10)
  const shifts = (await readShifts(context, [person], before(399), today())).get(person)
  expect(shifts).toMatchObject([{ presentMs: 8 * hour }])
  await expect(readShifts(context, [person], before(400), today())).rejects.toThrow(RangeError)
})

test('of somebody whose row was changed outside Gatehouse there is no punch, with an alarm', async () => {
  await report(passed('a', ago(9)))
  await engine.tamper(`update person set locked_at = now() where id = $1`, [person])
  await take()
  expect(await bench.rows('select n from punch')).toEqual([])
  expect(await bench.rows(`select scope from alarm where code = 'guard.failed'`)).toEqual([{ scope: person }])
})

describe('a correction', () => {
  test('is a new entry with a name and a reason; what was there stays, and does not count', async () => {
    await report(passed('a', ago(9)), passed('b', ago(1), { direction: 'out' }))
    await take()
    await voidPunch(context, clerk, 2, 'pressed the wrong key')
    const added = await addPunch(context, clerk, person, { kind: 'out', at: ago(0.5), reason: 'left by the gate' })
    expect(added).toBe(4)
    const all = await punches()
    expect(all.map(({ n, kind, by, voidedBy }) => [n, kind, by?.reason, voidedBy?.reason])).toEqual([
      [1, 'in', undefined, undefined],
      [2, 'out', undefined, 'pressed the wrong key'],
      [4, 'out', 'left by the gate', undefined],
    ])
    const [shift] = (await readShifts(context, [person], days()[1] as string, today())).get(person) ?? []
    expect(shift).toMatchObject({ presentMs: 8.5 * hour, unpaired: 0 })
    const audit = await bench.rows<{ action: string; actor: string }>(
      `select action, actor from audit_pending where action like 'punch.%' union all select action, actor from audit where action like 'punch.%' order by 1`,
    )
    expect(audit).toEqual([
      { action: 'punch.added', actor: clerk },
      { action: 'punch.voided', actor: clerk },
    ])
  })

  test('of what is not there, was taken back, or has not happened yet, is refused', async () => {
    await report(passed('a', ago(9)))
    await take()
    const code = async (act: Promise<unknown>) =>
      act.then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
    expect(await code(voidPunch(context, clerk, 7, 'no such one'))).toBe('punch.unknown')
    expect(await code(voidPunch(context, clerk, 1, 'once'))).toBe('done')
    expect(await code(voidPunch(context, clerk, 1, 'twice'))).toBe('punch.void')
    expect(await code(voidPunch(context, clerk, 2, 'the entry that takes it back'))).toBe('punch.unknown')
    const later = { kind: 'in', at: ago(-1), reason: 'tomorrow' } as const
    expect(await code(addPunch(context, clerk, person, later))).toBe('punch.in-future')
  })
})

test('punches are read after keys were replaced, by digests of the new ones', async () => {
  await report(passed('a', ago(9)), passed('b', ago(1), { direction: 'out' }))
  await take()
  const before = await bytesByColumn(engine.database.pool)
  const { tally } = await replaceAll(bench)
  expect([tally.sum('refused'), tally.sum('unreadable')]).toEqual([0, 0])
  expect((await punches()).map(({ kind }) => kind)).toEqual(['in', 'out'])
  const after = await bytesByColumn(engine.database.pool)
  const same = [...before].flatMap(([name, values]) =>
    name.startsWith('punch') && [...values].some((value) => after.get(name)?.has(value)) ? [name] : [],
  )
  expect(same).toEqual([])
  await take()
  expect(await punches()).toHaveLength(2)
})

describe('the export', () => {
  const exported = async (format: 'csv' | 'jsonl') => {
    const lines: string[] = []
    for await (const line of exportShifts(context, { from: days()[0] as string, to: today(), format })) lines.push(line)
    return lines
  }

  test('holds every shift of whoever has a number, says nothing of doors, and proves that it is whole', async () => {
    await bench.deliver([hrRow(1, { card: '11' }), hrRow(2, { card: '12' })])
    await bench.rest()
    context = { ...context, numbersOf: async () => new Map([[person, '=4711']]) }
    await report(passed('a', ago(9)), passed('b', ago(1), { direction: 'out' }), passed('c', ago(8), { account: 'n2' }))
    await take()
    const csv = await exported('csv')
    expect(csv).toHaveLength(3)
    expect(csv[0]).toBe('employee_number,day,first_in,last_out,present_minutes,inside_minutes,break_minutes,unpaired\n')
    expect(csv[1]).toMatch(/^'=4711,\d{4}-\d\d-\d\d,[^,]+\+0[12]:00,[^,]+\+0[12]:00,480,480,0,0\n$/)
    const sha256 = createHash('sha256').update(csv.slice(0, -1).join('')).digest('hex')
    expect(csv[2]).toBe(`# shifts=1 present_minutes=480 without_number=1 sha256=${sha256}\n`)
    expect(csv.join('')).not.toMatch(/door|d1|r1/i)
    const jsonl = (await exported('jsonl')).map((line) => JSON.parse(line))
    expect(jsonl[0]).toMatchObject({ employee_number: '=4711', present_minutes: 480 })
    expect(jsonl[1]).toMatchObject({ totals: { shifts: 1, present_minutes: 480, without_number: 1 } })
  })
})

describe('the audit trail', () => {
  const trail = async () => {
    const { pool } = engine.database
    await appendOnce(pool, engine.vault)
    const entries = await openAuditPage(pool, engine.vault, 0, 2000)
    return entries.filter(({ action }) => /^(punch|attendance)\./.test(action))
  }
  const told = async () => (await trail()).map(({ actor, action, details }) => ({ actor, action, details }))

  test('says who read', async () => {
    await recordReading(context, clerk, person, { what: 'shifts' })
    expect((await told()).slice(-1)).toEqual([
      { actor: clerk, action: 'attendance.read', details: { person, what: 'shifts' } },
    ])
  })

  test('says whose punches were corrected, and why, until they are erased, also after keys were replaced; in clear it names nobody', async () => {
    await recordReading(context, clerk, person, { what: 'punches' })
    await addPunch(context, clerk, person, { kind: 'out', at: ago(9), reason: 'left by the gate' })
    await voidPunch(context, clerk, 1, 'was another one')
    const corrections = [
      { actor: clerk, action: 'punch.added', details: { n: 1, person, reason: 'left by the gate' } },
      { actor: clerk, action: 'punch.voided', details: { n: 1, person, reason: 'was another one' } },
    ]
    const pending = await bench.rows<{ text: string }>(
      `select p::text as text from audit_pending p where action ~ '^(punch|attendance)[.]'`,
    )
    expect(pending).toHaveLength(3)
    // A key's id would tell two days of one person as well as theirs does.
    const [{ key_id } = { key_id: '' }] = await bench.rows<{ key_id: string }>('select key_id from person')
    const inHex = (text: string) => Buffer.from(text).toString('hex')
    const names = [person, key_id].flatMap((id) => [id, inHex(id)])
    expect(names.filter((name) => pending.some(({ text }) => text.includes(name)))).toEqual([])
    expect((await told()).slice(-2)).toEqual(corrections)
    await replaceAll(bench)
    expect((await told()).slice(-2)).toEqual(corrections)
    await erasePerson(bench.context, person, bench.operator, 'asked for it')
    for (let round = 0; round < 4; round += 1) {
      await continueErasures(bench.context)
      await bench.rest()
    }
    expect((await told()).slice(-2).map(({ action, details }) => [action, details])).toEqual([
      ['punch.added', null],
      ['punch.voided', null],
    ])
  })
})
