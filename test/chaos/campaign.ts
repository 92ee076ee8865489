/** A sync and a working day under fire: processes killed, stores and target in trouble, and the door system's own listing as witness. */
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect } from 'vitest'
import type { BiostarSimulator, SeenUser } from '../../connectors/biostar2/simulator/index.ts'
import { everybody } from '../../demo/workforce/gateway-config.ts'
import { random } from '../../demo/workforce/random.ts'
import { startPostgres, startRedis } from '../support/servers.ts'
import { openSite } from '../support/site.ts'
import { openSmallDisk } from '../support/small-disk.ts'
import { checkErased, checkGateway, checkListing, checkLockOuts, checkSecrecy } from './checks.ts'
import { Fleet } from './fleet.ts'
import { Hr } from './hr.ts'
import { listenIn } from './listen-in.ts'
import { Operator } from './operator.ts'
import { type Doses, deckOf } from './troubles.ts'
import { armFaults, type World } from './world.ts'

interface Campaign {
  readonly title: string
  /** Through which store wake-ups go. */
  readonly queue: 'postgresql' | 'redis'
  /** One process on its own embedded database, or several on a given one. */
  readonly processes: 'one' | 'several'
}

const whatever = 'whatever is killed, restarted, flushed or filled up, the door system ends as HR says'

export const campaigns = {
  one: {
    title: 'one process on its own database: killed with and without it, the door system ends as HR says',
    ...{ queue: 'postgresql', processes: 'one' },
  },
  severalPostgresql: {
    title: `several processes, wake-ups in postgresql: ${whatever}`,
    ...{ queue: 'postgresql', processes: 'several' },
  },
  severalRedis: {
    title: `several processes, wake-ups in redis: ${whatever}`,
    ...{ queue: 'redis', processes: 'several' },
  },
} as const satisfies Record<string, Campaign>

type Say = (line: string) => void

/** `npm run chaos` sets it; the tests run a tenth. */
const isWhole = process.env.GATEHOUSE_CHAOS === 'whole'
const people = isWhole ? 2_000 : 200
const doses: Doses = isWhole
  ? { kills: 50, flushes: 5, restarts: 5, others: 1 }
  : { kills: 5, flushes: 1, restarts: 1, others: 1 }

export const campaignLimitMs = isWhole ? 2_400_000 : 480_000

/** Every second process can do all; lock-outs must not depend on which one is left. */
const roles = {
  one: ['api,worker,scheduler'],
  several: ['api,scheduler', 'worker', 'api,worker,scheduler', 'worker'],
} as const

/** The same seed draws the same troubles and changes: GATEHOUSE_CHAOS_SEED=<as printed>. Moments differ with the machine. */
export async function runCampaign({ queue, processes }: Campaign): Promise<void> {
  const seed = Number(process.env.GATEHOUSE_CHAOS_SEED ?? randomInt(2 ** 31))
  const say: Say = (line) => void process.stdout.write(`chaos, ${processes}, wake-ups in ${queue}: ${line}\n`)
  say(`GATEHOUSE_CHAOS_SEED=${seed}`)
  const started = new Date()
  const chance = random(seed)
  await using disk = processes === 'several' ? openSmallDisk(1_500) : null
  if (processes === 'several' && disk === null) say('no small disk can be mounted here: the disk is not filled')
  await using postgres = processes === 'several' ? await startPostgres(disk?.path) : null
  await using redis = queue === 'redis' ? await startRedis() : null
  await using ear = redis === null ? null : await listenIn(redis)
  await using site = await openSite({
    simulator: { seed },
    ...(postgres === null ? {} : { databaseUrl: postgres.url }),
    ...(redis === null ? {} : { redisUrl: redis.url }),
  })
  const { simulator } = site
  const strangers = seedStrangers(simulator)
  const hr = new Hr(site, people)
  await using fleet = new Fleet(site, roles[processes])
  const operator = new Operator(site, fleet, hr)
  let polled = 0
  const reconfigure = () =>
    site.configure(({ sources }) => {
      polled += 1
      sources.hr.settings.poll_ms = 100 + polled
    })
  const world: World = { simulator, fleet, operator, hr, reconfigure, chance, postgres, redis, disk }
  try {
    await fleet.ready()
    await operator.begin()
    armFaults(simulator)
    await hr.exportAll()
    const over = new AbortController()
    const released = operator.watch(over.signal)
    const changed = keepChanging(hr, random(seed, 1), over.signal)
    const counts = await makeTroubles(world, say).finally(() => over.abort())
    await Promise.all([released, changed])
    await operator.lockSomebody()
    simulator.faults.clear()
    await operator.quiet(180_000)
    await operator.lookThrough()

    expect(fleet.kills).toBeGreaterThanOrEqual(doses.kills)
    expect(fleet.surprises).toEqual([])
    await simulator.landed()
    await simulator.settled()
    checkListing(simulator, hr, operator)
    const others = simulator.state.users().filter(({ id }) => strangers.has(id))
    expect(new Map(others.map((user) => [user.id, user]))).toEqual(strangers)
    const proven = await checkLockOuts(simulator, hr, operator)
    await checkErased(operator)
    await checkGateway(operator, started)
    say(
      `survived: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}; ${hr.workforce.rows.length} rows, ${proven} lock-outs proven`,
    )
    expect(await fleet.stop()).toEqual(roles[processes].map(() => 0))
    await checkSecrecy({
      folder: postgres?.directory ?? site.dataPath,
      log: site.said.join(''),
      workforce: hr.workforce,
      redis: ear?.heard() ?? null,
    })
  } catch (error) {
    const lines = site.said.join('').split('\n')
    process.stdout.write(`${lines.filter((line) => line.includes('"level":"error"')).join('\n')}\n`)
    if (postgres !== null) await sayWhatIsLeft(postgres.admin, say)
    throw error
  }
}

