/** What is said of clocks, and when somebody hears that a source is silent or a clock is wrong; by the log, the row of the source and the alarms. */
import { beforeEach, describe, expect, test } from 'vitest'
import { newsOfSources } from '../store/events/source-row.ts'
import { type Bench, useEngine } from '../sync/fixtures/engine.fixture.ts'
import { appendEvents } from './append.ts'
import type { EventsContext } from './context.ts'
import { accessEvent, batchOf, type EventsBench, eventsBench, reported } from './events.fixture.ts'
import { openSkew, type SkewMeter } from './skew.ts'
import { watchEvents } from './watch-events.ts'

const engine = useEngine()
const second = 1_000
const minute = 60 * second
let bench: Bench
let events: EventsBench
/** The clock of the machine, which the test moves. */
let now: number

beforeEach(async () => {
  bench = await engine.begin()
  now = bench.context.now().getTime()
  events = eventsBench(engine.database, engine.vault, () => new Date(now), ['doors', 'gates'])
})

const append = (source = 'doors', context: EventsContext = events.context) => appendEvents(context, source, batchOf([]))
const newsOf = async (source: string) =>
  (await newsOfSources(engine.database.pool)).find((each) => each.source === source)
const clocks = async (source = 'doors') => {
  const { device_skew_ms, furthest_skew_ms, system_skew_ms } = (await newsOf(source)) ?? {}
  return { device: device_skew_ms, furthest: furthest_skew_ms, system: system_skew_ms }
}
const alarms = async (code: string) =>
  (
    await bench.rows<{ scope: string; count: string | null }>(
      'select scope, count from alarm where code = $1 and cleared_at is null',
      [code],
    )
  )
    .map(({ scope, count }) => [scope, count === null ? null : Number(count)])
    .sort()

/** An event of a reader whose clock is so far ahead of ours. */
const of = (ahead: number, reader = 'r1', more = {}) =>
  reported(accessEvent(new Date(now + ahead), { reader: { id: reader, name: null }, ...more }))

describe('how wrong clocks are', () => {
  let meter: SkewMeter
  beforeEach(async () => {
    await append()
    meter = openSkew(events.context, 'doors')
  })
  /** Noted every five seconds. */
  async function measured(...all: ReturnType<typeof of>[]) {
    await meter.measure(all, new Date(now))
    now += 5 * second
    return clocks()
  }

  test('is the middle of what devices say, and the furthest reader by its best of five', async () => {
    expect(await measured(of(-200), of(-100, 'r2'), of(-90_000, 'r3'))).toEqual({
      ...{ device: -200, furthest: -90_000, system: null },
    })
    // What a full queue delayed says nothing of the clock of that reader: the best counts.
    expect((await measured(of(-50, 'r3'))).furthest).toBe(-200)
    // For as long as it is among the last five.
    for (let n = 0; n < 4; n++) expect((await measured(of(-80_000, 'r3'))).furthest).toBe(-200)
    expect((await measured(of(-80_000, 'r3'))).furthest).toBe(-80_000)
  })

  test('may be ahead as well as behind, and of the system itself where it says when it wrote', async () => {
    const recordedAt = new Date(now + 30_000).toISOString()
    expect(await measured(of(45_000, 'r1', { recordedAt }))).toEqual({
      device: 45_000,
      furthest: 45_000,
      system: 30_000,
    })
  })

  test('is not learned from a time that was guessed, nor from one that is none', async () => {
    const odd = reported({ ...accessEvent(new Date(now)), at: 'soon' })
    expect(await measured(of(-90_000, 'r1', { approximate: true }), odd)).toEqual({
      ...{ device: null, furthest: null, system: null },
    })
    expect(await measured(of(-100, 'r1', { recordedAt: 'soon' }))).toEqual({
      ...{ device: -100, furthest: -100, system: null },
    })
  })

  test('of a clock that says 1970 is what the column holds', async () => {
    expect((await measured(of(-now))).device).toBe(-2_000_000_000)
  })

  test('is written down every five seconds, not with each batch', async () => {
    const measure = (...all: ReturnType<typeof of>[]) => meter.measure(all, new Date(now))
    await measure(of(-100))
    now += 5 * second - 1
    await measure(of(-9_000), of(-9_000), of(-9_000))
    expect((await clocks()).device).toBe(-100)
    now += 1
    await measure(of(-9_000))
    expect((await clocks()).device).toBe(-9_000)
  })

  test('forgets what is two hundred events ago', async () => {
    await measured(...Array.from({ length: 101 }, () => of(-70_000)))
    expect((await measured(...Array.from({ length: 99 }, () => of(-10)))).device).toBe(-70_000)
    expect((await measured(of(-10))).device).toBe(-10)
  })
})

