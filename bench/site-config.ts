/** The configuration of the measured site: HR's files and those of an agency, one door system, a rule for everybody and one per department. */
import { join } from 'node:path'
import { groups, mapping, policyFor } from '../demo/workforce/gateway-config.ts'
import { sites, siteZone } from '../demo/workforce/organisation.ts'
import { type SimulatorFacts, settingsFor } from './door-systems.ts'

export const settleMs = 100

/** The access groups that the rules name. */
export const levels = groups.map((name) => ({ name, doors: [name] }))

export const sourceNames = ['hr', 'agency'] as const
export type SourceName = (typeof sourceNames)[number]

/** Where the events of the door system go, besides the log: the settings of a webhook. */
export type ReceiverSettings = Readonly<Record<string, unknown>>

/** `directory` has a folder for each source. Without `receiver` no event is read. */
export function siteConfig(simulator: SimulatorFacts, directory: string, receiver: ReceiverSettings | null): object {
  return {
    gateway: { name: 'bench', data: './.gatehouse', zone: 'Europe/Berlin' },
    http: { listen: '127.0.0.1:0' },
    sites: Object.fromEntries(sites.map(({ name }) => [name, { zone: siteZone(name) }])),
    sources: Object.fromEntries(sourceNames.map((name) => [name, sourceConfig(join(directory, name))])),
    targets: {
      hq: {
        connector: simulator.kind,
        mode: 'enabled',
        concurrency: 8,
        // The door system sets the pace here, not a limit of ours.
        requests_per_second: 10_000,
        settings: settingsFor(simulator),
        ...(receiver === null ? {} : { events: {} }),
      },
    },
    ...(receiver === null ? {} : { subscriptions: { receiver: { connector: 'webhook', ...receiver } } }),
    policy: policyFor('hq'),
  }
}

function sourceConfig(folder: string): object {
  return {
    connector: 'csv',
    settings: { folder, mode: 'full', delta_pattern: 'changes-*.csv', settle_ms: settleMs, poll_ms: 50 },
    mapping,
    // Many leave at once, so that there is something to measure: that is no reason here to suspect the file.
    brakes: { lockout_record: { percent: 100 } },
  }
}
