import { beforeEach, describe, expect, test } from 'vitest'
import type { PlanId } from '../../model/id.ts'
import { mortal } from '../fixtures/crash.fixture.ts'
import { type Bench, day, hour, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrFile, hrRow, hrSource } from '../fixtures/hr-file.fixture.ts'
import { lockPerson } from '../operator.ts'
import { pull } from '../pull/pull.ts'
import { resolveEveryone } from '../resolve/re-resolve.ts'
import { watchTheTime } from '../sweep.ts'
import { clearSource, watchSuspicions } from './suspicion.ts'

const engine = useEngine()
let bench: Bench

const staff = 12
const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
/** Everybody, of whom these have left. */
const without = (leavers: readonly number[], more: Partial<HrRow> = {}) =>
  Array.from({ length: staff }, (_, who) => row(who, leavers.includes(who) ? { status: 'left', ...more } : more))
const first = (count: number) => Array.from({ length: count }, (_, who) => who)
const closed = () => [...bench.target.users].flatMap(([number, { lock }]) => (lock === 'closed' ? [number] : [])).sort()
const held = async (origin?: string) => (await bench.heldPlan(origin)) as PlanId
const holds = async () => {
  const [plan] = await bench.rows<{ holds: string }>(`select holds from plan where state = 'held'`)
  return JSON.parse(plan?.holds ?? '[]') as unknown
}
const audited = async (action: string) =>
  (await bench.rows<{ actor: string }>('select actor from audit_pending where action = $1 order by id', [action])).map(
    ({ actor }) => actor,
  )
const isSuspect = async () => (await bench.alarms()).includes('source.suspect')
const clear = () => clearSource(bench.context, 'hr', bench.operator, 'checked with HR')

beforeEach(async () => {
  bench = await engine.begin({ source: { lockoutsPerHour: { min: 3, percent: 0 } } })
  await bench.deliver(without([]))
  await bench.rest()
})

describe('above its limit of lock-outs by record', () => {
  test('a source is suspect: the limit passes, the rest waits in its plan, and a person is called at once', async () => {
    await bench.deliver(without(first(8)))
    await bench.rest()
    expect(closed()).toEqual(['n0', 'n1', 'n2'])
    expect(await holds()).toEqual([
      { kind: 'lockout-record', target: 'doors', accounts: 5, limit: null, why: 'suspect' },
    ])
    expect(await bench.alarms()).toContain('source.suspect')
    expect(await audited('source.suspect')).toEqual(['source:hr'])
    expect(bench.logged).toContainEqual({
      event: 'source.suspect',
      fields: { source: 'hr', limit: 3, lockedOut: 3 },
    })
  })

  test.each([1, 2, 5])('page by page, however small the pages are (%i)', async (perPage) => {
    await bench.deliver(without(first(8)), { perPage })
    await bench.rest()
    expect(closed()).toHaveLength(3)
    expect(await audited('source.suspect')).toHaveLength(1)
  })

  test('over several deliveries within an hour, and no longer when the hour is over', async () => {
    await bench.deliver(without(first(2)))
    await bench.pass(30 * minute)
    await bench.deliver(without(first(3)))
    expect(await isSuspect()).toBe(false)
    await bench.pass(31 * minute)
    await bench.deliver(without(first(5)))
    expect(await isSuspect()).toBe(false)
    await bench.deliver(without(first(6)))
    await bench.rest()
    expect(await isSuspect()).toBe(true)
    expect(closed()).toHaveLength(5)
  })

  test('the limit holds when the process is killed at any moment and the file is read again', {
    timeout: 120_000,
  }, async () => {
    const file = () => hrFile(without(first(8)), { arrivedAt: bench.context.now(), perPage: 2 })
    for (let steps = 0; ; steps += 11) {
      bench = await engine.begin({ source: { lockoutsPerHour: { min: 3, percent: 0 } } })
      await bench.deliver(without([]))
      await bench.rest()
      const dying = mortal(bench.context, bench.setup, steps)
      await pull(dying.context, bench.source, file(), new AbortController().signal).catch(() => undefined)
      await pull(bench.context, bench.source, file(), new AbortController().signal)
      await bench.rest()
      expect(closed(), `after ${steps} steps`).toHaveLength(3)
      expect(await isSuspect()).toBe(true)
      if (!dying.dead()) return
    }
  })

  test('a card that a record blocks counts like its person', async () => {
    const cards = Array.from({ length: staff }, (_, who) => row(who, { card: `${100 + who}` }))
    await bench.deliver(cards)
    await bench.rest()
    await bench.deliver(cards.map((each) => ({ ...each, cardState: 'lost' })))
    await bench.rest()
    const states = [...bench.target.users.values()].flatMap(({ cards: own }) =>
      [...own.values()].map(({ state }) => state),
    )
    expect(states.filter((state) => state === 'blocked')).toHaveLength(3)
    await bench.release(await held())
    await bench.rest()
    expect(
      [...bench.target.users.values()]
        .flatMap(({ cards: own }) => [...own.values()])
        .every(({ state }) => state === 'blocked'),
    ).toBe(true)
    expect(await isSuspect()).toBe(false)
  })
})

