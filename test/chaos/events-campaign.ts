/** Events under fire: two door systems, a real store and real receivers; whatever is killed, flushed or away, each event is kept once and reaches everybody. */
import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import { expect } from 'vitest'
import { type AeosSimulator, startAeosSimulator } from '../../connectors/aeos/simulator/index.ts'
import { aeosDoors as aeosSite } from '../../demo/aeos-doors.ts'
import { random, sample } from '../../demo/workforce/random.ts'
import type { PlanView } from '../../src/api/acts/plans.ts'
import { cardOf, file, isIn, workers } from '../support/people.ts'
import { startPostgres, startRedis, until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'
import { aeosDoors, biostarDoors, type Doors } from './events-doors.ts'
import { received } from './events-order.ts'
import { openReceivers, type Receivers } from './events-receivers.ts'
import { Fleet } from './fleet.ts'

/** `npm run chaos` sets it; the tests run a small part. */
const isWhole = process.env.GATEHOUSE_CHAOS === 'whole'
const size = isWhole
  ? { biostar: 70_000, aeos: 30_000, seconds: 75, kills: 20, flushes: 5, aways: 2, awayMs: 5_000, pauseMs: 2_500 }
  : { biostar: 1_500, aeos: 700, seconds: 5, kills: 3, flushes: 1, aways: 1, awayMs: 800, pauseMs: 800 }
const arrivalLimitMs = isWhole ? 600_000 : 60_000

export const eventsLimitMs = isWhole ? 1_200_000 : 180_000

/** Each can take over from the other. */
const roles = ['api,worker,scheduler', 'worker']
const people = workers(12)

type Say = (line: string) => void

/** The same seed draws the same events and troubles: GATEHOUSE_CHAOS_SEED=<as printed>. Moments differ with the machine. */
export async function runEvents(): Promise<void> {
  const seed = Number(process.env.GATEHOUSE_CHAOS_SEED ?? randomInt(2 ** 31))
  const say: Say = (line) => void process.stdout.write(`chaos, events: ${line}\n`)
  say(`GATEHOUSE_CHAOS_SEED=${seed}`)
  await using postgres = await startPostgres()
  await using redis = await startRedis()
  await using site = await openSite({ simulator: { seed }, databaseUrl: postgres.url, redisUrl: redis.url })
  await using aeos = await startAeosSimulator({ seed, latency: { fixedMs: 5 }, zone: 'Europe/Berlin' })
  await using receivers = await openReceivers(site.directory)
  seedStrangers(site, aeos)
  await configure(site, aeos, receivers)
  const store = new pg.Client(postgres.admin)
  // Nobody ends this store.
  await store.connect()
  try {
    await using fleet = new Fleet(site, roles)
    await fleet.ready()
    await until('both logs are followed', async () => (await sourcesOf(store)).length === 2, 60_000)
    const doors = [biostarDoors(site.simulator, seed), aeosDoors(aeos, random(seed, 1))]
    await employ(site, fleet)
    const making = Promise.all([doors[0]?.make(size.biostar, size.seconds), doors[1]?.make(size.aeos, size.seconds)])
    await makeTroubles({ site, aeos, fleet, receivers, redisUrl: redis.url, seed }, say)
    const accounts = await making
    for (const [at, { source }] of doors.entries()) say(`${source}: ${accounts[at]}`)
    site.simulator.faults.clear()
    aeos.faults.clear()
    try {
      await everythingArrived(store, doors, receivers)
    } finally {
      await check(store, doors, receivers, fleet, say)
    }
    expect(await fleet.stop()).toEqual(roles.map(() => 0))
  } catch (error) {
    const lines = site.said.join('').split('\n')
    process.stdout.write(
      `${lines
        .filter((line) => /"level":"(error|warn)"/.test(line))
        .slice(-60)
        .join('\n')}\n`,
    )
    throw error
  } finally {
    await store.end()
  }
}

/** Accounts that Gatehouse knows nothing of: they come and go as well. */
function seedStrangers({ simulator }: Site, aeos: AeosSimulator): void {
  const doors = simulator.state.groups().map(({ name }) => name)
  simulator.seed({
    users: Array.from({ length: 100 }, (_, at) => ({
      ...{ id: `V${1000 + at}`, name: `Visitor Placeholder ${at}`, cards: [String(4_000_000_000 + at)] },
      accessGroups: at % 3 === 0 ? [] : doors.slice(0, 1 + (at % 3)),
    })),
  })
  aeos.seed({
    count: 100,
    carriers: people.map((row) => ({
      ...{ lastName: 'Placeholder', personnelNo: row.employeeNumber },
      ...{ badges: [cardOf(row)], templates: ['Main Entrance', 'Warehouse'] },
    })),
  })
}

async function configure(site: Site, aeos: AeosSimulator, receivers: Receivers): Promise<void> {
  const { configuration, secret } = aeosSite(aeos, 'plant')
  await writeFile(join(site.directory, secret.file), secret.value, { mode: 0o600 })
  await site.configure((config) => {
    Object.assign(config.targets.hq, { events: {} })
    Object.assign(config.targets, { plant: { ...configuration, requests_per_second: 1000, events: {} } })
    Object.assign(config, { subscriptions: receivers.subscriptions })
  })
}

/** Some of those who come and go are people of ours, by account at the one system and by card at the other. */
async function employ(site: Site, fleet: Fleet): Promise<void> {
  await site.drop('workers-2026-01-01.csv', file(people))
  const { id } = await until(
    'the first plan is held',
    async () => (await fleet.ask<{ rows: PlanView[] }>(site.token, '/v1/plans?state=held')).rows[0],
  )
  await fleet.ask(site.token, `/v1/plans/${id}/release`, { reason: 'first import, checked' })
  await until('everybody is in', () => people.every((row) => isIn(site, row)), 60_000)
}

async function sourcesOf(store: pg.Client): Promise<readonly string[]> {
  const { rows } = await store.query<{ source: string }>(
    'select source from gatehouse.event_source where cursor is not null',
  )
  return rows.map(({ source }) => source)
}

interface Ground {
  readonly site: Site
  readonly aeos: AeosSimulator
  readonly fleet: Fleet
  readonly receivers: Receivers
  readonly redisUrl: string
  readonly seed: number
}

/** One begins after the other; what lasts goes on beside the next ones. */
async function makeTroubles({ site, aeos, fleet, receivers, redisUrl, seed }: Ground, say: Say): Promise<void> {
  const chance = random(seed, 2)
  const times = <T>(count: number, trouble: T): T[] => Array.from({ length: count }, () => trouble)
  const down = { kind: 'down', forMs: size.awayMs } as const
  const rounds = Array.from({ length: size.aways }, () => [
    ...receivers.all.map(({ name, away }) => ({ name: `${name} away`, make: () => away(size.awayMs) })),
    { name: 'hq away', make: async () => void site.simulator.faults.add(down) },
    { name: 'plant away', make: async () => void aeos.faults.add(down) },
  ])
  const once = [
    ...times(size.kills, { name: 'a gateway killed', make: () => fleet.kill(chance) }),
    ...times(size.flushes, { name: 'Redis flushed', make: () => flush(redisUrl) }),
  ]
  const lasting: Promise<void>[] = []
  // Nobody is away twice at once: each round of those is over before the next one begins.
  for (const [round, aways] of rounds.entries()) {
    const share = once.filter((_, at) => at % rounds.length === round)
    const deck = [...aways, ...share]
    for (const at of sample(chance, deck.length, deck.length)) {
      const { name, make } = deck[at] as (typeof deck)[number]
      await sleep(chance.below(size.pauseMs))
      say(name)
      lasting.push(make())
    }
    await Promise.all(lasting)
  }
}

async function flush(url: string): Promise<void> {
  const client = new Redis(url)
  try {
    await client.flushall()
  } finally {
    client.disconnect()
  }
}

async function everythingArrived(store: pg.Client, doors: readonly Doors[], { all }: Receivers): Promise<void> {
  const made = doors.reduce((sum, each) => sum + each.made().size, 0)
  await until(
    `${made} events are in the log`,
    async () => {
      const { rows } = await store.query<{ kept: string }>('select count(*) kept from gatehouse.event')
      return Number(rows[0]?.kept) >= made
    },
    arrivalLimitMs,
  )
  for (const { name } of all)
    await until(
      `${name} is told of ${made} events`,
      async () => {
        const { rows } = await store.query<{ told: string }>(
          'select sum(position) told from gatehouse.subscription_position where subscription = $1',
          [name],
        )
        return Number(rows[0]?.told) >= made
      },
      arrivalLimitMs,
    )
  // What they took may come into their files a moment later.
  for (const { name, arrived } of all)
    await until(
      `${name} has ${made} events`,
      async () => {
        const arrivals = await arrived()
        return doors.reduce((sum, { source }) => sum + received(arrivals, source).events, 0) >= made
      },
      30_000,
    )
}

interface Kept {
  readonly source: string
  readonly rows: string
  readonly positions: string
  readonly first: string
  readonly last: string
  readonly keys: string
}

const kept = `
  select source, count(*) rows, count(distinct position) positions, min(position) first, max(position) last,
         (select count(*) from gatehouse.event_key k where k.source = e.source) keys
    from gatehouse.event e group by source`

/** Counts what was made, kept and received, prints it, and holds it together. */
async function check(
  store: pg.Client,
  doors: readonly Doors[],
  { all, objections }: Receivers,
  fleet: Fleet,
  say: Say,
): Promise<void> {
  const { rows } = await store.query<Kept>(kept)
  const table: Record<string, Record<string, number>> = {}
  const wrong: string[] = []
  const must = (what: string, is: boolean) => void (is || wrong.push(what))
  for (const { source, made } of doors) {
    const traces = [...made().values()].sort()
    const log = rows.find((row) => row.source === source)
    const count = Number(log?.rows ?? 0)
    table[`${source}: log`] = { made: traces.length, got: count, lost: traces.length - count, again: 0, early: 0 }
    must(`${source}: as many rows as events were made`, count === traces.length)
    must(`${source}: each position once`, Number(log?.positions) === count)
    must(`${source}: positions without a gap`, Number(log?.first) === 1 && Number(log?.last) === count)
    must(`${source}: each key once`, Number(log?.keys) === count)
  }
  for (const { name, arrived } of all) {
    const arrivals = await arrived()
    for (const { source, made } of doors) {
      const expected = [...made().values()].sort()
      const { events, again, early, changed, traces } = received(arrivals, source)
      table[`${source}: ${name}`] = { made: expected.length, got: events, lost: expected.length - events, again, early }
      must(`${source}: ${name} got every event`, events === expected.length && traces.length === expected.length)
      must(`${source}: ${name} got them in order`, early === 0)
      must(`${source}: ${name} was told the same again`, changed === 0)
      must(`${source}: ${name} was told what happened`, isSame(traces.toSorted(), expected))
    }
  }
  process.stdout.write(tabulated(table))
  say(`${fleet.kills} gateways killed, Redis flushed ${size.flushes} times, each receiver away ${size.aways} times`)
  expect(wrong).toEqual([])
  expect(objections()).toEqual([])
  expect(fleet.surprises).toEqual([])
  expect(fleet.kills).toBe(size.kills)
}

function tabulated(table: Readonly<Record<string, Readonly<Record<string, number>>>>): string {
  const columns = Object.keys(Object.values(table)[0] ?? {})
  const row = (first: string, cells: readonly (string | number)[]) =>
    `${first.padEnd(20)}${cells.map((cell) => String(cell).padStart(10)).join('')}\n`
  return [row('', columns), ...Object.entries(table).map(([name, counts]) => row(name, Object.values(counts)))].join('')
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each, at) => each === others[at])
}
