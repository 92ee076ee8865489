import { afterEach, expect, test, vi } from 'vitest'
import { Refusal } from '../../model/refusal.ts'
import { useEngine } from '../../sync/fixtures/engine.fixture.ts'
import type { SubscriptionSetup } from './context.ts'
import { disableSubscription, enableSubscription, replaySubscription } from './decide.ts'
import {
  because,
  type MemoryFeed,
  type MemorySink,
  memoryFeed,
  memorySink,
  openWorkshop,
  type Workshop,
} from './deliver.fixture.ts'
import type { Deliveries } from './lead.ts'
import { oneAtATime } from './sink-call.ts'

const engine = useEngine()
const running = new Set<Deliveries>()
afterEach(async () => {
  await Promise.all([...running].map((each) => each.stop(1_000)))
  running.clear()
})

interface Scene {
  readonly bench: Awaited<ReturnType<typeof engine.begin>>
  readonly workshop: Workshop
  readonly feed: MemoryFeed
  readonly sink: MemorySink
  readonly setup: SubscriptionSetup
}

async function begin(sink = memorySink()): Promise<Scene> {
  const bench = await engine.begin()
  const workshop = openWorkshop(engine)
  const feed = memoryFeed()
  await workshop.register('siem')
  return { bench, workshop, feed, sink, setup: { id: 'siem', feed, sink: oneAtATime(sink), callLimitMs: 5_000 } }
}

/** Ended after the test, if not before. */
function start(workshop: Workshop, ...setups: SubscriptionSetup[]): ReturnType<Workshop['start']> {
  const deliveries = workshop.start(...setups)
  running.add(deliveries)
  return deliveries
}

