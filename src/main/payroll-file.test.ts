/** From a door to payroll: events become punches, punches lines of a sealed file of the day, and an admin opens it with totals that are right. */
import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SubscriptionConfig } from '../../config/config.ts'
import file from '../../connectors/file/index.ts'
import { noCalls } from '../connector/http.ts'
import { appendEvents } from '../events/append.ts'
import { attendanceBench } from '../events/attendance/attendance.fixture.ts'
import type { AttendanceContext } from '../events/attendance/context.ts'
import { addPunch, voidPunch } from '../events/attendance/correct.ts'
import { takePunches } from '../events/attendance/take-punches.ts'
import type { SubscriptionSetup } from '../events/deliver/context.ts'
import { replaySubscription } from '../events/deliver/decide.ts'
import { because, openWorkshop, type Workshop } from '../events/deliver/deliver.fixture.ts'
import { peopleOn } from '../events/deliver/people.fixture.ts'
import { punchesFeed } from '../events/deliver/punches-feed.ts'
import { oneAtATime } from '../events/deliver/sink-call.ts'
import { tryOut } from '../events/deliver/try-out.ts'
import { accessEvent, batchOf, eventsBench, reported } from '../events/events.fixture.ts'
import { compileEventFilter } from '../mapping/event-filter.ts'
import type { SubjectId } from '../model/id.ts'
import { type Bench, hour, useEngine } from '../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../sync/fixtures/hr-file.fixture.ts'
import { fileSealer } from './file-sealer.ts'
import { openSinkFile } from './open-sink-file.ts'

const engine = useEngine()
const never = new AbortController().signal
const clerk = randomUUID() as SubjectId
const clock = { now: new Date() }

let bench: Bench
let attendance: AttendanceContext
let workshop: Workshop
let folder: string
let config: SubscriptionConfig
const ends: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  bench = await engine.begin()
  clock.now = new Date('2026-03-02T12:00:00Z')
  attendance = attendanceBench(eventsBench(engine.database, engine.vault, () => bench.context.now()).context)
  await bench.deliver([hrRow(1, { card: '11', family: 'Samplewoman' }), hrRow(2, { card: '12' })])
  await bench.rest()
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-payroll-'))
  ends.push(() => rm(folder, { recursive: true, force: true }))
  const settings = { folder, name: 'punches', zone: 'Europe/Berlin', format: 'csv' }
  config = { connector: 'file', settings } as Pick<SubscriptionConfig, 'connector' | 'settings'> as SubscriptionConfig
  workshop = openWorkshop(engine)
  await workshop.register('payroll', 'start', 'punches')
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** As one process builds it. */
async function build(): Promise<SubscriptionSetup> {
  const parts = { sealer: fileSealer(engine.vault, 'payroll'), feed: 'punches', log: () => undefined } as const
  const network = { http: noCalls, wires: { open: noCalls.request as never } }
  const context = { ...parts, ...network, now: () => clock.now }
  const { sink, close } = await file.connect(file.settings.parse(config.settings), context, never)
  ends.push(close)
  const reveal = ['employee_number'] as const
  const filter = compileEventFilter('event.kind in ["in", "out"]', reveal, 'punches')
  const feed = punchesFeed(attendance, {
    id: 'payroll',
    gateway: 'hq',
    filter,
    reveal,
    people: peopleOn(() => bench.context),
  })
  return { id: 'payroll', feed, sink: oneAtATime(sink), callLimitMs: 5_000 }
}

async function start(): Promise<SubscriptionSetup> {
  const setup = await build()
  const deliveries = workshop.start(setup)
  ends.push(() => deliveries.stop(1_000))
  return setup
}

const ago = (hours: number) => new Date(bench.context.now().getTime() - hours * hour)

async function pass(account: string, at: Date, more: Parameters<typeof accessEvent>[1] = {}): Promise<void> {
  await appendEvents(attendance.events, 'doors', batchOf([reported(accessEvent(at, { account, ...more }))]))
  await takePunches(attendance, never)
}

const delivered = (n: number) =>
  vi.waitFor(async () => expect(await workshop.positions('payroll')).toEqual({ attendance_log: n }), 10_000)

/** Opened by an admin; the total at its end is checked. */
async function opened(name: string): Promise<Record<string, string>[]> {
  const { content } = await openSinkFile(engine, { setup: { id: 'payroll' }, config }, name, because)
  let text = ''
  for await (const piece of content) text += piece
  const lines = text.split('\n').slice(0, -1)
  const body = lines.slice(0, -1)
  const sha256 = createHash('sha256')
    .update(body.map((line) => `${line}\n`).join(''))
    .digest('hex')
  expect(lines.at(-1)).toBe(`T,${body.length - 1},${sha256}`)
  return parse(body.join('\n'), { columns: true })
}

