/** The kill test, the same on either queue store: a sync and a day with faults and late writes, SIGKILL at random moments, and the door system as witness. */
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import type { BiostarSimulator, SeenUser } from '../../connectors/biostar2/simulator/index.ts'
import { everybody } from '../../demo/workforce/gateway-config.ts'
import { random } from '../../demo/workforce/random.ts'
import type { TestRedis } from '../support/servers.ts'
import { openSite } from '../support/site.ts'
import { checkGateway, checkListing, checkLockOuts, checkSecrecy } from './checks.ts'
import { Story } from './story.ts'

const long = process.env.GATEHOUSE_CHAOS_LONG !== undefined
export const killRunLimitMs = long ? 1_800_000 : 240_000

/** The same seed draws the same moments: GATEHOUSE_CHAOS_SEED=<as printed>. GATEHOUSE_CHAOS_LONG=1: more people, more deaths. */
export async function runKills(redis?: TestRedis): Promise<void> {
  const seed = Number(process.env.GATEHOUSE_CHAOS_SEED ?? randomInt(2 ** 31))
  process.stdout.write(`moments of the kills: GATEHOUSE_CHAOS_SEED=${seed}\n`)
  const started = new Date()
  await using site = await openSite({
    simulator: { seed },
    ...(redis === undefined ? {} : { redisUrl: redis.url }),
  })
  const { simulator } = site
  const strangers = seedStrangers(simulator)
  await using ear = redis === undefined ? null : await listenIn(redis)
  armFaults(simulator)
  const story = new Story(site, random(seed), {
    people: long ? 2_000 : 500,
    killsWhileProvisioning: long ? 8 : 1,
    killsOfTheDay: long ? 6 : 2,
  })
  try {
    await story.firstSync(async () => {
      await ear?.flush()
    })
    await story.day()
    simulator.faults.clear()
    await story.quiet()

    expect(story.kills).toBe(long ? 16 : 5)
    await simulator.settled()
    checkListing(simulator, story)
    const others = simulator.state.users().filter(({ id }) => strangers.has(id))
    expect(new Map(others.map((user) => [user.id, user]))).toEqual(strangers)
    await checkLockOuts(site, story)
    await checkGateway(site, story, started)
    expect(await story.gateway.stop()).toBe(0)
    await checkSecrecy(site, story, ear?.heard() ?? null)
  } catch (error) {
    const lines = site.said.join('').split('\n')
    process.stdout.write(`${lines.filter((line) => line.includes('"level":"error"')).join('\n')}\n`)
    throw error
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

/** A few of a hundred requests go wrong, each in its way; writes land up to three seconds after their connection was cut. */
function armFaults({ faults }: BiostarSimulator): void {
  const writes = { method: 'POST|PUT|DELETE', path: '^/api/(v2/)?(users|cards)' }
  faults.add({ kind: 'http', probability: 0.01 })
  faults.add({ kind: 'drop', probability: 0.01 })
  faults.add({ kind: 'drop-after', probability: 0.01 })
  for (const delayMs of [200, 1_000, 3_000]) faults.add({ kind: 'late-write', probability: 0.005, delayMs, ...writes })
  faults.add({ kind: 'session-expiry', probability: 0.003 })
  faults.add({ kind: 'throttle', probability: 0.002, retryAfterSeconds: 1 })
  faults.add({ kind: 'maintenance', probability: 0.002 })
  faults.add({ kind: 'slow', probability: 0.01, delayMs: 300 })
}

interface Ear extends AsyncDisposable {
  /** Every command that any client has sent, one a line. */
  heard(): Buffer
  /** Forgets everything that Redis holds. */
  flush(): Promise<void>
}

/** Hears every byte that is sent to Redis, so that nothing is missed for having been short-lived. */
async function listenIn({ url }: TestRedis): Promise<Ear> {
  const redis = new Redis(url)
  const monitor = await redis.monitor()
  const lines: string[] = []
  monitor.on('monitor', (_time: string, args: readonly string[]) => lines.push(args.join(' ')))
  return {
    heard: () => Buffer.from(lines.join('\n')),
    async flush() {
      await redis.flushall()
      await sleep(0)
    },
    async [Symbol.asyncDispose]() {
      monitor.disconnect()
      redis.disconnect()
    },
  }
}
