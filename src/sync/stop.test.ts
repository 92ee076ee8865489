import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, minute, second, useEngine } from './fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from './fixtures/hr-file.fixture.ts'
import { nextCalls } from './fixtures/memory-target.fixture.ts'
import { finishReleases } from './plan/release-plan.ts'
import { planThawed } from './plan/thawed.ts'
import { startTargetWorker } from './reconcile/worker.ts'
import { freezeByHand, pauseByHand, resumeByHand, unfreezeByHand } from './stop.ts'
import { watchTheTime } from './sweep.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver([row(1), row(2)])
  await bench.rest()
})

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const user = (who: number) => bench.target.users.get(`n${who}`)
const freeze = (target: string | null = null) => freezeByHand(bench.context, target, bench.operator, 'odd changes')
const unfreeze = (target: string | null = null) => unfreezeByHand(bench.context, target, bench.operator, 'all well')
const pause = () => pauseByHand(bench.context, 'doors', bench.operator, 'the server is moved')
const resume = () => resumeByHand(bench.context, 'doors', bench.operator, 'it is moved')
const alarm = async (code: string) =>
  (await bench.rows('select scope, count from alarm where code = $1 and cleared_at is null', [code]))[0]
const standing = () => bench.context.standings.of('doors')
const why = async () => {
  const [held] = await bench.rows<{ holds: string }>(`select holds from plan where state = 'held'`)
  return (JSON.parse(held?.holds ?? '[]') as { why: string }[]).map((hold) => hold.why)
}

describe.each([
  ['of a target', 'doors', 'target.frozen', 'doors'],
  ['of everything', null, 'gateway.frozen', '*'],
] as const)('a freeze %s', (_what, target, code, scope) => {
  test('stops all but lock-outs: files are read, leavers shut out, and what else they say waits', async () => {
    await freeze(target)
    await bench.deliver([row(1, { status: 'left' }), row(2, { family: 'Other', department: 'Research' }), row(3)])
    await bench.rest()
    expect([user(1)?.lock, user(2)?.profile.name, [...(user(2)?.levels ?? [])], user(3)]).toEqual([
      'closed',
      'Person2 Test',
      ['id of Main'],
      undefined,
    ])
    expect(await why()).toContain('frozen')
    expect(await bench.release((await bench.heldPlan()) as never).catch(({ code: refused }) => refused)).toBe(
      'plan.frozen',
    )
    expect(await alarm(code)).toMatchObject({ scope })
  })

  test('begins no bulk work that was decided before, and counts what waits', async () => {
    await bench.deliver([row(1, { family: 'Other' }), row(2, { family: 'Other' })])
    await freeze(target)
    await bench.work()
    await watchTheTime(bench.context)
    expect([user(1)?.profile.name, await alarm(code)]).toEqual(['Person1 Test', { scope, count: 2 }])
    await unfreeze(target)
    await bench.rest()
    expect([user(1)?.profile.name, await alarm(code)]).toEqual(['Person1 Other', undefined])
  })

  test('once lifted, lets pass by itself what only it had held', async () => {
    await freeze(target)
    await bench.deliver([row(1, { family: 'Other' }), row(2)])
    const held = await bench.heldPlan()
    await planThawed(bench.context, bench.brakes)
    expect(await bench.heldPlan()).toBe(held)
    await unfreeze(target)
    await planThawed(bench.context, bench.brakes)
    await bench.rest()
    expect([await bench.heldPlan(), user(1)?.profile.name]).toEqual([null, 'Person1 Other'])
  })

  test('is a named act, whatever a repeated one says, and only the same lifts it', async () => {
    await freeze(target)
    const { frozenAt } = await standing()
    await bench.pass(minute)
    await freeze(target)
    expect((await standing()).frozenAt).toEqual(frozenAt)
    await unfreeze(target === null ? 'doors' : null)
    expect((await standing()).frozenAt).toEqual(frozenAt)
    await unfreeze(target)
    expect(await standing()).toMatchObject({ frozenAt: null, forged: false })
    const acts = await bench.rows(`select action, object from audit_pending where actor = $1 order by id limit 1`, [
      bench.operator,
    ])
    expect(acts).toEqual([{ action: code, object: target ?? '' }])
  })
})

