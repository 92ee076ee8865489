/** The parts of one running simulator, made from its options and filled with the site every test starts from. */
import { randomBytes } from 'node:crypto'
import { type SimulatorClock, simulatorClock } from '../../simulator-parts/clock.ts'
import { AuditTrail } from './audit-trail.ts'
import { Chronicle } from './chronicle.ts'
import { DeviceSync } from './device-sync.ts'
import { EventLog } from './event-log.ts'
import type { Faults } from './faults.ts'
import { LiveFeed } from './live-feed.ts'
import type { SettledOptions } from './options.ts'
import { digestPassword } from './password.ts'
import type { Quirks } from './quirks.ts'
import { addLevels } from './seed.ts'
import { Sessions } from './sessions.ts'
import { defaultSettings, type Settings } from './settings.ts'
import { blankUser } from './user-draft.ts'
import { administratorId, World } from './world.ts'

export interface Simulation {
  options: SettledOptions
  quirks: Quirks
  clock: SimulatorClock
  world: World
  settings: Settings
  events: EventLog
  sync: DeviceSync
  chronicle: Chronicle
  audit: AuditTrail
  sessions: Sessions
  feed: LiveFeed
  username: string
  password: string
}

export function createSimulation(options: SettledOptions, faults: Faults): Simulation {
  const { quirks } = options
  const clock = simulatorClock(options.nowMs)
  const world = new World()
  const settings = defaultSettings()
  const events = new EventLog()
  const { deviceDelayMs: delayMs, serverOffsetMinutes: zoneMinutes } = options
  const audit = new AuditTrail(clock)
  const sync = new DeviceSync({ world, clock, events, settings, quirks, audit, delayMs, zoneMinutes })
  const chronicle = new Chronicle(world, clock)
  const sessions = new Sessions({ world, clock, settings, quirks, events })
  const password = options.password ?? randomBytes(12).toString('base64url')
  const feed = new LiveFeed(faults)
  const simulation = {
    options,
    quirks,
    clock,
    world,
    settings,
    events,
    sync,
    chronicle,
    audit,
    sessions,
    feed,
    username: options.username,
    password,
  }
  world.addUsers([
    {
      ...blankUser(administratorId),
      name: 'Administrator',
      permission: 1,
      loginId: options.username,
      password: digestPassword(password),
    },
  ])
  addLevels(simulation, options.levels)
  sync.settle()
  events.events.length = 0
  world.journal = audit
  events.onStored = (event, late) => feed.tell(simulation, event, late)
  return simulation
}
