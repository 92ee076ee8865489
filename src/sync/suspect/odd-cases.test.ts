import { describe, expect, test } from 'vitest'
import type { PlanId } from '../../model/id.ts'
import { type Bench, type BenchOptions, day, hour, useEngine } from '../fixtures/engine.fixture.ts'
import { columns, type HrRow, hrFile, hrRow, hrSource } from '../fixtures/hr-file.fixture.ts'
import { activeAccounts } from '../plan/active-accounts.ts'
import { takePage } from '../pull/intake.ts'
import { acceptColumns } from '../pull/pull-brakes.ts'
import { observeTarget } from '../target-modes.ts'
import { activePeople } from './active-people.ts'
import { clearSource, endByDelivery, watchSuspicions } from './suspicion.ts'

const engine = useEngine()
let bench: Bench

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const staff = (count: number, more: (who: number) => Partial<HrRow> = () => ({})) =>
  Array.from({ length: count }, (_, who) => row(who, more(who)))
const left = (count: number) => (who: number) => (who < count ? { status: 'left' as const } : {})
const closed = () => [...bench.target.users].flatMap(([number, { lock }]) => (lock === 'closed' ? [number] : [])).sort()
const isSuspect = async () => (await bench.alarms()).includes('source.suspect')
const begin = async (
  count: number,
  options: BenchOptions = { source: { lockoutsPerHour: { min: 2, percent: 0 } } },
) => {
  bench = await engine.begin(options)
  await bench.deliver(staff(count))
  await bench.rest()
}
const deliver = async (rows: readonly HrRow[], more: Parameters<Bench['deliver']>[1] = {}) => {
  await bench.deliver(rows, more)
  await bench.rest()
}

describe('a limit in percent', () => {
  test('counts as many people as it takes, however many there are, and finds the exact limit when there are too few', async () => {
    await begin(1100, { source: { lockoutsPerHour: { min: 1, percent: 1 } } })
    await release()
    const count = (enough: number) => activePeople(bench.context.database.pool as never, bench.context, 'hr', enough)
    expect([await count(1), await count(1500), await count(0)]).toEqual([1000, 1100, 0])
    await deliver(staff(1100, left(6)))
    expect([closed().length, await isSuspect()]).toEqual([6, false])
    await deliver(staff(1100, left(20)), { perPage: 7 })
    expect([closed().length, await isSuspect()]).toEqual([11, true])
    const there = await count(1500)
    await engine.tamper(
      `update source_record set person_id = null
        where id = (select r.id from source_record r join person p on p.id = r.person_id where p.state = 'active' limit 1)`,
    )
    expect(await count(1500)).toBe(there - 1)
  }, 60_000)

  test('lets a suspicion end when what waits is within it', async () => {
    await begin(20, { source: { lockoutsPerHour: { min: 1, percent: 20 } } })
    await deliver(staff(20, left(7)))
    expect(closed()).toHaveLength(4)
    await bench.pass(2 * hour)
    await deliver(staff(20, (who) => ({ ...left(7)(who), family: 'Other' })))
    expect([closed().length, await isSuspect()]).toEqual([7, false])
  })
})

describe('a lock-out that is held', () => {
  test('of somebody with records of two sources counts to both when the calendar brings it, and waits when one is suspect', async () => {
    bench = await engine.begin({
      source: { lockoutsPerHour: { min: 1, percent: 0 }, brakes: strict() },
      sources: [hrSource('other', { lockoutsPerHour: { min: 1, percent: 0 }, brakes: strict() })],
    })
    const both = { person: 'p0', number: 'n0' }
    await bench.deliver([row(0, both), row(1), row(2), row(3)])
    await bench.deliver([row(0, { ...both, id: 'o0' })], { source: 'other' })
    await release()
    // Both end by dates of which none is official: the brake holds the change.
    await bench.deliver([
      row(0, { ...both, end: '2026-03-02' }),
      row(1, { status: 'left' }),
      row(2, { status: 'left' }),
      row(3),
    ])
    await bench.deliver([row(0, { ...both, id: 'o0', end: '2026-03-02' })], { source: 'other' })
    await bench.pass(day)
    await bench.followCalendar()
    await bench.rest()
    expect(closed()).not.toContain('n0')
    await clearSource(bench.context, 'hr', bench.operator, 'seen')
    await bench.rest()
    expect(closed()).toContain('n0')
  })

  test('is let go when its target is only observed, and comes again through the gate', async () => {
    await begin(6)
    await deliver(staff(6, left(4)))
    await observeTarget(bench.context, 'doors', bench.operator, 'moved')
    await bench.deliver(staff(6, (who) => ({ ...left(4)(who), family: 'Other' })))
    expect(await bench.rows('select 1 from account where suspect_at is not null')).toEqual([])
    expect(closed()).toHaveLength(2)
  })

  test('counts as new when what was official about its end can not be read', async () => {
    await begin(4)
    await deliver(staff(4, () => ({ end: '2026-03-02' })))
    await engine.tamper(
      'update account set desired_facts = set_byte(desired_facts, 40, get_byte(desired_facts, 40) # 1)',
    )
    await bench.pass(day)
    await bench.followCalendar()
    expect(await bench.rows('select 1 from account where suspect_at is not null')).toHaveLength(2)
  })
})

