import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, day, hour, minute, second, useEngine } from '../fixtures/engine.fixture.ts'
import type { HrRow } from '../fixtures/hr-file.fixture.ts'
import { opens } from '../fixtures/memory-target.fixture.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const row = (more: Partial<HrRow> = {}): HrRow => ({
  id: '1',
  number: 'n1',
  given: 'Ada',
  family: 'Test',
  department: 'Research',
  ...more,
})
const deliver = async (...rows: HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
const at = async (instant: string) => {
  await bench.pass(Date.parse(instant) - bench.context.now().getTime())
  await bench.followCalendar()
  await bench.rest()
}
const user = () => bench.target.users.get('n1')
const levels = () => [...(user()?.levels ?? [])].sort()

describe('the last day', () => {
  test.each([
    ['end', { end: '2026-03-03' }],
    ['last working day', { lastDay: '2026-03-03', end: '2026-03-31' }],
  ])('(%s) counts to its end in the zone of the source, to the second', async (_name, dates) => {
    await deliver(row(dates))
    await at('2026-03-03T22:59:59Z')
    expect(user()?.lock).toBe('open')
    await at('2026-03-03T23:00:00Z')
    expect(user()?.lock).toBe('closed')
    expect(await bench.rows('select cause, arrived_at from lockout')).toEqual([
      { cause: 'clock', arrived_at: new Date('2026-03-03T23:00:00Z') },
    ])
  })

  test('counts in the zone of the site, where that is known', async () => {
    await deliver(row({ end: '2026-03-03', site: 'Lima' }))
    await at('2026-03-03T23:00:00Z')
    expect(user()?.lock).toBe('open')
    await at('2026-03-04T05:00:00Z')
    expect(user()?.lock).toBe('closed')
  })

  test('stands in the target ahead, so that the door closes without us', async () => {
    await deliver(row({ end: '2026-03-03' }))
    expect(user()?.validity.until).toBe('2026-03-03T23:00:00.000Z')
    expect(opens(user(), new Date('2026-03-03T23:00:01Z'))).toBe(false)
  })

  test('that passed while nothing ran is caught up, and shows as late', async () => {
    await deliver(row({ end: '2026-03-03' }))
    await at('2026-03-09T12:00:00Z')
    expect(user()?.lock).toBe('closed')
    const [lockout] = await bench.rows<{ late: number }>(
      'select extract(epoch from decided_at - arrived_at)::int as late from lockout',
    )
    expect(lockout?.late).toBeGreaterThan(5 * 24 * 3600)
  })
})

describe('the first day', () => {
  test('opens at its start, and whoever has no other job gets no account before', async () => {
    await deliver(row({ start: '2026-03-05' }))
    await at('2026-03-04T22:59:59Z')
    expect(user()).toBeUndefined()
    await at('2026-03-04T23:00:00Z')
    expect(opens(user(), bench.context.now())).toBe(true)
  })

  test('with a lead time the account is there ahead, and opens at the start', async () => {
    bench = await engine.begin({ leadMs: 2 * day })
    await deliver(row({ start: '2026-03-05' }))
    expect(user()).toBeUndefined()
    await at('2026-03-02T23:00:00Z')
    expect(levels()).toEqual(['id of Lab', 'id of Main'])
    expect(opens(user(), new Date('2026-03-04T22:59:59Z'))).toBe(false)
    expect(opens(user(), new Date('2026-03-04T23:00:00Z'))).toBe(true)
  })

  test('of another job changes rights on the day that it begins', async () => {
    await deliver(
      row({ department: 'Sales', person: 'p', end: '2026-03-04' }),
      row({ id: '2', person: 'p', start: '2026-03-05' }),
    )
    expect(levels()).toEqual(['id of Main'])
    await at('2026-03-04T23:00:00Z')
    expect([user()?.lock, levels()]).toEqual(['open', ['id of Lab', 'id of Main']])
    expect(await bench.rows('select 1 from lockout')).toEqual([])
  })
})

describe('a leaver’s rights', () => {
  test('stay for seven days, so that a mistake can be taken back, and go then', async () => {
    await deliver(row())
    await deliver(row({ status: 'left' }))
    const left = bench.context.now().getTime()
    await at(new Date(left + 7 * day - second).toISOString())
    expect(levels()).toEqual(['id of Lab', 'id of Main'])
    await at(new Date(left + 7 * day).toISOString())
    expect([user()?.lock, levels()]).toEqual(['closed', []])
  })

  test('are not looked for on an account that somebody deleted, and it is not made again', async () => {
    await deliver(row())
    await deliver(row({ status: 'left' }))
    const left = bench.context.now().getTime()
    bench.target.users.clear()
    await at(new Date(left + 7 * day).toISOString())
    expect([bench.target.users.size, await bench.rows('select 1 from account_work')]).toEqual([0, []])
  })

  test('stay when they come back before, and the seven days begin anew when they leave again', async () => {
    await deliver(row())
    await deliver(row({ status: 'left' }))
    await bench.pass(6 * day)
    await deliver(row())
    expect([user()?.lock, levels()]).toEqual(['open', ['id of Lab', 'id of Main']])
    await deliver(row({ status: 'left' }))
    await bench.pass(2 * day)
    await bench.followCalendar()
    await bench.rest()
    expect(levels()).toEqual(['id of Lab', 'id of Main'])
  })

  test('are granted anew to whoever is hired again after that', async () => {
    await deliver(row())
    await deliver(row({ status: 'left' }))
    await bench.pass(8 * day)
    await bench.followCalendar()
    await bench.rest()
    await deliver(row({ department: 'Sales' }))
    expect([user()?.lock, levels()]).toEqual(['open', ['id of Main']])
  })
})

describe('the calendar', () => {
  test('wakes nobody whose time has not come', async () => {
    await deliver(row({ end: '2026-03-31' }))
    await bench.pass(minute)
    await bench.followCalendar()
    expect(await bench.rows(`select 1 from plan where origin = 'clock'`)).toEqual([])
  })

  test('wakes everybody whose time has come, however many', async () => {
    const rows = Array.from({ length: 1050 }, (_, i) => row({ id: `${i}`, number: `n${i}`, end: '2026-03-02' }))
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, create: { min: 2000, percent: 0 } } } })
    await bench.deliver(rows)
    await bench.pass(20 * hour)
    await bench.followCalendar()
    expect(await bench.rows(`select count(*)::int as n from person where state = 'left'`)).toEqual([{ n: 1050 }])
    expect(await bench.rows(`select count(*)::int as n from account_work where lane = 'urgent'`)).toEqual([{ n: 1050 }])
  })

  test('keeps whoever HR hides from us as they are: nothing granted, nothing taken', async () => {
    await deliver(row())
    await deliver(row({ end: 'hidden', department: 'Sales' }))
    expect([user()?.lock, levels()]).toEqual(['open', ['id of Lab', 'id of Main']])
    await deliver(row({ id: '9', number: 'n9', end: 'hidden' }), row({ end: 'hidden', department: 'Sales' }))
    expect(bench.target.users.has('n9')).toBe(false)
  })
})