describe('a limit in percent is of the people who were active in the source before', () => {
  beforeEach(async () => {
    bench = await engine.begin({
      source: { lockoutsPerHour: { min: 1, percent: 25 } },
      sources: [hrSource('other')],
    })
    await bench.deliver(without([]))
    // These are not people of this source, and these not active ones.
    await bench.deliver([row(50), row(51), row(52), row(53)], { source: 'other' })
    await bench.rest()
  })

  test.each([1, 3, 1000])('whatever the pages (%i), and however many join in the same file', async (perPage) => {
    const joiners = Array.from({ length: 8 }, (_, i) => row(30 + i))
    await bench.deliver([...joiners, ...without(first(7))], { perPage })
    await bench.rest()
    expect(closed()).toHaveLength(3)
  })

  test('and not of people whom somebody put into the table', async () => {
    await engine.tamper(
      `insert into person (id, key_id, state, guard) select gen_random_uuid(), gen_random_uuid(), 'active', '\\x00' from generate_series(1, 100)`,
    )
    await engine.tamper(
      `insert into source_record (id, source, key_digest, row_digest, person_id, key_id, record, version, presence, guard)
       select gen_random_uuid(), 'hr', decode(md5(id::text), 'hex'), '\\x00', id, key_id, '\\x00', 1, 'present', '\\x00' from person where guard = '\\x00'`,
    )
    await bench.deliver(without(first(7)))
    await bench.rest()
    expect(closed()).toHaveLength(3)
  })
})

describe('while a source is suspect', () => {
  beforeEach(async () => {
    bench = await engine.begin({
      source: { lockoutsPerHour: { min: 3, percent: 0 } },
      sources: [hrSource('other', { lockoutsPerHour: { min: 3, percent: 0 } })],
    })
    await bench.deliver([...without([]), row(20, { end: '2026-03-02' })])
    await bench.deliver([row(30)], { source: 'other' })
    await bench.rest()
    await bench.deliver([...without(first(5)), row(20, { end: '2026-03-02' })])
    await bench.rest()
    expect(closed()).toEqual(['n0', 'n1', 'n2'])
  })

  test('whom later files of it call gone waits too, even after the hour; others of that file do not', async () => {
    await bench.pass(2 * hour)
    // Four more: with the two that wait, that is more than the limit.
    await bench.deliver([...without(first(9), { family: 'Other' }), row(20, { end: '2026-03-02' })])
    await bench.rest()
    expect(closed()).toEqual(['n0', 'n1', 'n2'])
    expect(bench.target.users.get('n11')?.profile.name).toBe('Person11 Other')
    expect(await holds()).toMatchObject([{ why: 'suspect', accounts: 6 }])
  })

  test('an operator, the calendar and other sources still lock out', async () => {
    await lockPerson(bench.context, await bench.personOf('n4'), bench.operator, 'seen')
    await bench.deliver([row(30, { status: 'left' })], { source: 'other' })
    await bench.pass(day)
    await bench.followCalendar()
    await bench.rest()
    expect(closed()).toEqual(['n0', 'n1', 'n2', 'n20', 'n30', 'n4'])
  })

  test('nothing else that looks at the people lets it slip', async () => {
    bench.policy([{ grant: ['doors/Main', 'doors/Vault'], to: 'true' }])
    await resolveEveryone(bench.context, bench.brakes)
    await bench.followCalendar()
    await bench.deliver([row(3, { status: 'left', family: 'Other' })], { mode: 'delta' })
    await bench.rest()
    expect(closed()).toEqual(['n0', 'n1', 'n2'])
    expect([...(bench.target.users.get('n9')?.levels ?? [])]).toContain('id of Vault')
  })

  test('whom a mended file calls back is not locked out by a later release', async () => {
    await bench.deliver([...without([3]), row(20, { end: '2026-03-02' })])
    const plan = await held()
    await bench.release(plan)
    await bench.rest()
    expect(closed()).toEqual(['n3'])
  })

  test('rejecting its plan locks nobody out, and the source stays suspect', async () => {
    await bench.reject(await held())
    await bench.followCalendar()
    await bench.rest()
    expect(closed()).toEqual(['n0', 'n1', 'n2'])
    expect(await isSuspect()).toBe(true)
  })
})

