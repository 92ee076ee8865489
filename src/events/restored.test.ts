/** A backup of a gateway with events, loaded into an empty database: what is told of events there is what was told before, and goes on. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PersonId } from '../model/id.ts'
import { loadBackup } from '../store/backup/load-backup.ts'
import { openBackup } from '../store/backup/read-backup.ts'
import { startBackup } from '../store/backup/write-backup.ts'
import { type Database, openDatabase } from '../store/database.ts'
import { monthsOf } from '../store/events/months.ts'
import { readPositions, writePositions } from '../store/subscriptions/positions.ts'
import { inTransaction } from '../store/transaction.ts'
import { type Bench, useEngine } from '../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../sync/fixtures/hr-file.fixture.ts'
import { appendEvents, OvertakenError } from './append.ts'
import type { AttendanceContext } from './attendance/context.ts'
import { readPunches } from './attendance/read-punches.ts'
import { takePunches } from './attendance/take-punches.ts'
import { openMonthCheck } from './check-months.ts'
import { accessEvent, batchOf, type EventsBench, eventsBench, reported } from './events.fixture.ts'
import { findEvents } from './find-events.ts'
import { followEvents } from './follow.ts'
import { readLogged } from './read-logged.ts'

const engine = useEngine()
const going = new AbortController().signal
const hour = 3_600_000
const subscription = 'siem'
let bench: Bench
let here: EventsBench
let person: PersonId
let folder: string
let opened: Database | null

beforeEach(async () => {
  bench = await engine.begin()
  here = eventsBench(engine.database, engine.vault, () => bench.context.now())
  await bench.deliver([hrRow(1, { card: '11' })])
  await bench.rest()
  person = await bench.personOf('n1')
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-restored-'))
  opened = null
})
afterEach(async () => {
  await opened?.close()
  await rm(folder, { recursive: true })
})

const event = (key: string, agoHours: number, more = {}) =>
  reported(accessEvent(new Date(bench.context.now().getTime() - agoHours * hour), more), key)

const attendance = (events: EventsBench): AttendanceContext => ({
  events: events.context,
  punches: [{ punch: 'in', doors: ['Front door'], direction: 'in' }],
  shifts: { zone: 'UTC', dayStartsMs: 0, longestMs: 16 * hour, restMs: 9 * hour },
  keepMs: 30 * 24 * hour,
  numbersOf: async () => new Map(),
})

/** The database of the bench as it is now, in another one on the same server, as its owner. */
async function restored(): Promise<EventsBench> {
  const { host, user: _, ...options } = engine.database.pool.options
  const config = { ...options, host, user: 'postgres' } as pg.ClientConfig
  const path = join(folder, 'whole.backup')
  const chunks: Buffer[] = []
  for await (const chunk of await startBackup(config, engine.vault, bench.context.now())) chunks.push(chunk)
  await writeFile(path, Buffer.concat(chunks))
  const database = `restored_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client(config)
  await admin.connect()
  await admin.query(`create database ${database}`)
  await admin.end()
  const target = new pg.Client({ ...config, database })
  await target.connect()
  await target.query('begin')
  await loadBackup(target, await openBackup(path, engine.vault), () => undefined)
  await target.query('commit')
  await target.end()
  opened = openDatabase({ ...config, database }, 4)
  return eventsBench(opened, engine.vault, () => bench.context.now())
}

const pageOf = async (events: EventsBench) => (await readLogged(events.context, 'doors', 0, 100)).events

test('events, months, what was told, how far subscriptions are and punches are there again, and nothing is forged or missing', async () => {
  const all = [
    event('a', 3, { account: 'n1' }),
    event('b', 2, { type: 'alarm.door_held', active: true, direction: null, verify: [] }),
    event('c', 1, { type: 'access.denied.unknown_credential', cardNumber: '0815' }),
  ]
  await appendEvents(here.context, 'doors', batchOf(all, { cursor: 'behind c' }))
  await takePunches(attendance(here), going)
  await inTransaction(engine.database.pool, (client) =>
    writePositions(client, engine.vault, subscription, 4, new Map([['doors', 2]])),
  )
  const there = await restored()
  expect(await pageOf(there)).toEqual(await pageOf(here))
  expect(await pageOf(there)).toHaveLength(3)
  // By digests of the day: who, and where.
  for (const question of [{ person }, { door: { source: 'doors', id: 'd1' } }, { strangeCards: true }]) {
    const [before, after] = await Promise.all(
      [here, there].map(({ context }) => findEvents(context, question, null, 9)),
    )
    expect(before?.events.length).toBeGreaterThan(0)
    expect(after?.events).toEqual(before?.events)
  }
  const months = await monthsOf(there.context.database.pool, engine.vault, 'doors')
  expect(months).toEqual(await monthsOf(engine.database.pool, engine.vault, 'doors'))
  expect(months.map((month) => [month.class, month.events, month.genuine])).toEqual([
    ['access', 2, true],
    ['alarm', 1, true],
  ])
  const check = openMonthCheck(there.context)
  for (let month = 0; month < 3; month++) await check()
  expect(there.logged).toEqual([])
  const { pool } = there.context.database
  const found = await readPositions(pool, engine.vault, subscription, { epoch: 4, sources: ['doors'] })
  expect([...found]).toEqual([['doors', 2]])
  const days = all.map(({ event: { at } }) => at.slice(0, 10))
  const punched = await readPunches(attendance(there), [person], [...new Set(days)])
  expect(punched.get(person)).toHaveLength(1)
  expect(punched).toEqual(await readPunches(attendance(here), [person], [...new Set(days)]))
})

test('a source goes on behind the cursor of the backup: what it tells again is kept once, what is new has the next positions', async () => {
  await appendEvents(here.context, 'doors', batchOf([event('a', 3), event('b', 2)], { cursor: 'behind b' }))
  const there = await restored()
  // What the lost machine has taken in since is told again, in whatever order.
  await appendEvents(here.context, 'doors', batchOf([event('c', 1)], { cursor: 'behind c' }))
  let from: string | null | undefined
  await followEvents(
    there.context,
    'doors',
    {
      async *follow(cursor) {
        from = cursor
        yield batchOf([event('d', 0), event('b', 2), event('c', 1)], { cursor: 'behind d' })
      },
    },
    going,
    () => undefined,
  )
  expect(from).toBe('behind b')
  expect((await pageOf(there)).map(({ position }) => position)).toEqual([1, 2, 3, 4])
  expect(there.counts.get('known doors')).toBe(1)
  // Under the same id, so that consumers know it again.
  const idOf = async (events: EventsBench, at: number) =>
    (await pageOf(events)).find((each) => each.event.at === event('', at).event.at)?.id
  expect(await idOf(there, 1)).toBe(await idOf(here, 1))
  // Nobody who followed before the restore appends anything more.
  await expect(appendEvents(there.context, 'doors', batchOf([event('e', 0)]), 0)).rejects.toThrow(OvertakenError)
  expect((await readLogged(there.context, 'doors', 0, 100)).missing).toEqual([])
})

test('the months of the backup have their places, and so have those that follow', async () => {
  await appendEvents(here.context, 'doors', batchOf([event('a', 1)]))
  await bench.pass(40 * 24 * hour)
  await appendEvents(here.context, 'doors', batchOf([event('b', 1)]))
  const there = await restored()
  await bench.pass(31 * 24 * hour)
  await appendEvents(there.context, 'doors', batchOf([event('c', 1)]))
  expect((await pageOf(there)).map(({ position }) => position)).toEqual([1, 2, 3])
  const { rows } = await there.context.database.pool.query<{ n: number }>(
    `select count(*)::int as n from pg_class where relname ~ '^event_access_[0-9]{6}$' and relispartition`,
  )
  expect(rows[0]?.n).toBeGreaterThanOrEqual(3)
})