describe('a freeze', () => {
  test('lets the puts that run finish, and begins none after', async () => {
    const names = Array.from({ length: 12 }, (_, i) => i + 1)
    await bench.deliver(names.map((who) => row(who)))
    const held = await bench.heldPlan()
    if (held !== null) await bench.release(held)
    await bench.rest()
    await bench.deliver(names.map((who) => row(who, { family: 'Other' })))
    const waiting = await bench.heldPlan()
    if (waiting !== null) await bench.release(waiting)
    let puts = 0
    bench.target.fault = ({ verb }) => {
      if (verb !== 'put') return null
      puts += 1
      return puts === 1 ? { is: 'meanwhile', run: () => freeze('doors') } : null
    }
    await bench.work()
    const renamed = names.filter((who) => user(who)?.profile.name?.endsWith('Other'))
    expect(renamed.length).toBeGreaterThanOrEqual(1)
    // No more than had begun: twice what the target bears at once.
    expect(renamed.length).toBeLessThanOrEqual(8)
    await unfreeze('doors')
    await bench.rest()
    expect(names.every((who) => user(who)?.profile.name?.endsWith('Other'))).toBe(true)
  })

  test('in the middle of a release halts it; lifted, it is finished without anybody deciding again', async () => {
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, create: { min: 0, percent: 0 } } } })
    await bench.deliver([row(1), row(2)])
    const plan = (await bench.heldPlan()) as never
    const { standings } = bench.context
    // The release has begun when the freeze comes.
    const asked = [() => false, () => true]
    const context = { ...bench.context, standings: { ...standings, frozen: async () => asked.shift() ?? (() => true) } }
    const { releasePlan } = await import('./plan/release-plan.ts')
    await expect(releasePlan(context, plan, bench.operator, 'seen')).rejects.toMatchObject({ code: 'plan.frozen' })
    await freeze()
    await finishReleases(bench.context)
    await bench.rest()
    expect(bench.target.users.size).toBe(0)
    await unfreeze()
    await finishReleases(bench.context)
    await bench.rest()
    expect(bench.target.users.size).toBe(2)
  })

  test('in the middle of a plan that passes holds the rest of it', async () => {
    await bench.deliver([row(1), row(2)])
    const { standings } = bench.context
    const asked = [() => false]
    const halting = { ...standings, frozen: async () => asked.shift() ?? (() => true) }
    const { pull } = await import('./pull/pull.ts')
    const { hrFile } = await import('./fixtures/hr-file.fixture.ts')
    const file = hrFile([row(1, { family: 'Other' }), row(2)], { arrivedAt: bench.context.now() })
    await pull({ ...bench.context, standings: halting }, bench.source, file, new AbortController().signal)
    await bench.rest()
    expect([await why(), user(1)?.profile.name]).toEqual([['frozen'], 'Person1 Test'])
  })

  test('of what there is not, and a pause of it, is refused', async () => {
    const { context, operator } = bench
    for (const act of [freezeByHand, unfreezeByHand, pauseByHand, resumeByHand])
      await expect(act(context, 'elsewhere', operator, 'x')).rejects.toMatchObject({ code: 'target.unknown' })
  })
})

describe('a pause', () => {
  test('says how many lock-outs wait for it, and goes on saying so', async () => {
    await pause()
    expect(await alarm('target.paused')).toEqual({ scope: 'doors', count: 0 })
    await bench.deliver([row(1, { status: 'left' }), row(2, { status: 'left' })])
    await watchTheTime(bench.context)
    expect(await alarm('target.paused')).toEqual({ scope: 'doors', count: 2 })
    await resume()
    await bench.rest()
    expect([user(1)?.lock, await alarm('target.paused')]).toEqual(['closed', undefined])
  })

  test('does not lift a freeze, nor a freeze a pause', async () => {
    await pause()
    await freeze('doors')
    await unfreeze('doors')
    expect(await standing()).toMatchObject({ pausedBecause: 'target.paused-by-hand', frozenAt: null })
    await freeze('doors')
    await resume()
    expect(await standing()).toMatchObject({ pausedBecause: null, frozenAt: expect.any(Date) })
  })
})

