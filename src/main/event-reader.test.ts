/** When the events of a system are asked for again: after each kind of failure, and after each batch; and that nothing is kept once it was let go. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { until } from '../../test/support/servers.ts'
import type { EventBatch, EventsCapability } from '../connector/contract.ts'
import { ConnectorError, type ConnectorFailure } from '../connector/errors.ts'
import { accessEvent, batchOf, type EventsBench, eventsBench, reported } from '../events/events.fixture.ts'
import { readLogged } from '../events/read-logged.ts'
import { readSource } from '../store/events/source-row.ts'
import { type Bench, useEngine } from '../sync/fixtures/engine.fixture.ts'
import { pauseByHand, resumeByHand } from '../sync/stop.ts'
import { createLog } from '../telemetry/log.ts'
import {
  type EventReader,
  type LoginStanding,
  openEventReader,
  standingOfSource,
  standingOfTarget,
} from './event-reader.ts'

type Run = (signal: AbortSignal) => AsyncGenerator<EventBatch>

const engine = useEngine()
const begun = Date.parse('2026-03-01T08:00:00Z')
let bench: Bench
let target: string
let events: EventsBench
let lines: Record<string, unknown>[]
/** When it was followed, in ms since the test began, and from where. */
let starts: { at: number; cursor: string | null }[]
let ended: number
/** What the system does, one after the other; then it is out of reach. */
let runs: Run[]

