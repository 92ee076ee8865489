/** The demo's site on paper: doors, access groups, time zones, and the configuration that a gateway for it is given. */
import type { BiostarSimulator } from '../connectors/biostar2/simulator/index.ts'
import { doorSystem, groups, mapping, policyFor } from './workforce/gateway-config.ts'
import { sites } from './workforce/organisation.ts'

/** An access group that no rule knows: whoever has it was given it by hand at the door system. */
export const byHandOnly = 'Works council room'
/** With this title come fifteen groups more: with the main entrance and a department, one above what BioStar 2 takes. */
export const keeperTitle = 'Keeper of all keys'
const plantRooms = Array.from({ length: 15 }, (_, at) => `Plant room ${at + 1}`)
/** BioStar 2 takes so many access groups a person. */
export const groupsMax = 16

/** Every group opens one door, which bears its name. */
export const doorNames: readonly string[] = [...groups, byHandOnly, ...plantRooms]

/** Where a day is not about to end while the demo plays, or people would come and go by the calendar in the middle of a scene. */
const insteadOf: Readonly<Record<string, string>> = {
  'Europe/Berlin': 'Europe/London',
  'America/Los_Angeles': 'America/Denver',
  'Australia/Sydney': 'Pacific/Auckland',
  'Asia/Kolkata': 'Asia/Dhaka',
}

/** The time zone of each site of the organisation. */
export function siteZones(now: Date): ReadonlyMap<string, string> {
  return new Map(sites.map(({ name, zone }) => [name, timeIn(zone, now) >= '23:50' ? (insteadOf[zone] ?? zone) : zone]))
}

/** `YYYY-MM-DD` on the calendar of a zone. */
export function dateIn(zone: string, now: Date): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }).format(now)
}

function timeIn(zone: string, now: Date): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'short' }).format(now)
}

/** The day on which HR writes its export: the earliest that any site has now, so that who starts today has started everywhere. */
export function exportDay(now: Date): string {
  return [...siteZones(now).values()].map((zone) => dateIn(zone, now)).sort()[0] as string
}

export interface SiteOptions {
  readonly simulator: Pick<BiostarSimulator, 'url' | 'fingerprint256' | 'username'>
  /** The folder that HR drops files into. */
  readonly folder: string
  /** Name of the door system in the configuration. */
  readonly target: string
  readonly mode: 'observe' | 'enabled'
  readonly now: Date
  /** Of the source: a share of its people whom its records may lock out within an hour; the product's own limit when left out. */
  readonly lockoutPercent: number | undefined
}

/** The content of `gatehouse.yaml`; the password lies beside it in a file of its own. */
export function configuration({ simulator, folder, target, mode, now, lockoutPercent }: SiteOptions): object {
  return {
    gateway: { name: 'demo', data: './.gatehouse', zone: 'Europe/Berlin' },
    http: { listen: '127.0.0.1:0' },
    sites: Object.fromEntries([...siteZones(now)].map(([name, zone]) => [name, { zone }])),
    sources: {
      hr: {
        connector: 'csv',
        settings: {
          folder,
          mode: 'full',
          delta_pattern: 'changes-*.csv',
          control_total: 'trailer',
          settle_ms: 200,
          poll_ms: 100,
        },
        ...(lockoutPercent === undefined ? {} : { brakes: { lockout_record: { percent: lockoutPercent } } }),
        mapping,
      },
    },
    targets: {
      [target]: {
        connector: 'biostar2',
        mode,
        requests_per_second: 1000,
        settings: doorSystem(simulator),
      },
    },
    policy: [
      ...policyFor(target),
      { grant: plantRooms.map((name) => `${target}/${name}`), to: `employment.title == "${keeperTitle}"` },
    ],
  }
}