describe('a suspicion', () => {
  test('of a source that is no longer configured holds no one’s lock-outs for want of a limit, and can still be cleared', async () => {
    await begin(6)
    await deliver(staff(6, left(4)))
    ;(bench.context.sources as Map<string, unknown>).delete('hr')
    expect(await clearSource(bench.context, 'hr', bench.operator, 'seen')).toBe(2)
    await bench.rest()
    expect(closed()).toHaveLength(4)
  })

  test('outlasts a release while others wait whom nobody has seen', async () => {
    await begin(8)
    await deliver(staff(8, left(4)))
    const plan = (await bench.heldPlan()) as PlanId
    // A page of the next delivery was taken in, and its plan was not made.
    const file = hrFile(staff(8, left(6)), { arrivedAt: bench.context.now() })
    const [page] = await Array.fromAsync(file.pages(new AbortController().signal))
    await takePage(bench.context, pullOf(file.columns), page as never)
    expect(await bench.release(plan)).toEqual({ applied: 2, dropped: 0 })
    await bench.rest()
    expect([closed().length, await isSuspect()]).toEqual([4, true])
    await deliver(staff(8, left(6)), { perPage: 3 })
    expect(await bench.release((await bench.heldPlan()) as PlanId)).toEqual({ applied: 2, dropped: 0 })
    expect(await isSuspect()).toBe(false)
  })

  test('that nobody has is not ended, and a broken row accepts, ends and compares nothing', async () => {
    await begin(4)
    expect(await endByDelivery(bench.context, 'hr')).toBe(false)
    await watchSuspicions(bench.context)
    await engine.tamper(`update source_standing set braked = '{}'`)
    expect(await endByDelivery(bench.context, 'hr')).toBe(false)
    await expect(acceptColumns(bench.context, 'hr', bench.operator, 'seen')).rejects.toMatchObject({
      code: 'source.nothing-to-accept',
    })
    await deliver(
      staff(4, () => ({ family: 'Other' })),
      { columns: [...columns, 'more'] },
    )
    expect(bench.target.users.get('n0')?.profile.name).toBe('Person0 Test')
    await clearSource(bench.context, 'hr', bench.operator, 'seen')
    await deliver(staff(5, () => ({ family: 'Third' })))
    expect(bench.target.users.get('n0')?.profile.name).toBe('Person0 Third')
  })
})

test('at a target without an open account no minimum counts, where a brake says so', async () => {
  const create = { min: 3, percent: 50, whenEmpty: 0 }
  bench = await engine.begin()
  ;(bench.context.sources as Map<string, unknown>).set('hr', { ...bench.source, brakes: { ...bench.brakes, create } })
  await deliver(staff(2))
  expect(bench.target.users.size).toBe(0)
  const holds = async () => (await bench.rows<{ holds: string }>('select holds from plan order by created_at desc'))[0]
  const all = { kind: 'create', target: 'doors', why: 'brake' }
  expect(JSON.parse((await holds())?.holds ?? '')).toEqual([{ ...all, accounts: 2, limit: 0, empty: true }])
  await bench.release((await bench.heldPlan()) as PlanId)
  await bench.rest()
  await deliver(staff(5))
  expect(bench.target.users.size).toBe(5)
  // Where there are some, the limit is told as what it is, and not for none.
  const none = { ...create, percent: 0 }
  ;(bench.context.sources as Map<string, unknown>).set('hr', {
    ...bench.source,
    brakes: { ...bench.brakes, create: none },
  })
  await deliver(staff(9))
  expect(JSON.parse((await holds())?.holds ?? '')).toEqual([{ ...all, accounts: 4, limit: 3 }])
  const counts = [{ kind: 'lockout-record', target: 'doors', accounts: 9 } as const]
  const active = await activeAccounts(bench.context.database.pool as never, bench.context, counts, bench.brakes)
  expect(active.get('doors')).toBe(0)
})

function strict() {
  const none = { min: 0, percent: 0 }
  const many = { min: 1000, percent: 0 }
  return { 'lockout-absence': many, revoke: many, grant: many, create: many, change: none, delete: many }
}

async function release(): Promise<void> {
  const plan = await bench.heldPlan()
  if (plan !== null) await bench.release(plan)
  await bench.rest()
}

function pullOf(columns: readonly string[]) {
  return {
    ...{ id: '00000000-0000-4000-8000-000000000000' as never, source: bench.source, mode: 'full' as const, columns },
    ...{ arrivedAt: bench.context.now(), records: 0, changed: 0, problems: 0, lockouts: 0, keyless: false },
    ...{ erasedAgain: 0, people: { joined: 0, activeAtLeast: 0 }, seen: null, before: null },
  }
}