describe('a clock', () => {
  const told = async (device: number | null, furthest: number | null = null, system: number | null = null) => {
    await bench.rows('update event_source set device_skew_ms = $1, furthest_skew_ms = $2, system_skew_ms = $3', [
      ...[device, furthest, system],
    ])
    await watchEvents(events.context)
    return alarms('events.clock')
  }

  test('that is wrong by more than a minute is told with its seconds, whichever it is, and no more once it is right', async () => {
    await append()
    expect(await told(60_000, -60_000, 60_000)).toEqual([])
    expect(await told(-60_001)).toEqual([['doors', 60]])
    expect(await told(0, 125_000)).toEqual([['doors', 125]])
    expect(await told(100, 100, -7_200_000)).toEqual([['doors', 7_200]])
    expect(await told(100, 100, 100)).toEqual([])
    expect(events.logged.filter((event) => event === 'events.clock')).toHaveLength(1)
  })

  test('of a source that is read no more raises nothing', async () => {
    await append('former')
    expect(await told(90_000)).toEqual([])
  })
})

describe('a source', () => {
  test('that was heard of, if only to say that nothing happened, is not silent for two minutes', async () => {
    await append('doors')
    await append('gates')
    now += 2 * minute
    await watchEvents(events.context)
    expect(await alarms('events.silent')).toEqual([])
    now += 1
    await append('gates')
    await watchEvents(events.context)
    expect(await alarms('events.silent')).toEqual([['doors', null]])
    expect(events.logged.filter((event) => event === 'events.silent')).toHaveLength(1)
    await watchEvents(events.context)
    expect(events.logged.filter((event) => event === 'events.silent')).toHaveLength(1)
    await append('doors')
    await watchEvents(events.context)
    expect(await alarms('events.silent')).toEqual([])
  })

  test('whose reading never began is silent two minutes after the gateway came up, and not before', async () => {
    now += 2 * minute
    await watchEvents(events.context)
    expect(await alarms('events.silent')).toEqual([])
    now += 1
    await watchEvents(events.context)
    expect(await alarms('events.silent')).toEqual([
      ['doors', null],
      ['gates', null],
    ])
  })

  test('that was heard of before the gateway went away for long has two minutes again', async () => {
    await append('doors')
    await append('gates')
    now += 60 * minute
    const again = events.another()
    await watchEvents(again)
    expect(await alarms('events.silent')).toEqual([])
    now += 2 * minute + 1
    await watchEvents(again)
    expect(await alarms('events.silent')).toHaveLength(2)
  })

  test.each(['infinity', '9999-01-01', '-infinity'])(
    'is not kept from being silent by whoever writes that it was heard at %s',
    async (at) => {
      await append('doors')
      await append('gates')
      await engine.tamper(
        `update event_source set heard_at = $1, received_at = $1, skew_at = $1, furthest_skew_ms = 90000 where source = 'doors'`,
        [at],
      )
      now += 2 * minute + 1
      await append('gates')
      await watchEvents(events.context)
      expect(await alarms('events.silent')).toEqual([['doors', null]])
      expect(await alarms('events.clock')).toEqual([['doors', 90]])
      const { heard_at, skew_at } = (await newsOf('doors')) ?? {}
      expect([heard_at, skew_at]).toEqual(at === '9999-01-01' ? [new Date(at), new Date(at)] : [null, null])
    },
  )
})