/** `hq-1` to `hq-5`, for example. */
const ids = (source: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${source}-${from + i}`)

const settled = (scene: Scene, positions: Readonly<Record<string, number>>) =>
  vi.waitFor(async () => expect(await scene.workshop.positions('siem')).toEqual(positions), { timeout: 10_000 })

/** Whoever leads has seen what was decided, and has had time to do what he must not. */
const fewLooks = () => new Promise((resolve) => setTimeout(resolve, 100))

const alarmOn = (scene: Scene, code: string) =>
  vi.waitFor(async () => expect(await scene.bench.alarms()).toContain(code), { timeout: 10_000 })

test('delivers what is there and what comes, of all sources, in order, in batches, with nothing twice', async () => {
  const scene = await begin()
  const { feed, sink, workshop, setup } = scene
  feed.append('hq', 20)
  const deliveries = start(workshop, setup)
  await settled(scene, { hq: 20 })
  feed.append('labs', 3, { skipped: true })
  feed.append('labs', 2)
  deliveries.tell('labs')
  await settled(scene, { hq: 20, labs: 5 })
  await deliveries.stop(1_000)
  expect(sink.taken).toEqual([...ids('hq', 1, 20), ...ids('labs', 4, 5)])
  expect(Math.max(...sink.calls.map((call) => call.length))).toBe(8)
  const log = await workshop.rows<{ outcome: string; events: string; status: number }>(
    'select outcome, sum(events) as events, max(status) as status from delivery group by outcome',
  )
  expect(log).toEqual([{ outcome: 'taken', events: '22', status: 200 }])
})

test('the next batch is read while one is on its way, and another receiver waits for neither', async () => {
  const scene = await begin()
  const { feed, sink, workshop, setup } = scene
  await workshop.register('other')
  const other = memorySink()
  feed.append('hq', 30)
  sink.faults.push('hangs')
  const deliveries = start(
    workshop,
    { ...setup, callLimitMs: 60_000 },
    { ...setup, id: 'other', sink: oneAtATime(other) },
  )
  await vi.waitFor(() => expect(other.taken).toEqual(ids('hq', 1, 30)), { timeout: 10_000 })
  expect(await workshop.positions('siem')).toEqual({ hq: 0 })
  await deliveries.stop(50)
})

test('a call that never ends is given up at its limit, and its place is not taken by another', async () => {
  const scene = await begin()
  const { feed, sink, workshop, setup } = scene
  feed.append('hq', 3)
  sink.faults.push('hangs')
  const deliveries = start(workshop, { ...setup, callLimitMs: 20 })
  await vi.waitFor(
    async () => {
      const failed = await workshop.rows<{ code: string }>(`select code from delivery where outcome = 'failed'`)
      expect(failed.length).toBeGreaterThan(1)
      expect(new Set(failed.map(({ code }) => code))).toEqual(new Set(['sink.no-answer']))
    },
    { timeout: 15_000 },
  )
  await deliveries.stop(50)
  expect(sink.calls).toHaveLength(1)
})

test('fails for a while, or without an answer, and goes on: everything arrives, and how it went is told', async () => {
  const scene = await begin()
  const { feed, sink, workshop, setup } = scene
  sink.faults.push('away', 'unsaid', 'throttled', 'unauthenticated')
  feed.append('hq', 10)
  const deliveries = start(workshop, setup)
  await settled(scene, { hq: 10 })
  await deliveries.stop(1_000)
  expect([...new Set(sink.taken)]).toEqual(ids('hq', 1, 10))
  const log = await workshop.rows<{ outcome: string; code: string; attempt: number }>(
    'select outcome, code, attempt from delivery order by id limit 5',
  )
  expect(log).toEqual([
    { outcome: 'failed', code: 'memory.away', attempt: 1 },
    { outcome: 'failed', code: 'memory.unsaid', attempt: 2 },
    { outcome: 'failed', code: 'memory.busy', attempt: 3 },
    { outcome: 'failed', code: 'memory.login', attempt: 4 },
    { outcome: 'taken', code: null, attempt: 5 },
  ])
  const [row] = await workshop.rows('select attempts, failing_since, next_try_at, kind, code from subscription')
  expect(row).toEqual({ attempts: 0, failing_since: null, next_try_at: null, kind: null, code: null })
})

test.each([-2_147_483_648, 2_147_483_647])(
  'a number of failures that only somebody else can have written (%d) has none tried without a pause, and ends no counting',
  async (planted) => {
    const waited: number[] = []
    const retryMs = (_failure: unknown, attempts: number) => {
      waited.push(attempts)
      return 1
    }
    const scene = await begin()
    const { feed, sink, workshop, setup } = scene
    await engine.tamper('update subscription set attempts = $1, failing_since = now()', [planted])
    sink.faults.push('away', 'away')
    feed.append('hq', 1)
    const deliveries = start(openWorkshop(engine, { retryMs }), setup)
    await settled({ ...scene, workshop }, { hq: 1 })
    await deliveries.stop(1_000)
    const first = planted < 0 ? 1 : 1_000
    expect(waited).toEqual([first, first + 1])
    expect(sink.taken).toEqual(ids('hq', 1, 1))
  },
)

test('how often it failed, and when it is tried again, outlives the process', async () => {
  const scene = await begin()
  const { feed, sink, workshop, setup } = scene
  sink.faults.push('away')
  feed.append('hq', 1)
  const first = start(openWorkshop(engine, { retryMs: () => 3_600_000 }), setup)
  await vi.waitFor(async () =>
    expect((await workshop.rows('select attempts from subscription'))[0]).toEqual({ attempts: 1 }),
  )
  await first.stop(1_000)
  const second = start(workshop, setup)
  await vi.waitFor(() => expect(workshop.logged.filter((event) => event === 'subscription.led')).toHaveLength(1))
  await fewLooks()
  expect(sink.calls).toHaveLength(1)
  // A person says that it is mended.
  await enableSubscription(workshop.context, 'siem', because)
  await settled(scene, { hq: 1 })
  await second.stop(1_000)
})

test.each(['batch', 'item'] as const)(
  'one event that is never taken (%s) is passed over and told; the others arrive',
  async (how) => {
    const scene = await begin()
    const { feed, sink, workshop, setup } = scene
    sink.poison.set('hq-5', how)
    feed.append('hq', 12)
    const deliveries = start(workshop, setup)
    await settled(scene, { hq: 12 })
    await deliveries.stop(1_000)
    expect([...new Set(sink.taken)].sort()).toEqual(
      ids('hq', 1, 12)
        .filter((id) => id !== 'hq-5')
        .sort(),
    )
    const refused = await workshop.rows(`select events, spans, code from delivery where outcome = 'refused'`)
    expect(refused).toEqual([
      { events: '1', spans: '{"hq":[5,5]}', code: how === 'batch' ? 'memory.never' : 'memory.not-this' },
    ])
  },
)

test.each(['batch', 'item'] as const)(
  'a receiver that refuses everything (%s) makes nothing be passed over',
  async (how) => {
    const scene = await begin()
    const { feed, sink, workshop, setup } = scene
    for (const id of ids('hq', 1, 6)) sink.poison.set(id, how)
    feed.append('hq', 6)
    const deliveries = start(workshop, setup)
    await vi.waitFor(
      async () => expect((await workshop.rows('select attempts from subscription'))[0]?.attempts).toBeGreaterThan(2),
      { timeout: 10_000 },
    )
    expect(await workshop.positions('siem')).toEqual({ hq: 0 })
    sink.poison.clear()
    await settled(scene, { hq: 6 })
    await deliveries.stop(1_000)
    // Mended while the next one was tried, it has that one before the doubted one, and once more after it.
    expect([...new Set(sink.taken)].sort()).toEqual(ids('hq', 1, 6))
  },
)

test('a receiver that is gone ends it at once; enabled again it goes on where it was', async () => {
  const scene = await begin()
  const { feed, sink, workshop, setup } = scene
  feed.append('hq', 2)
  const deliveries = start(workshop, setup)
  await settled(scene, { hq: 2 })
  sink.faults.push('gone')
  feed.append('hq', 2)
  await alarmOn(scene, 'subscription.disabled')
  await expect(disableSubscription(workshop.context, 'siem', because)).rejects.toThrow(
    new Refusal('subscription.disabled'),
  )
  await enableSubscription(workshop.context, 'siem', because)
  await settled(scene, { hq: 4 })
  expect(await scene.bench.alarms()).toEqual([])
  await deliveries.stop(1_000)
  expect(sink.taken).toEqual(ids('hq', 1, 4))
})

test('what is not taken for three days is not tried any more, and nothing of it is lost', async () => {
  const scene = await begin()
  const { feed, sink, workshop, setup } = scene
  sink.faults.push(...Array<'away'>(1_000).fill('away'))
  feed.append('hq', 2)
  const deliveries = start(workshop, setup)
  await vi.waitFor(() => expect(sink.calls.length).toBeGreaterThan(2))
  expect(await scene.bench.alarms()).toEqual([])
  workshop.pass(3 * 86_400_000)
  await alarmOn(scene, 'subscription.disabled')
  sink.faults.length = 0
  await enableSubscription(workshop.context, 'siem', because)
  await settled(scene, { hq: 2 })
  await deliveries.stop(1_000)
})

test('a person turns it off and on, and has it delivered once more from a time, or from an event', async () => {
  const scene = await begin()
  const { feed, sink, workshop, setup } = scene
  const early = new Date(Date.now() - 60_000)
  feed.append('hq', 3, { at: early })
  feed.append('hq', 3)
  feed.append('labs', 2)
  const deliveries = start(workshop, setup)
  await settled(scene, { hq: 6, labs: 2 })
  await expect(enableSubscription(workshop.context, 'siem', because)).rejects.toThrow(
    new Refusal('subscription.enabled'),
  )
  await disableSubscription(workshop.context, 'siem', because)
  await fewLooks()
  sink.taken.length = 0
  feed.append('hq', 1)
  const from = { time: new Date(early.getTime() + 1) }
  expect(await replaySubscription(workshop.context, setup, from, because)).toEqual({ positions: 5 })
  await fewLooks()
  expect(sink.taken).toEqual([])
  await enableSubscription(workshop.context, 'siem', because)
  await settled(scene, { hq: 7, labs: 2 })
  expect([...sink.taken].sort()).toEqual([...ids('hq', 4, 7), ...ids('labs', 1, 2)])
  sink.taken.length = 0
  await replaySubscription(workshop.context, setup, { source: 'hq', position: 6 }, because)
  await vi.waitFor(() => expect(sink.taken).toEqual(ids('hq', 6, 7)), { timeout: 10_000 })
  const never = replaySubscription(workshop.context, setup, { source: 'nowhere', position: 1 }, because)
  await expect(never).rejects.toThrow(new Refusal('subscription.not-delivered'))
  await deliveries.stop(1_000)
  const audited = await scene.bench.rows('select action from audit_pending order by id')
  expect(audited.map(({ action }) => action)).toEqual([
    ...['subscription.disabled', 'subscription.replayed', 'subscription.enabled', 'subscription.replayed'],
  ])
})

test.each([
  ['turns it on', `update subscription set state = 'enabled'`],
  ['moves a position', `update subscription_position set position = 3`],
  ['takes a position away', `delete from subscription_position`],
  ['takes it away, which makes it unsigned', `update subscription set guard = null`],
  ['says that it is fed with something else', `update subscription set feed = 'punches'`],
  ['says nothing of what it is fed with', `update subscription set feed = null`],
  ['counts it up as far as it goes', `update subscription set version = 2147483647, epoch = 2147483647`],
])('a thief who %s stops it, with an alarm, until a person says from where', async (_title, sql) => {
  const scene = await begin()
  const { feed, sink, workshop, setup } = scene
  feed.append('hq', 4)
  const deliveries = start(workshop, setup)
  await settled(scene, { hq: 4 })
  await disableSubscription(workshop.context, 'siem', because)
  await fewLooks()
  await engine.tamper(sql)
  feed.append('hq', 4)
  await alarmOn(scene, 'guard.failed')
  await expect(enableSubscription(workshop.context, 'siem', because)).rejects.toThrow(
    new Refusal('subscription.forged'),
  )
  expect(sink.taken).toEqual(ids('hq', 1, 4))
  await replaySubscription(workshop.context, setup, { time: new Date(0) }, because)
  await vi.waitFor(() => expect(sink.taken).toHaveLength(12), { timeout: 10_000 })
  expect(await scene.bench.alarms()).toEqual([])
  expect(await workshop.rows('select feed from subscription')).toEqual([{ feed: 'events' }])
  await deliveries.stop(1_000)
})

test('an older state that somebody put back, signed as it was, delivers nothing', async () => {
  const scene = await begin()
  const { feed, sink, workshop, setup } = scene
  const deliveries = start(workshop, setup)
  const [before] = await workshop.rows<{ guard: Buffer }>('select * from subscription')
  await disableSubscription(workshop.context, 'siem', because)
  await fewLooks()
  await engine.tamper(
    `update subscription set state = 'enabled', state_at = $1, state_code = null, version = 0, guard = $2`,
    [(before as unknown as { state_at: Date }).state_at, before?.guard],
  )
  feed.append('hq', 2)
  await alarmOn(scene, 'guard.failed')
  expect(sink.taken).toEqual([])
  await deliveries.stop(1_000)
})

test('what was gone before its turn is told; what the feed left out is counted; a log behind us is followed from its end', async () => {
  const scene = await begin()
  const { feed, workshop, setup } = scene
  feed.faults.push('lost', 'erased')
  feed.append('hq', 3)
  feed.append('labs', 3, { skipped: true })
  const deliveries = start(workshop, setup)
  await settled(scene, { hq: 3, labs: 3 })
  await deliveries.stop(1_000)
  expect(await scene.bench.alarms()).toEqual(['subscription.gap'])
  expect(await workshop.rows('select sum(erased) as erased, sum(lost) as lost from delivery')).toEqual([
    { erased: '1', lost: '1' },
  ])
  const restored = memoryFeed()
  restored.append('hq', 1)
  const again = start(workshop, { ...setup, feed: restored })
  await settled(scene, { hq: 1, labs: 3 })
  restored.append('hq', 1)
  await settled(scene, { hq: 2, labs: 3 })
  await again.stop(1_000)
})

test('what another process leads is left to it, and taken over when it ends', async () => {
  const scene = await begin()
  const { feed, sink, workshop, setup } = scene
  const first = start(workshop, setup)
  await vi.waitFor(() => expect(workshop.logged).toContain('subscription.led'))
  const second = start(workshop, setup)
  feed.append('hq', 5)
  await settled(scene, { hq: 5 })
  await first.stop(1_000)
  feed.faults.push('fails')
  feed.append('hq', 5)
  await settled(scene, { hq: 10 })
  await second.stop(1_000)
  expect(sink.taken).toEqual(ids('hq', 1, 10))
})

test('what time alone ends at a receiver is asked for without an event, and holds up none when it fails', async () => {
  let asked = 0
  const tended = Object.assign(memorySink(), {
    tend: async () => {
      asked += 1
      throw new Error('the disk is full')
    },
  })
  const scene = await begin(tended)
  start(scene.workshop, scene.setup)
  await vi.waitFor(() => expect(asked).toBe(1), { timeout: 10_000 })
  scene.feed.append('hq', 3)
  await settled(scene, { hq: 3 })
  expect(scene.sink.taken).toEqual(ids('hq', 1, 3))
  expect(asked).toBe(1)
})
