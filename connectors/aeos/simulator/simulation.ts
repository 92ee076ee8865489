/** The parts of one running simulator, made from its options and filled with the site every test starts from. */
import { randomBytes } from 'node:crypto'
import { type SimulatorClock, simulatorClock } from '../../simulator-parts/clock.ts'
import { type Random, seededRandom } from '../../simulator-parts/random.ts'
import { Chronicle } from './chronicle.ts'
import type { SystemUser } from './model.ts'
import type { SettledOptions } from './options.ts'
import type { Quirks } from './quirks.ts'
import { buildSite } from './site.ts'
import { World } from './world.ts'
import { type Zone, zoneNamed } from './zone.ts'

export interface Simulation {
  options: SettledOptions
  quirks: Quirks
  clock: SimulatorClock
  zone: Zone
  /** The moment that stands for "no date": 2149-05-29T00:00:00, local. */
  clearMs: number
  random: Random
  world: World
  chronicle: Chronicle
  /** By user name; the first is the one of the options. */
  users: Map<string, SystemUser>
}

export function createSimulation(options: SettledOptions): Simulation {
  const clock = simulatorClock(options.nowMs)
  const zone = zoneNamed(options.zone)
  const world = new World()
  const password = options.password ?? randomBytes(12).toString('base64url')
  const user = newUser(options.username, password)
  const simulation: Simulation = {
    options,
    quirks: options.quirks,
    clock,
    zone,
    clearMs: zone.moment('2149-05-29T00:00:00', 'earlier') ?? Number.NaN,
    // What is undefined draws from a stream of its own, so that a quirk does not change the latencies.
    random: seededRandom(options.seed + 2),
    world,
    chronicle: new Chronicle(world, clock),
    users: new Map([[user.username, user]]),
  }
  buildSite(simulation)
  return simulation
}

/** A system user with every right, unless `limits` says otherwise. */
export function newUser(username: string, password: string, limits: Partial<SystemUser> = {}): SystemUser {
  return { lacks: [], units: null, entrances: null, freeFields: null, ...limits, username, password }
}
