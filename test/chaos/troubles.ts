/** Everything that goes wrong in a campaign: each trouble is made, lasts, and is over when its promise is. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { FaultSpec } from '../../connectors/biostar2/simulator/index.ts'
import { sample } from '../../demo/workforce/random.ts'
import type { TestRedis } from '../support/servers.ts'
import * as acts from './operator-troubles.ts'
import type { World } from './world.ts'

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

/** All troubles of a campaign in random order. */
export function deckOf(world: World, doses: Doses): readonly Trouble[] {
  const times = (count: number, trouble: Trouble): Trouble[] => Array.from({ length: count }, () => trouble)
  const { postgres, redis, disk } = world
  const all = [
    ...times(doses.kills, kill),
    ...(postgres === null ? [] : times(doses.restarts, { name: 'PostgreSQL restarted', make: restartPostgres })),
    ...(redis === null ? [] : times(doses.flushes, { name: 'Redis flushed', make: flush })),
    ...times(
      doses.others,
      redis === null
        ? { name: 'a process killed while the target is paused', make: (world) => acts.paused(world, kill.make) }
        : { name: 'Redis flushed while the target is paused', make: (world) => acts.paused(world, flush) },
    ),
    ...times(doses.others, { name: 'all but lock-outs frozen', make: acts.frozen }),
    ...times(doses.others, { name: 'target put back to an old state', make: acts.putBack }),
    ...times(doses.others, { name: 'somebody erased', make: acts.erased }),
    ...times(doses.others, {
      name: 'keys rotated, and a process killed',
      make: (world) => acts.keysRotated(world, kill.make),
    }),
    ...times(doses.others, {
      name: 'configuration released, and a process killed',
      make: (world) => acts.configurationReleased(world, kill.make),
    }),
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
