import { beforeEach, describe, expect, test } from 'vitest'
import type { PlanId } from '../model/id.ts'
import { signOlderRows } from '../store/migrate.ts'
import { restoreTargetRows } from '../store/standings.ts'
import { markRestored } from './drift/restored.ts'
import { type Bench, useEngine } from './fixtures/engine.fixture.ts'
import { type HrRow, hrRow, hrSource } from './fixtures/hr-file.fixture.ts'
import { match } from './match/match.fixture.ts'
import { lockPerson } from './operator.ts'
import { enableTarget, observeTarget } from './target-modes.ts'

const engine = useEngine()
let bench: Bench

const enable = () => enableTarget(bench.context, 'doors', bench.operator, 'accounts matched')
const observe = () => observeTarget(bench.context, 'doors', bench.operator, 'server moves')
const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const settle = async (...rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
const lock = (who: number) => bench.target.users.get(`n${who}`)?.lock
const holds = async () => {
  const rows = await bench.rows<{ kind: string; held_for: string | null }>(
    `select distinct c.kind, c.held_for from plan_change c join plan p on p.id = c.plan_id where p.state = 'held' order by 1`,
  )
  return Object.fromEntries(rows.map(({ kind, held_for }) => [kind, held_for]))
}

describe('a target that is only observed', () => {
  beforeEach(async () => {
    bench = await engine.begin()
    await settle(row(1), row(2), row(3))
    await observe()
  })

  test('is written nothing, not even a lock-out, which begins the moment that somebody enables it', async () => {
    bench.target.calls.length = 0
    await settle(row(1, { status: 'left' }), row(2, { family: 'Other' }), row(3), row(4))
    await lockPerson(bench.context, await bench.personOf('n3'), bench.operator, 'seen')
    await bench.rest()
    expect([bench.target.calls, await bench.rows('select 1 from lockout')]).toEqual([[], []])
    await enable()
    await bench.followCalendar()
    await bench.work()
    expect([lock(1), lock(2), lock(3), lock(4)]).toEqual(['closed', 'open', 'closed', undefined])
    expect(await bench.rows('select 1 from lockout where proven_at is not null')).toHaveLength(2)
  })

  test('can not be observed once more, nor one that nobody knows', async () => {
    await expect(observe()).rejects.toMatchObject({ code: 'target.observed' })
    await enable()
    await expect(enable()).rejects.toMatchObject({ code: 'target.enabled' })
    for (const act of [enableTarget, observeTarget])
      await expect(act(bench.context, 'nowhere', bench.operator, 'why')).rejects.toMatchObject({
        code: 'target.unknown',
      })
  })

  test('names in the audit who enabled it', async () => {
    await enable()
    expect(await bench.rows(`select actor, action from audit_pending where object = 'doors' order by id`)).toEqual([
      { actor: bench.operator, action: 'target.observed' },
      { actor: bench.operator, action: 'target.enabled' },
    ])
  })
})

describe('the first plan after somebody enabled a target', () => {
  const everyKind = [
    row(1, { department: 'Research' }),
    row(2),
    row(3, { family: 'Other' }),
    row(4),
    row(5, { status: 'suspended' }),
  ]
  beforeEach(async () => {
    bench = await engine.begin({ sources: [hrSource('contractors')] })
    await settle(row(1), row(2, { department: 'Research' }), row(3), row(5))
    await observe()
    await enable()
  })

  test('waits for a release whatever its kind and its brakes; the next one does not', async () => {
    await settle(...everyKind)
    expect(await holds()).toEqual({
      change: 'first-plan',
      create: 'first-plan',
      grant: 'first-plan',
      revoke: 'first-plan',
    })
    // Nobody is let in by waiting.
    expect(lock(5)).toBe('closed')
    await bench.release((await bench.heldPlan()) as PlanId)
    await bench.rest()
    expect(bench.target.users.get('n3')?.profile.name).toBe('Person3 Other')
    await settle(...everyKind, row(6))
    expect([await bench.heldPlan(), lock(6)]).toEqual([null, 'open'])
  })

  test('once rejected is followed by another first one', async () => {
    await settle(...everyKind)
    await bench.reject((await bench.heldPlan()) as PlanId)
    await settle(...everyKind, row(6))
    expect(Object.values(await holds())).toEqual(['first-plan', 'first-plan', 'first-plan', 'first-plan'])
  })

  test('is not over before the plans of all who have something to change were looked at', async () => {
    await settle(...everyKind)
    await bench.deliver([row(7, { id: 'c7' })], { source: 'contractors' })
    await bench.release((await bench.heldPlan()) as PlanId)
    await settle(...everyKind, row(8))
    expect(await holds()).toEqual({ create: 'first-plan' })
    await bench.release((await bench.heldPlan('source:contractors')) as PlanId)
    await bench.release((await bench.heldPlan()) as PlanId)
    await settle(...everyKind, row(8), row(9))
    expect([lock(7), lock(8), lock(9)]).toEqual(['open', 'open', 'open'])
  })
})

describe('the first plan at a target is not over when somebody', () => {
  const late = [row(7, { id: 'c7' }), row(8, { id: 'c8' })]
  beforeEach(async () => {
    bench = await engine.begin({ sources: [hrSource('contractors')], enabled: false })
    await bench.deliver([row(1)])
    await bench.deliver(late.slice(0, 1), { source: 'contractors' })
    await enable()
    await bench.followCalendar()
    await bench.deliver([row(1), row(2)])
    await bench.deliver(late, { source: 'contractors' })
  })

  test.each([
    [
      'says that the plan of another source waits for something else',
      `update plan_change set held_for = 'brake' where plan_id = $1`,
    ],
    ['says that it waits no more', `update plan set state = 'passed' where id = $1`],
    ['changes what it waits for', `update plan set holds = replace(holds, 'first-plan', 'brake') where id = $1`],
  ])('%s', async (_what, sql) => {
    const other = await bench.heldPlan('source:contractors')
    expect(other).not.toBeNull()
    await engine.tamper(sql, [other])
    await bench.release((await bench.heldPlan()) as PlanId)
    await bench.deliver([row(1), row(2), row(3)])
    await bench.rest()
    expect([lock(1), lock(2), lock(3), lock(7)]).toEqual(['open', 'open', undefined, undefined])
    expect(await bench.rows('select from target where first_release_at is not null')).toEqual([])
  })
})

describe('who writes to the database', () => {
  test('can not enable a target', async () => {
    bench = await engine.begin({ enabled: false })
    await engine.tamper(`update target set mode = 'enabled', mode_at = now(), mode_by = $1, first_release_at = now()`, [
      bench.operator,
    ])
    await settle(row(1))
    expect([bench.target.users.size, await holds(), await bench.alarms()]).toEqual([
      0,
      { create: 'observe' },
      ['guard.failed'],
    ])
    await expect(bench.release((await bench.heldPlan()) as PlanId)).rejects.toMatchObject({ code: 'plan.observed' })
    await enable()
    expect(await bench.alarms()).toEqual([])
    // Whether it was matched, and whom that led to an account, is not known any more.
    await match(bench)
    await settle(row(1))
    await bench.release((await bench.heldPlan()) as PlanId)
    await bench.rest()
    expect(lock(1)).toBe('open')
  })

  test('can not end the wait for the first release, and stops no lock-out by changing who enabled it', async () => {
    bench = await engine.begin()
    await settle(row(1), row(2))
    await observe()
    await enable()
    await engine.tamper('update target set first_release_at = now()')
    await settle(row(1, { family: 'Other' }), row(2, { status: 'left' }))
    expect([bench.target.users.get('n1')?.profile.name, lock(2), await bench.alarms()]).toEqual([
      'Person1 Test',
      'closed',
      ['guard.failed'],
    ])
    expect(await bench.rows('select 1 from lockout where proven_at is null')).toEqual([])
  })
})

describe('a row of a target that somebody emptied or deleted', () => {
  const empty =
    'update target set mode = null, mode_at = null, mode_by = null, first_release_at = null, restored_at = null, mode_guard = null'
  beforeEach(async () => {
    bench = await engine.begin()
    await settle(row(1), row(2))
  })

  test.each([
    ['emptied', empty],
    ['deleted', 'delete from target'],
  ])('starts no writing again that a person stopped when it is %s, and is alarmed', async (_how, sql) => {
    await observe()
    await engine.tamper(sql)
    await settle(row(1, { family: 'Other' }), row(2), row(3))
    expect(lock(3)).toBeUndefined()
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('starts nothing at a target that forgot', async () => {
    await markRestored(bench.context, 'doors', 2, bench.context.now())
    bench.target.users.clear()
    await engine.tamper(empty)
    await settle(row(1, { family: 'Other' }), row(2), row(3))
    expect([...bench.target.users]).toEqual([])
  })

  test('stops no lock-out, also when it was never decided about by anybody', async () => {
    await engine.tamper(empty)
    await settle(row(1, { status: 'left' }), row(2))
    expect(lock(1)).toBe('closed')
  })

  test('counts again when a person enables the target: the first plan waits', async () => {
    await observe()
    await engine.tamper(empty)
    await enable()
    await settle(row(1), row(2), row(3))
    expect([lock(3), await holds()]).toEqual([undefined, {}])
    await match(bench)
    await settle(row(1), row(2), row(3), row(4))
    expect([lock(3), await holds()]).toEqual([undefined, { create: 'first-plan' }])
    expect(await bench.alarms()).not.toContain('guard.failed')
  })
})

test('a row that comes back at a start is signed by nobody', async () => {
  bench = await engine.begin()
  await settle(row(1))
  await observe()
  await engine.tamper('delete from target; delete from account')
  await restoreTargetRows(engine.database.pool, ['doors'])
  await bench.deliver([row(1), row(2)])
  await bench.rest()
  expect(lock(2)).toBeUndefined()
  expect(await bench.rows('select mode_guard, standing_guard from target')).toEqual([
    { mode_guard: null, standing_guard: null },
  ])
})

test('a row from before rows were signed is taken as it is, when the schema is brought up to date and at no other time', async () => {
  bench = await engine.begin()
  await engine.tamper('update target set mode_guard = null')
  const { pool } = engine.database
  await signOlderRows(pool, engine.vault, ['0010-other'])
  await settle(row(1))
  expect(lock(1)).toBeUndefined()
  await signOlderRows(pool, engine.vault, ['0011-shield'])
  await bench.rest()
  const plan = await bench.heldPlan()
  if (plan !== null) await bench.release(plan)
  await bench.rest()
  expect(lock(1)).toBe('open')
})