describe('an end that was not official before it came', () => {
  test('counts as the word of its source: held changes of tomorrow’s end lock nobody out beyond the limit', async () => {
    bench = await engine.begin({
      source: { lockoutsPerHour: { min: 3, percent: 0 }, brakes: { ...bench.brakes, change: { min: 0, percent: 0 } } },
    })
    await bench.deliver(without([]))
    await bench.rest()
    // As if a column had shifted: everybody's contract ends today, and the brake holds the new validity.
    await bench.deliver(without([], { end: '2026-03-02' }))
    await bench.pass(day)
    await bench.followCalendar()
    await bench.rest()
    expect(closed()).toHaveLength(3)
    expect(await isSuspect()).toBe(true)
    expect(await bench.heldPlan()).not.toBeNull()
  })
})

describe('a suspicion ends', () => {
  beforeEach(async () => {
    await bench.deliver(without(first(8)))
    await bench.rest()
  })

  test('by the release of its plan: what waits runs, by name, and the hour begins anew', async () => {
    expect(await bench.release(await held())).toEqual({ applied: 5, dropped: 0 })
    await bench.rest()
    expect(closed()).toHaveLength(8)
    expect(await bench.rows(`select distinct cause from lockout order by cause`)).toEqual([
      { cause: 'record' },
      { cause: 'release' },
    ])
    expect(await audited('source.cleared')).toEqual([bench.operator])
    expect(await isSuspect()).toBe(false)
    await bench.deliver(without(first(10)))
    await bench.rest()
    expect(closed()).toHaveLength(10)
  })

  test('not by a release that nobody has seen all of', async () => {
    const plan = await held()
    // A page of the next file was taken, and its plan was not made yet.
    await bench.deliver(without(first(10)))
    await expect(bench.release(plan)).rejects.toMatchObject({ code: 'plan.not-held' })
    expect(closed()).toHaveLength(3)
  })

  test('by a person who clears the source: what waits runs at once, and its other changes stay where they are', async () => {
    expect(await clear()).toBe(5)
    await bench.rest()
    expect(closed()).toHaveLength(8)
    expect(await isSuspect()).toBe(false)
    expect(await audited('source.cleared')).toEqual([bench.operator])
    await expect(clear()).rejects.toMatchObject({ code: 'source.not-suspect' })
    await expect(clearSource(bench.context, 'nowhere', bench.operator, 'seen')).rejects.toMatchObject({
      code: 'source.unknown',
    })
    await bench.deliver(without(first(9)))
    expect(await bench.heldPlan()).toBeNull()
  })

  test('killed over it, the scheduler goes on', async () => {
    for (let steps = 0; ; steps++) {
      const dying = mortal(bench.context, bench.setup, steps)
      await clearSource(dying.context, 'hr', bench.operator, 'seen').catch(() => undefined)
      const done = await audited('source.cleared')
      if (done.length === 0) continue
      await watchSuspicions(bench.context)
      await bench.rest()
      expect(closed(), `after ${steps} steps`).toHaveLength(8)
      break
    }
  })

  test('by itself, when the next file wants no more than the limit: the leavers among them are locked out', async () => {
    await bench.pass(2 * hour)
    const back = await bench.deliver(without([0, 3, 4]))
    await bench.rest()
    expect(back.outcome).toBe('taken')
    expect(await isSuspect()).toBe(false)
    expect(closed()).toEqual(['n0', 'n3', 'n4'])
    expect(await audited('source.cleared')).toEqual(['source:hr'])
  })

  test('not by itself within the hour, for those who ran count as well; nor by the same file again', async () => {
    await bench.deliver(without([0, 1, 2, 3]))
    expect(await isSuspect()).toBe(true)
    await bench.pass(2 * hour)
    await bench.deliver(without(first(8)))
    await bench.deliver(without(first(8)))
    await bench.rest()
    expect(await isSuspect()).toBe(true)
    expect(closed()).toHaveLength(3)
  })

  test('also by a person when a lock-out that waits is of somebody whom nobody knows any more', async () => {
    await engine.tamper(
      `update person set guard = '\\x00' where id = (select person_id from account where suspect_at is not null limit 1)`,
    )
    await clear()
    await watchSuspicions(bench.context)
    await bench.rest()
    expect(closed()).toHaveLength(7)
    expect(await bench.alarms()).toContain('guard.failed')
  })
})

