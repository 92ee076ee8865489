/** Everything that goes wrong in a campaign: each trouble is made, lasts, and is over when its promise is. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import type { BiostarSimulator, FaultSpec } from '../../connectors/biostar2/simulator/index.ts'
import { type Random, sample } from '../../demo/workforce/random.ts'
import type { TestPostgres, TestRedis } from '../support/servers.ts'
import type { SmallDisk } from '../support/small-disk.ts'
import type { Fleet } from './fleet.ts'
import type { Operator } from './operator.ts'

export interface World {
  readonly simulator: BiostarSimulator
  readonly fleet: Fleet
  readonly operator: Operator
  readonly chance: Random
  /** Null: the gateway's own, embedded. */
  readonly postgres: TestPostgres | null
  /** Null: wake-ups go through PostgreSQL. */
  readonly redis: TestRedis | null
  /** What the database lies on; null where no small disk can be had. */
  readonly disk: SmallDisk | null
}

interface Trouble {
  readonly name: string
  readonly make: (world: World) => Promise<void>
}

/** How often each kind of trouble comes. */
export interface Doses {
  readonly kills: number
  readonly flushes: number
  readonly restarts: number
  /** Of every other kind. */
  readonly others: number
}

/** A few of a hundred requests go wrong all the time; writes land up to three seconds after their connection was cut. */
export function armFaults({ faults }: BiostarSimulator): void {
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

/** All troubles of a campaign in random order. */
export function deckOf(world: World, doses: Doses): readonly Trouble[] {
  const times = (count: number, trouble: Trouble): Trouble[] => Array.from({ length: count }, () => trouble)
  const { postgres, redis, disk } = world
  const all = [
    ...times(doses.kills, kill),
    ...(postgres === null ? [] : times(doses.restarts, { name: 'PostgreSQL restarted', make: restartPostgres })),
    ...(redis === null ? [] : times(doses.flushes, { name: 'Redis flushed', make: flush })),
    ...(redis === null ? [] : times(doses.others, { name: 'Redis flushed while paused', make: flushWhilePaused })),
    ...(redis === null ? [] : times(doses.others, { name: 'Redis killed', make: killRedis })),
    ...(redis === null ? [] : times(doses.others, { name: 'Redis hung', make: hangRedis })),
    ...(redis === null ? [] : times(doses.others, { name: 'Redis full', make: fillRedis })),
    ...(disk === null ? [] : times(doses.others, { name: 'disk full', make: fillDisk })),
    ...times(doses.others, line('target down', { kind: 'down', forMs: 3_000 })),
    ...times(doses.others, line('target half-open', { kind: 'half-open', forMs: 3_000 })),
    ...times(doses.others, line('target slow', { kind: 'slow', delayMs: 1_500, forMs: 4_000 })),
    ...times(
      doses.others,
      line('target throttling', { kind: 'throttle', probability: 0.5, retryAfterSeconds: 1, forMs: 3_000 }),
    ),
  ]
  return sample(world.chance, all.length, all.length).map((at) => all[at] as Trouble)
}

const kill: Trouble = {
  name: 'a process killed',
  // Of one process with its own database, every second kill takes that along.
  make: ({ fleet, postgres, chance }) => fleet.kill(chance, postgres === null && fleet.kills % 2 === 1),
}

/** The simulator ends the trouble by itself. */
function line(name: string, fault: FaultSpec & { readonly forMs: number }): Trouble {
  return {
    name,
    async make({ simulator }) {
      simulator.faults.add(fault)
      await sleep(fault.forMs)
    },
  }
}

async function restartPostgres({ postgres, chance }: World): Promise<void> {
  await postgres?.kill()
  await sleep(chance.below(1_000))
  await postgres?.start()
}

async function flush({ redis }: World): Promise<void> {
  await withRedis(redis, (client) => client.flushall())
}

/** Redis could not hold a pause, so it does not: nothing may be sent to the target until a person says so. */
async function flushWhilePaused(world: World): Promise<void> {
  const { operator, simulator } = world
  await operator.pause()
  // Accounts that were begun when it was paused run to their end.
  for (let before = -1, tries = 0; before !== writes(simulator) && tries < 20; tries += 1) {
    before = writes(simulator)
    await sleep(1_000)
  }
  await flush(world)
  const before = writes(simulator)
  await sleep(1_500)
  expect(writes(simulator), 'requests sent while paused').toBe(before)
  await operator.resume()
}

function writes({ requests }: BiostarSimulator): number {
  return requests.find({ path: '/(users|cards)' }).filter(({ method }) => method !== 'GET').length
}

async function killRedis({ redis }: World): Promise<void> {
  await redis?.kill()
  await sleep(2_000)
  await redis?.start()
}

async function hangRedis({ redis }: World): Promise<void> {
  redis?.freeze()
  await sleep(3_000)
  redis?.thaw()
}

async function fillRedis({ redis }: World): Promise<void> {
  await withRedis(redis, (client) => client.config('SET', 'maxmemory', '1'))
  await sleep(3_000)
  await withRedis(redis, (client) => client.config('SET', 'maxmemory', '0'))
}

/** PostgreSQL may give up when it can't write its log; whoever runs it starts it again when there is room. */
async function fillDisk({ disk, postgres }: World): Promise<void> {
  await disk?.fill()
  await sleep(3_000)
  await disk?.free()
  await postgres?.revive()
}

async function withRedis(redis: TestRedis | null, work: (client: Redis) => Promise<unknown>): Promise<void> {
  if (redis === null) throw new Error('this campaign has no Redis')
  const client = new Redis(redis.url)
  try {
    await work(client)
  } finally {
    client.disconnect()
  }
}