const shown = (rows: Record<string, string>[]) =>
  rows.map((row) =>
    [
      ...['sequence', 'data.person.employeeNumber', 'data.day', 'data.kind', 'data.localTime', 'data.correction'],
      'data.voids.sequence',
    ].map((name) => row[name]),
  )

test('each day has its punches in one sealed file; a correction is a line of the day on which it was made', async () => {
  const setup = await start()
  await pass('n1', ago(3))
  await pass('n1', ago(2.5), { deviceKey: 'break_start', direction: null })
  await pass('n2', ago(2))
  await pass('n1', ago(1), { direction: 'out' })
  await delivered(4)
  const dayOne = 'punches-2026-03-02.csv.sealed'
  expect(await readdir(folder)).toEqual([`${dayOne}.part`])
  clock.now = new Date('2026-03-03T06:00:00Z')
  await voidPunch(attendance, clerk, 4, 'Zelda pressed the wrong key')
  await addPunch(attendance, clerk, await bench.personOf('n1'), { kind: 'out', at: ago(0.5), reason: 'by phone' })
  await delivered(6)
  clock.now = new Date('2026-03-04T06:00:00Z')
  await setup.sink.tend?.(never)
  const dayTwo = 'punches-2026-03-03.csv.sealed'
  expect((await readdir(folder)).toSorted()).toEqual([dayOne, dayTwo])
  expect(shown(await opened(dayOne))).toEqual([
    ['1', 'n1', '2026-03-02', 'in', '2026-03-02T06:00:00+01:00', 'false', ''],
    ['3', 'n2', '2026-03-02', 'in', '2026-03-02T07:00:00+01:00', 'false', ''],
    ['4', 'n1', '2026-03-02', 'out', '2026-03-02T08:00:00+01:00', 'false', ''],
  ])
  expect(shown(await opened(dayTwo))).toEqual([
    ['5', 'n1', '2026-03-02', '', '2026-03-02T08:00:00+01:00', 'true', '4'],
    ['6', 'n1', '2026-03-02', 'out', '2026-03-02T08:30:00+01:00', 'true', ''],
  ])
  // Base64 holds two letters, or four digits, by chance: commas and dashes are in none.
  for (const name of [dayOne, dayTwo])
    expect(await readFile(join(folder, name), 'latin1')).not.toMatch(/,n1,|punch|2026-|attendance|Samplewoman|Front/)
  // What was tried says when, how many and which numbers, and nothing of whom.
  const rows = await workshop.rows<{ text: string; outcome: string; events: string }>(
    'select d::text as text, outcome, events from delivery d order by id',
  )
  expect(rows.every(({ outcome }) => outcome === 'taken')).toBe(true)
  expect(rows.reduce((sum, { events }) => sum + Number(events), 0)).toBe(5)
  expect(rows.map(({ text }) => text).join()).not.toMatch(/n1|Samplewoman|punch/)
})

test('a file that was lost is written once more as it was, by another process too', async () => {
  let setup = await start()
  await pass('n1', ago(3))
  await pass('n1', ago(1), { direction: 'out' })
  await voidPunch(attendance, clerk, 2, 'never left')
  await delivered(3)
  const name = 'punches-2026-03-02.csv.sealed'
  const finish = async () => {
    clock.now = new Date(clock.now.getTime() + 24 * hour)
    await setup.sink.tend?.(never)
  }
  await finish()
  const before = await opened(name)
  expect(before.map(({ sequence }) => sequence)).toEqual(['1', '2', '3'])
  await rename(join(folder, name), join(folder, 'lost'))
  for (const end of ends.splice(1).reverse()) await end()
  setup = await start()
  clock.now = new Date('2026-03-02T12:00:00Z')
  expect(await replaySubscription(workshop.context, setup, { source: 'attendance_log', position: 1 }, because)).toEqual(
    {
      positions: 3,
    },
  )
  await vi.waitFor(async () => expect(await readdir(folder)).toContain(`${name}.part`), 10_000)
  await delivered(3)
  await finish()
  expect(await opened(name)).toEqual(before)
})

test('a try is in no file, and moves no place', async () => {
  const setup = await build()
  await pass('n1', ago(3))
  expect(await tryOut(workshop.context, setup, 'hq', clerk)).toMatchObject({ taken: true, code: null })
  expect(await readdir(folder)).toEqual([])
  expect(await workshop.positions('payroll')).toEqual({})
})