describe('somebody who writes to the database', () => {
  const suspicious = async () => {
    await bench.deliver(without(first(8)))
    await bench.rest()
  }

  test.each([
    ['forgets that it is suspect', `update source_standing set suspect_at = null`],
    ['forgets how many it locked out', `update source_standing set lockouts = '[]', suspect_at = null`],
    ['lets go what is held', `update source_standing set cleared_at = suspect_at, suspect_at = null`],
    ['deletes its row', `delete from source_standing`],
    ['marks what is held as free', `update account set suspect_at = null`],
  ])('can not end a suspicion: he %s', async (_what, sql) => {
    await suspicious()
    await engine.tamper(sql)
    await watchSuspicions(bench.context)
    await watchTheTime(bench.context)
    await bench.deliver(without(first(10)))
    await bench.followCalendar()
    await watchSuspicions(bench.context)
    await bench.rest()
    expect(closed().length).toBeLessThanOrEqual(3)
    expect(await bench.alarms()).toEqual(expect.arrayContaining(['guard.failed']))
  })

  test('can not end one by putting back an older row either', async () => {
    await bench.deliver(without([0]))
    const [older] = await bench.rows<Record<string, unknown>>('select * from source_standing')
    await bench.deliver(without(first(8)))
    await bench.rest()
    await engine.tamper('delete from source_standing')
    await engine.tamper(`insert into source_standing select * from json_populate_record(null::source_standing, $1)`, [
      JSON.stringify({
        ...older,
        ...Object.fromEntries(
          Object.entries(older ?? {}).flatMap(([name, value]) =>
            Buffer.isBuffer(value) ? [[name, `\\x${value.toString('hex')}`]] : [],
          ),
        ),
      }),
    ])
    await bench.deliver(without(first(10)))
    await watchSuspicions(bench.context)
    await bench.rest()
    expect(closed()).toHaveLength(3)
    expect(await isSuspect()).toBe(true)
  })

  test('who makes a source suspect, or breaks its row, stops its lock-outs; but not quietly, and a person ends it', async () => {
    await bench.deliver(without([0]))
    await engine.tamper(`update source_standing set suspect_at = now()`)
    await engine.tamper('delete from alarm')
    await bench.deliver(without([0, 1]))
    await watchTheTime(bench.context)
    expect(await bench.alarms()).toEqual(expect.arrayContaining(['guard.failed', 'source.suspect', 'plan.held']))
    expect(await clear()).toBe(1)
    await bench.rest()
    expect(closed()).toEqual(['n0', 'n1'])
    await watchTheTime(bench.context)
    expect(await isSuspect()).toBe(false)
  })
})
