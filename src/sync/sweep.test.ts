import { beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../test/support/servers.ts'
import { Refusal } from '../model/refusal.ts'
import { mortal } from './fixtures/crash.fixture.ts'
import { type Bench, day, hour, useEngine } from './fixtures/engine.fixture.ts'
import { hrRow, hrSource } from './fixtures/hr-file.fixture.ts'
import { nextCalls } from './fixtures/memory-target.fixture.ts'
import { finishReleases, releasePlan } from './plan/release-plan.ts'
import { freezeByHand, pauseByHand, resumeByHand, unfreezeByHand } from './stop.ts'
import { followCalendar, resumeCalendar, sweepWork, watchTheTime } from './sweep.ts'
import { enableTarget, observeTarget } from './target-modes.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const outbox = () => bench.rows<{ target: string; lane: string }>('select target, lane from outbox order by id')
const unlessBusy = (error: unknown) => {
  if (!(error instanceof Refusal) || error.code !== 'plan.busy') throw error
}
const emptied = () => bench.rows('delete from outbox')

describe('the sweeper', () => {
  test('wakes each lane that has something due which nobody holds, and no other', async () => {
    await bench.deliver([hrRow(1), hrRow(2)])
    await emptied()
    await sweepWork(bench.context)
    expect(await outbox()).toEqual([{ target: 'doors', lane: 'bulk' }])
    await bench.rest()
    await emptied()
    await bench.deliver([hrRow(1, { status: 'left' }), hrRow(2, { family: 'Other' })])
    await emptied()
    await sweepWork(bench.context)
    expect((await outbox()).map(({ lane }) => lane).sort()).toEqual(['bulk', 'urgent'])
    await emptied()
    await bench.rows(
      `update account_work set lease_owner = gen_random_uuid(), lease_until = now() + interval '5 s' where lane = 'bulk'`,
    )
    await bench.rows(`update account_work set due_at = now() + interval '1 minute' where lane = 'urgent'`)
    await sweepWork(bench.context)
    expect(await outbox()).toEqual([])
  })
})

describe('alarms that only time can tell', () => {
  const watched = async () => {
    await watchTheTime(bench.context)
    return bench.alarms()
  }

  test('no file when one is due; a file puts it off', async () => {
    bench = await engine.begin({ source: { expectEveryMs: day }, sources: [hrSource('never')] })
    expect(await watched()).toEqual([])
    await bench.rows(`update source set registered_at = now() - interval '25 hours'`)
    expect(await watched()).toEqual(['source.late'])
    expect(await watched()).toEqual(['source.late'])
    expect(await bench.rows('select scope, is_on from alarm_notice')).toEqual([{ scope: 'hr', is_on: true }])
    await bench.deliver([hrRow(1)])
    expect(await watched()).toEqual([])
  })

  test('a lock-out that stays open, until it is proven', async () => {
    await bench.deliver([hrRow(1)])
    await bench.rest()
    nextCalls(bench.target, 'lock', { is: 'failure', kind: 'transient' }, { is: 'failure', kind: 'transient' })
    await bench.deliver([hrRow(1, { status: 'left' })])
    await bench.work()
    expect(await watched()).toContain('lockout.open')
    await bench.rest()
    expect(await watched()).toEqual([])
  })

  test('a plan that waits, until it is decided', async () => {
    const limit = { min: 0, percent: 0 }
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, create: limit } } })
    await bench.deliver([hrRow(1)])
    expect(await watched()).toEqual(['plan.held'])
    await bench.release((await bench.heldPlan()) as never)
    expect(await watched()).toEqual([])
  })

  test('a target that was taken out of the configuration while accounts are left there', async () => {
    await bench.deliver([hrRow(1)])
    await bench.rest()
    const without = { ...bench.context, targets: new Map() }
    await watchTheTime(bench.context)
    expect(await bench.alarms()).not.toContain('target.left')
    await watchTheTime(without)
    expect(await bench.alarms()).toContain('target.left')
    await watchTheTime(bench.context)
    expect(await bench.alarms()).not.toContain('target.left')
  })

  test('a target that is only observed while accounts that we wrote are there', async () => {
    await bench.deliver([hrRow(1)])
    await bench.rest()
    expect(await watched()).toEqual([])
    await observeTarget(bench.context, 'doors', bench.operator, 'it is moved')
    expect(await watched()).toContain('target.observed')
    await enableTarget(bench.context, 'doors', bench.operator, 'it is moved')
    expect(await watched()).not.toContain('target.observed')
  })

  test('a pause and a freeze for which nothing waits, with a count of none', async () => {
    await pauseByHand(bench.context, 'doors', bench.operator, 'works there')
    await freezeByHand(bench.context, 'doors', bench.operator, 'odd changes')
    await watchTheTime(bench.context)
    const on = await bench.rows('select code, count from alarm where cleared_at is null order by code')
    expect(on).toEqual([
      { code: 'target.frozen', count: 0 },
      { code: 'target.paused', count: 0 },
    ])
  })

  test('nothing of a freeze that begins, or ends, while the stops are looked at: it is told once by whoever freezes', async () => {
    const { context, operator } = bench
    const watchedDuring = (act: () => Promise<void>) => {
      const { standings } = context
      const all: typeof standings.all = async () => {
        const before = await standings.all()
        await act()
        return before
      }
      return watchTheTime({ ...context, standings: { ...standings, all } })
    }
    await watchedDuring(() => freezeByHand(context, 'doors', operator, 'odd changes'))
    expect(await bench.alarms()).toEqual(['target.frozen'])
    await watchedDuring(() => unfreezeByHand(context, 'doors', operator, 'all is well'))
    expect(await bench.alarms()).toEqual([])
    const told = await bench.rows('select code, is_on from alarm_notice order by seq')
    expect(told).toEqual([true, false].map((is_on) => ({ code: 'target.frozen', is_on })))
  })

  test('a rule that names a level which a target does not offer', async () => {
    bench.policy([{ grant: ['doors/Cellar'], to: 'true' }])
    expect(await watched()).toEqual(['level.unknown'])
    bench.policy([{ grant: ['doors/Main'], to: 'true' }])
    expect(await watched()).toEqual([])
  })
})