beforeEach(async () => {
  bench = await engine.begin()
  target = bench.setup.id
  events = eventsBench(engine.database, engine.vault, () => bench.context.now(), ['memory'])
  lines = []
  starts = []
  ended = 0
  runs = []
  // The reader counts by the clock of the machine; only that one is moved.
  vi.useFakeTimers({ toFake: ['Date'], now: begun })
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const capability: EventsCapability = {
  async *follow(cursor, signal) {
    starts.push({ at: Date.now() - begun, cursor })
    try {
      const run = runs.shift()
      if (run === undefined) throw new ConnectorError({ kind: 'transient', code: 'memory.away' })
      yield* run(signal)
    } finally {
      ended += 1
    }
  },
}

function open(standing: LoginStanding = standingOfSource, source = 'memory'): EventReader {
  const write = (line: string) => void lines.push(JSON.parse(line))
  const log = createLog({ level: 'info', human: false, write })
  return openEventReader({ events: events.context, log }, standing, source, capability)
}

const failing = (failure: ConnectorFailure): Run =>
  async function* () {
    yield* []
    throw new ConnectorError(failure)
  }

/** Begins a try that is due, and waits until it has failed. */
async function tried(reader: EventReader): Promise<void> {
  const before = ended
  reader.look()
  await until('it was tried', () => ended > before)
  await reader.letGo()
}

/** After so many ms there is no try yet, and one ms later there is. */
async function waits(reader: EventReader, ms: number): Promise<void> {
  const from = starts.length
  vi.setSystemTime(Date.now() + ms - 1)
  reader.look()
  await reader.letGo()
  expect(starts.length, `it was tried before ${ms} ms`).toBe(from)
  vi.setSystemTime(Date.now() + 1)
  await tried(reader)
  expect(starts.length).toBe(from + 1)
}

const told = (event: string) => lines.filter((line) => line.event === event)

describe('a system out of reach', () => {
  test('is tried after half a second, then ever later, half a minute at most; that is told once', async () => {
    const reader = open()
    await tried(reader)
    for (const ms of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) await waits(reader, ms)
    expect(told('events.not-followed')).toEqual([expect.objectContaining({ source: 'memory', code: 'memory.away' })])
  })

  test('by different readers is tried at different times: half of it is chance', async () => {
    vi.mocked(Math.random).mockReturnValue(0)
    const reader = open()
    await tried(reader)
    for (const ms of [250, 500, 1_000]) await waits(reader, ms)
  })

  test('is back with the first batch that was kept: what fails then begins with half a second again', async () => {
    const reader = open()
    await tried(reader)
    await waits(reader, 500)
    await waits(reader, 1_000)
    runs.push(async function* () {
      yield batchOf([reported(accessEvent(bench.context.now()), 'a')], { cursor: 'behind a' })
      throw new ConnectorError({ kind: 'transient', code: 'memory.cut' })
    })
    await waits(reader, 2_000)
    expect(told('events.followed')).toEqual([expect.objectContaining({ source: 'memory', count: 3 })])
    await waits(reader, 500)
    expect(starts.at(-1)?.cursor).toBe('behind a')
    expect(told('events.not-followed').map(({ code }) => code)).toEqual(['memory.away', 'memory.cut'])
  })

  test('is what a connector counts as, whose events come to an end, and a store that can not be asked', async () => {
    const reader = open()
    runs.push(async function* () {
      yield* []
    })
    await tried(reader)
    expect(told('events.not-followed')).toEqual([expect.objectContaining({ code: 'events.ended' })])
    await waits(reader, 500)
    const isRefused = vi.fn(() => Promise.reject(new Error('no words of this')))
    const cut = open({ ...standingOfSource, isRefused })
    for (let look = 0; look < 3; look++) {
      cut.look()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(isRefused).toHaveBeenCalledTimes(1)
    vi.setSystemTime(Date.now() + 500)
    cut.look()
    await cut.letGo()
    expect(isRefused).toHaveBeenCalledTimes(2)
    expect(JSON.stringify(lines)).not.toContain('no words')
  })
})

describe('a system that says no', () => {
  test.each([
    ['throttled, for so long', { kind: 'throttled', retryAfterMs: 7_000 }, 7_000],
    ['throttled, and says not for how long', { kind: 'throttled' }, 30_000],
    ['rejected, until somebody changes something', { kind: 'rejected' }, 300_000],
    ['unauthenticated, where it can not be paused', { kind: 'unauthenticated' }, 60_000],
    ['conflict, which is tried as what broke', { kind: 'conflict' }, 500],
  ] as const)('%s', async (_title, failure, ms) => {
    const reader = open()
    runs.push(failing({ ...failure, code: 'memory.no' }))
    await tried(reader)
    await waits(reader, ms)
  })

  test('to a login is paused, and not asked again before a person says so', async () => {
    const reader = open(standingOfTarget(bench.context, target))
    runs.push(failing({ kind: 'unauthenticated', code: 'memory.login-refused' }))
    await tried(reader)
    await until('it is paused', async () => (await bench.context.standings.of(target)).pausedBecause)
    expect((await bench.context.standings.of(target)).pausedBecause).toBe('memory.login-refused')
    expect(await bench.alarms()).toContain('target.paused')
    for (const ms of [60_000, 30_000, 30_000]) {
      vi.setSystemTime(Date.now() + ms)
      reader.look()
      await reader.letGo()
    }
    expect(starts).toHaveLength(1)
    await resumeByHand(bench.context, target, bench.operator, 'the password is mended')
    await until('it may be read again', () => bench.context.standings.recent(target).then((at) => !at.pausedBecause))
    vi.setSystemTime(Date.now() + 30_000)
    await tried(reader)
    expect(starts).toHaveLength(2)
  })

  test('to nothing, but is paused by hand, is read all the same: that stops writing alone', async () => {
    await pauseByHand(bench.context, target, bench.operator, 'the doors are painted')
    await tried(open(standingOfTarget(bench.context, target)))
    expect(starts).toHaveLength(1)
  })

  test('and can not be paused, since the store is away, is left alone for a minute, and that is told', async () => {
    const refused = () => Promise.reject(Object.assign(new Error('away'), { code: '57P01' }))
    const reader = open({ isRefused: () => Promise.resolve(false), refused })
    runs.push(failing({ kind: 'unauthenticated', code: 'memory.login-refused' }))
    await tried(reader)
    await waits(reader, 60_000)
    expect(told('events.not-paused')).toEqual([expect.objectContaining({ code: '57P01' })])
  })
})

describe('a lead that is lost', () => {
  test('while a batch is written has that batch whole or not at all, its cursor with it, and asks for no more', async () => {
    let asked = 0
    runs.push(async function* () {
      for (;;) {
        asked += 1
        yield batchOf([reported(accessEvent(bench.context.now()), `key ${asked}`)], { cursor: `behind ${asked}` })
      }
    })
    const keptNow = async () => (await readSource(engine.database.pool, engine.vault, 'memory'))?.state.position ?? 0
    const reader = open()
    const other = await engine.database.pool.connect()
    let held: number
    try {
      reader.look()
      // Before there is a row nobody can hold it.
      await until('the first is kept', async () => (await keptNow()) > 0)
      await other.query('begin')
      await other.query('select 1 from event_source for update')
      held = await keptNow()
      await until('the next waits for the row', () => asked > held)
      let isOver = false
      const gone = reader.letGo().then(() => {
        isOver = true
      })
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect([isOver, await keptNow()]).toEqual([false, held])
      await other.query('commit')
      await gone
    } finally {
      other.release(true)
    }
    const kept = await keptNow()
    expect([held, held + 1]).toContain(kept)
    expect((await readLogged(events.context, 'memory', 0, 500)).upTo).toBe(Math.min(kept, 500))
    // Nothing comes behind that: whoever leads now goes on from what was kept.
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect([await keptNow(), asked <= kept + 1]).toEqual([kept, true])
    runs.push(failing({ kind: 'transient', code: 'memory.away' }))
    await tried(open())
    expect(starts.at(-1)?.cursor).toBe(`behind ${kept}`)
    expect(told('events.not-followed').map(({ code }) => code)).toEqual(['memory.away'])
  })

  test('ends a system that says nothing at once, which is no failure', async () => {
    runs.push(async function* (signal) {
      yield* []
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    const reader = open()
    reader.look()
    await until('it is followed', () => starts.length === 1)
    await reader.letGo()
    expect(told('events.not-followed')).toEqual([])
    await tried(reader)
    expect(starts).toHaveLength(2)
  })

  test('to somebody else, who follows now: what the first still gets is not kept', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    runs.push(async function* () {
      await held
      yield batchOf([reported(accessEvent(bench.context.now()), 'late')])
    })
    const first = open()
    first.look()
    await until('the first follows', () => starts.length === 1)
    await tried(open())
    release()
    await until('the first has ended', () => ended === 2)
    await first.letGo()
    expect((await readLogged(events.context, 'memory', 0, 9)).upTo).toBe(0)
    expect(told('events.not-followed')).toHaveLength(2)
  })
})