describe('a thief who can write', () => {
  const tamper = (sql: string) => engine.tamper(sql)
  const leave = async () => {
    await bench.deliver([row(1, { status: 'left' }), row(2, { family: 'Other' })])
    await bench.rest()
    return [user(1)?.lock, user(2)?.profile.name]
  }

  test('stops no lock-out by a pause of his own: it counts as frozen, and somebody is called', async () => {
    await tamper(`update target set paused_at = now(), pause_code = 'target.paused-by-hand'`)
    expect(await leave()).toEqual(['closed', 'Person2 Test'])
    expect(await alarm('guard.failed')).toMatchObject({ scope: 'doors' })
    expect(await standing()).toMatchObject({ pausedBecause: null, forged: true })
  })

  test.each([
    ['clears it', `update target set frozen_at = null`],
    ['signs it with nothing', `update target set frozen_at = null, standing_guard = null, standing_version = 0`],
    ['deletes what says everything is', `delete from gateway`],
    ['deletes the row', `delete from target`],
  ])('lifts no freeze when he %s', async (_how, sql) => {
    await freeze('doors')
    await tamper(sql)
    expect((await standing()).frozenAt).toEqual(expect.any(Date))
    expect(await alarm('guard.failed')).toBeDefined()
  })

  test('nor when he puts back the row of before, guard and all', async () => {
    const [before] = await bench.rows<{ guard: Buffer }>('select standing_guard as guard from target')
    await freeze('doors')
    await standing()
    await engine.tamper('update target set frozen_at = null, standing_version = 0, standing_guard = $1', [
      before?.guard,
    ])
    expect(await standing()).toMatchObject({ frozenAt: expect.any(Date), forged: true })
    await engine.tamper('update gateway set frozen_at = now()')
    expect(await standing()).toMatchObject({ forged: true })
  })

  test('is not helped by a login that the target refuses then: what is signed anew stays frozen until a person says otherwise', async () => {
    await tamper(`update target set pause_code = 'x'`)
    nextCalls(bench.target, 'lock', { is: 'failure', kind: 'unauthenticated' })
    expect(await leave()).toEqual(['open', 'Person2 Test'])
    expect(await standing()).toMatchObject({
      pausedBecause: 'memory.unauthenticated',
      frozenAt: expect.any(Date),
      forged: false,
    })
    await resume()
    await bench.rest()
    expect([user(1)?.lock, user(2)?.profile.name]).toEqual(['closed', 'Person2 Test'])
    await unfreeze('doors')
    await planThawed(bench.context, bench.brakes)
    await bench.rest()
    expect([user(2)?.profile.name, await bench.alarms()]).toEqual(['Person2 Other', []])
  })

  test('has what he forged undone by the act of a person', async () => {
    await tamper(`update target set paused_at = now()`)
    expect((await standing()).forged).toBe(true)
    await unfreeze('doors')
    expect(await standing()).toEqual({
      ...{ pausedBecause: null, frozenAt: null, frozenHereAt: null, resting: false, forged: false },
    })
    await tamper(`update target set paused_at = now()`)
    await freeze('doors')
    expect(await standing()).toMatchObject({ pausedBecause: null, frozenAt: expect.any(Date), forged: false })
    await tamper(`update target set frozen_at = null`)
    await resume()
    expect(await standing()).toMatchObject({ frozenAt: expect.any(Date), forged: false })
  })
})

test('a worker asks again before each account, at most twice a second', async () => {
  const worker = startTargetWorker(bench.context, bench.setup, () => 'read-back')
  await worker.pump('bulk')
  await worker.stop(second)
  const { standings } = bench.context
  const [one, two] = [standings.recent('doors'), standings.recent('doors')]
  expect(one).toBe(two)
  await freeze('doors')
  expect((await standings.recent('doors')).frozenAt).toEqual(expect.any(Date))
})
