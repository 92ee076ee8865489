/** The demo's company on paper: doors, access levels, time zones, and the configuration that a gateway for it is given. */
import { reveals } from '../src/model/events/reveal.ts'
import type { DoorSystem } from './door-system.ts'
import { everybody, groups, mapping, policyFor } from './workforce/gateway-config.ts'
import { sites } from './workforce/organisation.ts'

/** The subscriptions that write sealed files, and what the names of these begin with: who came to which door, and when somebody worked. */
export const sealedNames = { doors: 'archive', work: 'payroll' } as const

/** What the secret of the receiver of events is read from; beside the configuration. */
export const receiverSecretFile = 'receiver-secret'

const reference = (file: string): string => `\${file:./${file}}`

/** An access level that no rule knows: whoever has it was given it by hand at the door system. */
export const byHandOnly = 'Works council room'
/** With this title come fifteen levels more: with the main entrance and a department, one above what BioStar 2 takes. */
export const keeperTitle = 'Keeper of all keys'
const plantRooms = Array.from({ length: 15 }, (_, at) => `Plant room ${at + 1}`)
/** So many levels has whoever bears that title. */
export const keeperLevels = plantRooms.length + 2

/** Every building has the same doors, and of each door system every level opens one. */
export const doorNames: readonly string[] = [...groups, byHandOnly, ...plantRooms]

/** What the door that a level opens is called there: no level is called so. */
export function doorNamed(level: string): string {
  return `Door to ${level}`
}

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
  readonly systems: readonly Pick<DoorSystem, 'target' | 'configuration'>[]
  /** The folder that HR drops files into. */
  readonly folder: string
  /** Where events are sent to; the secret lies beside the configuration. */
  readonly receiver: string
  /** The folder of sealed files. */
  readonly archive: string
  readonly mode: 'observe' | 'enabled'
  readonly now: Date
  /** Of the source: a share of its people whom its records may lock out within an hour; the product's own limit when left out. */
  readonly lockoutPercent: number | undefined
}

/** The content of `gatehouse.yaml`; the passwords lie beside it in files of their own. */
export function configuration({ systems, folder, receiver, archive, mode, now, lockoutPercent }: SiteOptions): object {
  const targets = systems.map(({ target }) => target)
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
    targets: Object.fromEntries(
      systems.map((system) => [
        system.target,
        { ...system.configuration, mode, requests_per_second: 1000, events: {} },
      ]),
    ),
    subscriptions: {
      desk: {
        connector: 'webhook',
        settings: { url: receiver, secret: reference(receiverSecretFile), allow_private: true },
      },
      // All there is of people: what lies sealed in these files is worth stealing.
      [sealedNames.doors]: {
        connector: 'file',
        settings: { folder: archive, name: sealedNames.doors, zone: 'Europe/Berlin' },
        filter: 'event.class == "access"',
        reveal: reveals,
      },
      [sealedNames.work]: {
        connector: 'file',
        feed: 'punches',
        settings: { folder: archive, name: sealedNames.work, zone: 'Europe/Berlin' },
        reveal: ['employee_number'],
      },
    },
    attendance: { punches: [{ doors: [doorNamed(everybody)], punch: 'in' }] },
    policy: [
      ...policyFor(...targets),
      {
        grant: targets.flatMap((target) => plantRooms.map((name) => `${target}/${name}`)),
        to: `employment.title == "${keeperTitle}"`,
      },
    ],
  }
}