describe('a process that is killed', () => {
  // As long as a site of its own for every step takes; how long that is says nothing.
  const patient = { timeout: 180_000 }

  test('while it follows the calendar leaves nothing undone: the next one goes on', patient, async () => {
    for (let steps = 0; ; steps++) {
      bench = await engine.begin()
      await bench.deliver([hrRow(1, { end: '2026-03-02' }), hrRow(2, { start: '2026-03-03' })])
      await bench.rest()
      await bench.pass(16 * hour)
      const dying = mortal(bench.context, bench.setup, steps)
      await followCalendar(dying.context, bench.brakes).catch(() => undefined)
      await resumeCalendar(bench.context, bench.brakes)
      await bench.followCalendar()
      await bench.rest()
      const locks = [1, 2].map((who) => bench.target.users.get(`n${who}`)?.lock)
      expect(locks, `after ${steps} steps`).toEqual(['closed', 'open'])
      if (!dying.dead()) return
    }
  })

  test('while it carries out a release makes nobody decide twice: the next one goes on', patient, async () => {
    const limit = { min: 0, percent: 0 }
    for (let steps = 0; ; steps++) {
      bench = await engine.begin({ source: { brakes: { ...bench.brakes, create: limit } } })
      await bench.deliver([hrRow(1), hrRow(2)])
      const plan = (await bench.heldPlan()) as never
      const dying = mortal(bench.context, bench.setup, steps)
      await releasePlan(dying.context, plan, bench.operator, 'seen').catch(() => undefined)
      // The turn of a dead process ends with its connection, some moments later.
      await until('the release is carried out', async () => {
        await finishReleases(bench.context)
        if ((await bench.heldPlan()) !== null) await bench.release(plan).catch(unlessBusy)
        return (await bench.rows('select 1 from plan where id = $1 and applied_at is not null', [plan])).length === 1
      })
      await bench.rest()
      expect(bench.target.users.size, `after ${steps} steps`).toBe(2)
      expect(await bench.rows(`select state from plan where id = $1`, [plan])).toEqual([{ state: 'released' }])
      if (!dying.dead()) return
    }
  })

  test('has nothing finished for it that was never begun', async () => {
    await finishReleases(bench.context)
    expect(bench.logged).toEqual([])
  })
})

describe('a person', () => {
  test('pauses all writing to a target, lock-outs too, and lets it go on at once', async () => {
    await bench.deliver([hrRow(1)])
    await bench.rest()
    await pauseByHand(bench.context, 'doors', bench.operator, 'moving the server')
    await bench.deliver([hrRow(1, { status: 'left' })])
    await bench.rest()
    expect([bench.target.users.get('n1')?.lock, await bench.alarms()]).toEqual(['open', ['target.paused']])
    await emptied()
    await resumeByHand(bench.context, 'doors', bench.operator, 'moved')
    expect((await outbox()).map(({ lane }) => lane)).toContain('urgent')
    await bench.rest()
    expect([bench.target.users.get('n1')?.lock, await bench.alarms()]).toEqual(['closed', []])
    const acts = await bench.rows(`select action from audit_pending where actor = $1 order by id`, [bench.operator])
    expect(acts.map(({ action }) => action)).toEqual(['target.paused', 'target.resumed'])
  })

  test('can pause no target that there is not', async () => {
    await expect(pauseByHand(bench.context, 'elsewhere', bench.operator, 'x')).rejects.toMatchObject({
      code: 'target.unknown',
    })
    await expect(resumeByHand(bench.context, 'elsewhere', bench.operator, 'x')).rejects.toMatchObject({
      code: 'target.unknown',
    })
  })

  test('finds two releases at once refused, and one after the other done', async () => {
    const limit = { min: 0, percent: 0 }
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, create: limit, grant: limit } }, sources: [] })
    await bench.deliver([hrRow(1)])
    const plan = (await bench.heldPlan()) as never
    const both = await Promise.allSettled([bench.release(plan), bench.release(plan)])
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(bench.release(plan)).rejects.toMatchObject({ code: 'plan.not-held' })
  })
})