const leftOver = {
  work: `select w.*, a.desired, a.wanted, a.pending, a.desired_version, a.applied_version, a.failures, a.owned, a.frozen_at
           from gatehouse.account_work w join gatehouse.account a on a.id = w.account_id limit 20`,
  failures: `select a.id, a.failures, a.failing_since, a.desired, a.desired_version, a.applied_version, a.owned, w.lane, w.attempts, w.due_at
               from gatehouse.account a left join gatehouse.account_work w on w.account_id = a.id where a.failures is not null limit 20`,
  'lock-outs': `select id, account_id, cause, arrived_at, decided_at, started_at, accepted_at from gatehouse.lockout
                 where proven_at is null and ended_at is null limit 20`,
  plans: `select id, origin, state, counts, holds, created_at from gatehouse.plan where state = 'held' limit 20`,
  drifts: 'select account_id, class, part, found_at from gatehouse.drift limit 50',
  alarms: 'select code, scope, raised_at from gatehouse.alarm where cleared_at is null',
  erasures: 'select id, asked_at, deleted_at from gatehouse.erasure limit 50',
} as const

/** What the gateway still had to do: ids, states and codes, for whoever looks for the reason. */
async function sayWhatIsLeft(admin: pg.PoolConfig, say: Say): Promise<void> {
  const client = new pg.Client(admin)
  await client.connect()
  try {
    for (const [what, sql] of Object.entries(leftOver)) {
      const { rows } = await client.query(sql)
      for (const row of rows) say(`left, ${what}: ${JSON.stringify(row)}`)
    }
  } finally {
    await client.end()
  }
}

/** One after the other; how often each kind came. */
async function makeTroubles(world: World, say: Say): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const { name, make } of deckOf(world, doses)) {
    await sleep(world.chance.below(1_200))
    say(name)
    await make(world)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

/** Files go on coming for as long as there is trouble. */
async function keepChanging(hr: Hr, chance: ReturnType<typeof random>, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await sleep(500 + chance.below(1_500))
    if (!over.aborted) await hr.change(chance, 1 + chance.below(6))
  }
}

/** Accounts that are none of Gatehouse's business, as they stand before it comes. */
function seedStrangers(simulator: BiostarSimulator): ReadonlyMap<string, SeenUser> {
  simulator.seed({
    users: Array.from({ length: 30 }, (_, at) => ({
      id: `V${1000 + at}`,
      name: `Visitor Placeholder ${at}`,
      cards: [String(4_000_000_000 + at)],
      accessGroups: at % 2 === 0 ? [everybody] : [],
      disabled: at % 5 === 0,
    })),
  })
  return new Map(simulator.state.users().map((user) => [user.id, user]))
}
