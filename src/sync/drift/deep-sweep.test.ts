import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import { type Bench, hour, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import type { TargetUser } from '../fixtures/memory-target.fixture.ts'
import { observeTarget } from '../target-modes.ts'
import { deepProgress, hoursOf, openDeepSweep } from './deep-sweep.ts'
import { markRestored } from './restored.ts'
import { sweepIfDue } from './sweep-target.ts'

const engine = useEngine()
let bench: Bench

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { card: `${100 + who}`, ...more })
const many = (count: number) => Array.from({ length: count }, (_, who) => row(who))
const user = (who: number) => bench.target.users.get(`n${who}`) as TargetUser
const signal = new AbortController().signal
const sweep = () => sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, signal)
const progress = async () => {
  const [found] = await bench.rows<{ deep_sweep: string | null }>('select deep_sweep from target')
  return deepProgress(found?.deep_sweep ?? null)
}
const reads = () => bench.target.calls.filter(({ verb }) => verb === 'read').map(({ externalId }) => externalId)
const drifts = async () => (await bench.rows<{ class: string }>('select class from drift')).map((each) => each.class)

/** Steps every minute for so long. */
const go = async (ms: number, deep = openDeepSweep(bench.context, bench.setup)) => {
  for (let past = 0; past < ms; past += minute) {
    await deep.step(signal)
    await bench.pass(minute)
  }
  return deep
}

beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver(many(8))
  await bench.rest()
  bench.target.shallow = true
  Object.assign(bench.setup, { deepSweep: { everyMs: hour, requestsPerSecond: 1 } })
})

test('what is kept of it, and was written by somebody else, is nothing', () => {
  expect([deepProgress(null), deepProgress('{'), deepProgress('null'), deepProgress('{}')]).toEqual([
    null,
    null,
    null,
    null,
  ])
})

describe('a deep sweep', () => {
  test('waits for the first sweep, and reads nothing where a list shows all', async () => {
    await go(10 * minute)
    bench.target.shallow = false
    await sweep()
    bench.target.calls.length = 0
    await go(2 * hour)
    expect([reads(), await progress()]).toEqual([[], null])
  })

  test('reads each account once in its time, one after the other, and then rests until the next', async () => {
    await sweep()
    bench.target.calls.length = 0
    user(5).levels.add('id of Vault')
    const deep = await go(10 * minute)
    const early = reads().length
    expect([early > 0, early < 4]).toEqual([true, true])
    expect(await progress()).toMatchObject({ total: 8, read: early, endedAt: null })
    await go(49 * minute, deep)
    expect([reads().length, new Set(reads()).size, await drifts()]).toEqual([8, 8, ['level-added']])
    const done = await progress()
    expect([done?.read, (done?.endedAt ?? null) !== null, await bench.alarms()]).toEqual([8, true, []])
    await go(hour, deep)
    expect(reads().length).toBeGreaterThan(8)
  })

  test('goes on where it was in another process, and is not led astray by what somebody writes while it goes on', async () => {
    await sweep()
    bench.target.calls.length = 0
    const first = await go(20 * minute)
    await engine.tamper(`update target set looked_through = 'ffffffff-ffff-4fff-bfff-ffffffffffff', deep_sweep = null`)
    await go(10 * minute, first)
    const read = reads()
    await go(28 * minute)
    expect([new Set(read).size, read.length, reads().length, new Set(reads()).size]).toEqual([
      read.length,
      read.length,
      8,
      8,
    ])
  })

  test('is gone on with by whichever process leads the target, also by one that led it before, and once more', async () => {
    await sweep()
    bench.target.calls.length = 0
    const [first, second] = [openDeepSweep(bench.context, bench.setup), openDeepSweep(bench.context, bench.setup)]
    for (let turn = 0; turn < 5; turn++) await go(10 * minute, turn % 2 === 0 ? first : second)
    await go(9 * minute, second)
    expect([reads().length, new Set(reads()).size]).toEqual([8, 8])
    await go(hour, first)
    expect([reads().length, (await progress())?.lastBegunAt]).toEqual([16, expect.any(String)])
    await go(hour, second)
    expect([reads().length, await bench.alarms()]).toEqual([24, []])
  })

  test('that its share of the rate does not let end in time says so, and for how long', async () => {
    await sweep()
    Object.assign(bench.setup, { deepSweep: { everyMs: hour, requestsPerSecond: 1 / 900 } })
    const deep = await go(5 * minute)
    expect(await bench.alarms()).toEqual(['drift.late'])
    expect(await bench.rows(`select count from alarm where code = 'drift.late'`)).toEqual([{ count: 2 }])
    const now = bench.context.now()
    const at = await progress()
    expect(at === null ? 0 : hoursOf(at, now)).toBeCloseTo(2, 0)
    bench.target.shallow = false
    await sweep()
    await go(30 * minute, deep)
    expect(await bench.alarms()).toEqual([])
  })

  test('finds a leaver whose card was unblocked, and shuts it at once', async () => {
    await bench.deliver([row(0, { status: 'left' }), ...many(8).slice(1)])
    await bench.rest()
    await sweep()
    const card = user(0).cards.get(cardKey(h10301(7, 100))) as { state: string }
    card.state = 'on'
    await go(hour)
    await bench.work()
    expect([card.state, await bench.alarms()]).toEqual(['blocked', ['lockout.undone']])
  })

  test('counts changes over the whole of it: a target that forgot cards and levels alone is noticed', async () => {
    await sweep()
    for (let who = 0; who < 8; who++) user(who).cards.clear()
    await go(hour)
    expect(await bench.alarms()).toContain('target.restored')
  })

  test('asks nothing of a target that forgot', async () => {
    await sweep()
    await markRestored(bench.context, 'doors', 8, bench.context.now())
    bench.target.calls.length = 0
    await go(15 * minute)
    expect(reads()).toEqual([])
  })

  test('looks at a target that is only observed', async () => {
    await sweep()
    await observeTarget(bench.context, 'doors', bench.operator, 'looking')
    bench.target.calls.length = 0
    await go(15 * minute)
    expect(reads().length).toBeGreaterThan(0)
  })

  test('tells of an account that can not be read, and goes on', async () => {
    await sweep()
    bench.target.fault = ({ verb, externalId }) =>
      verb === 'read' && externalId === 'n3' ? { is: 'failure', kind: 'rejected' } : null
    await go(hour)
    expect([await drifts(), await progress()]).toMatchObject([['account-unreadable'], { read: 8, unreadable: 1 }])
    await sweep()
    expect(await drifts()).toEqual(['account-unreadable'])
  })
})
