import { beforeEach, describe, expect, test } from 'vitest'
import { raiseAlarm } from '../store/alarms.ts'
import { type Bench, minute, second, useEngine } from '../sync/fixtures/engine.fixture.ts'
import type { HrRow } from '../sync/fixtures/hr-file.fixture.ts'
import { lockPerson } from '../sync/operator.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { createMeasure } from './measure.ts'
import { provenLockouts } from './proven-lockouts.ts'
import { status } from './status.ts'
import { openTotals } from './totals.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const facts = { version: '1.2.3', startedAt: new Date(), roles: ['api', 'worker'] }
const wakeUps = { health: async () => ({ backend: 'redis' as const, ok: false }) }
const row = (id: string, more: Partial<HrRow> = {}): HrRow => ({
  ...{ id, number: `n${id}`, given: 'Ada', family: 'Planted', department: 'Sales', card: `10${id}` },
  ...more,
})

function figuresOf() {
  const metrics = createMetrics()
  const { context } = bench
  const countProofs = provenLockouts(context, metrics)
  const measure = createMeasure({ context, metrics, countProofs, totals: openTotals(context), wakeUps, facts })
  return async () => {
    await measure()
    return (await metrics.text()).split('\n')
  }
}
const view = () => status(bench.context, openTotals(bench.context), wakeUps, facts)

test('an empty gateway tells zeros, not silence', async () => {
  expect(await figuresOf()()).toEqual(
    expect.arrayContaining([
      'gatehouse_lockouts_open{target="doors"} 0',
      'gatehouse_lockouts_oldest_open_seconds{target="doors"} 0',
      'gatehouse_work_waiting{target="doors",lane="urgent"} 0',
      'gatehouse_dead_letters{target="doors"} 0',
      'gatehouse_alarms{code="lockout.open"} 0',
      'gatehouse_target_state{target="doors",state="paused"} 0',
      'gatehouse_source_records{source="hr"} 0',
      'gatehouse_outbox_rows 0',
      'gatehouse_outbox_oldest_seconds 0',
      'gatehouse_queue_up{backend="redis"} 0',
      `gatehouse_build_info{version="1.2.3",node="${process.versions.node}"} 1`,
      'gatehouse_role{role="worker"} 1',
      'gatehouse_frozen 0',
    ]),
  )
})

test('people, accounts, sources, alarms and states are those of the store', async () => {
  await bench.deliver([row('1'), row('2'), row('3')])
  await bench.rest()
  await bench.deliver([row('1', { status: 'left' }), row('2'), row('3')])
  await raiseAlarm(bench.context.database.pool, bench.context.vault, 'target.unreachable', 'doors')
  await engine.tamper('update target set breaker_failures = 5')
  const lines = await figuresOf()()
  expect(lines).toEqual(
    expect.arrayContaining([
      'gatehouse_people{state="active"} 2',
      'gatehouse_people{state="left"} 1',
      'gatehouse_accounts{target="doors"} 3',
      'gatehouse_lockouts_open{target="doors"} 1',
      'gatehouse_work_waiting{target="doors",lane="urgent"} 1',
      'gatehouse_source_records{source="hr"} 3',
      'gatehouse_source_last_outcome{source="hr",outcome="taken"} 1',
      'gatehouse_alarms{code="target.unreachable"} 1',
      'gatehouse_target_state{target="doors",state="unreachable"} 1',
      'gatehouse_target_failures_in_a_row{target="doors"} 5',
    ]),
  )
  expect(lines.find((line) => line.startsWith('gatehouse_outbox_rows'))).not.toBe('gatehouse_outbox_rows 0')
  expect(lines.join()).not.toContain('Planted')
  expect(await view()).toMatchObject({
    people: { active: 2, left: 1 },
    sources: [{ id: 'hr', lastOutcome: 'taken', records: 3, overdue: false }],
    targets: [{ id: 'doors', accounts: 3, waiting: 1, urgentWaiting: 1, unreachable: true }],
    lockouts: { open: 1, openAt: [{ target: 'doors', open: 1 }], proven24h: 0, byCause: [] },
    alarms: [{ code: 'target.unreachable', scope: 'doors', action: expect.stringMatching(/^Check the door system/) }],
    queue: { backend: 'redis', ok: false },
  })
})

describe('lock-outs', () => {
  const counted = (lines: readonly string[]) =>
    lines.filter((line) => /^gatehouse_lockout_(own_)?seconds_(count|sum)/.test(line))

  test('are counted once each, by target, proof and cause, whoever proved them', async () => {
    const read = figuresOf()
    await bench.deliver([row('1'), row('2')])
    await bench.rest()
    await bench.deliver([row('1', { status: 'left' }), row('2')])
    await bench.pass(second)
    await bench.rest()
    expect(counted(await read())).toEqual([
      'gatehouse_lockout_seconds_sum{target="doors",proof="read-back",cause="record"} 1',
      'gatehouse_lockout_seconds_count{target="doors",proof="read-back",cause="record"} 1',
      'gatehouse_lockout_own_seconds_sum{target="doors"} 1',
      'gatehouse_lockout_own_seconds_count{target="doors"} 1',
    ])
    await bench.pass(minute)
    await lockPerson(bench.context, await bench.personOf('n2'), bench.operator, 'badge lost')
    await bench.rest()
    // Two who ask at the same time are not told of it twice.
    const [lines] = await Promise.all([read(), read()])
    expect(counted(lines)).toContain(
      'gatehouse_lockout_seconds_count{target="doors",proof="read-back",cause="operator"} 1',
    )
    expect(counted(await read())).toContain(
      'gatehouse_lockout_seconds_count{target="doors",proof="read-back",cause="record"} 1',
    )
    await bench.pass(second)
    // A process that begins now tells of what comes after.
    expect(counted(await figuresOf()())).toEqual([])
  })

  test('that somebody wrote a proof for are not counted, and hide none of those that follow', async () => {
    const read = figuresOf()
    await bench.deliver([row('1'), row('2')])
    await bench.rest()
    await bench.deliver([row('1', { status: 'left' }), row('2')])
    await engine.tamper(`update lockout set proven_at = decided_at + interval '1 year', proof = 'at-reader'`)
    expect(counted(await read())).toEqual([])
    await bench.pass(second)
    await lockPerson(bench.context, await bench.personOf('n2'), bench.operator, 'badge lost')
    await bench.rest()
    expect(counted(await read())).toContain(
      'gatehouse_lockout_seconds_count{target="doors",proof="read-back",cause="operator"} 1',
    )
  })
})
