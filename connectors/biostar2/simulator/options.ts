/** Every switch of the simulator with its default: what is documented is on, what was only once seen is a quirk. */

/** One access group and the doors it opens. Every door gets a reader of its own. */
export interface LevelSpec {
  name: string
  doors: readonly string[]
}

export type Latency = { fixedMs: number } | { medianMs: number; p99Ms: number }

export interface Quirks {
  /** How an empty list is written. Samples of the vendor's API collection (bs2api.biostar2.com) hold `"rows": ""`. */
  emptyLists: 'array' | 'string' | 'absent'
  /** The user search answers with the first page again and again; `offset` is not in the documented table. */
  ignoreUserOffset: boolean
  /** The event search answers with the first page again and again. */
  ignoreEventOffset: boolean
  /** No page of users is longer than this, whatever was asked; null for no such cap. */
  userPageMax: number | null
  /** Code for a session that died of idleness; the console texts list 11 beside 10. */
  expiredSessionCode: '10' | '11'
  /** Login is refused with 113 after this many wrong tries until so many minutes have passed; null is the default setting. */
  lockout: { tries: number; minutes: number } | null
  /** The account may not log in (121) or has multi-factor login on (122). */
  loginRefusal: '121' | '122' | null
  /** Rows in the answer to a bulk create. The vendor's sample lists one row for eleven people sent. */
  bulkCreateRows: 'first' | 'all'
  /** `GET /api/cards?query=` finds the exact number only, or every number that holds it. */
  cardQuery: 'exact' | 'contains'
  /** What becomes of a card that is given to one person while another has it: refused, or moved as before 2.9.4. */
  takenCards: 'refused' | 'moved'
  /** ASCII signs a name may hold besides letters, digits and space; a single quote is always refused. */
  nameSpecials: string
  /** Upper bound of a numeric user id: the API text says ...295, the console text ...294. */
  userIdMax: number
  /** Longest validity an update accepts in years (the update text says 30); null for no such rule. */
  validityYearsMax: number | null
  /** A user group's access groups reach the people of its sub groups, or only its own. */
  userGroupRights: 'tree' | 'own'
  /** `DeviceResponse` lists every device twice, as seen in samples. */
  doubleDeviceRows: boolean
  /** Name of the object around the settings; no published answer shows it. */
  settingKey: string
  /** DNS names and addresses in the certificate; leave the address out to simulate a host name that never matches. */
  certificateNames: readonly string[]
}

export interface SimulatorOptions {
  /** Port of the HTTPS API on 127.0.0.1; 0 takes a free one. */
  port?: number
  /** Port of the plain HTTP control API on 127.0.0.1; 0 takes a free one. */
  sideDoorPort?: number
  product?: 'biostar2' | 'biostarx'
  username?: string
  /** Password of the account; a random one when absent. */
  password?: string
  latency?: Latency
  /** Requests served at the same time; the others wait in the order they came. */
  concurrency?: number
  seed?: number
  levels?: readonly LevelSpec[]
  /** Real milliseconds until a change reaches a reader that is online; 0 applies it before the answer is sent. */
  deviceDelayMs?: number
  /** Minutes the server's local zone is ahead of UTC; events carry it in `server_datetime` behind a false Z. */
  serverOffsetMinutes?: number
  /** Freezes the clock at this moment (milliseconds since 1970 UTC). */
  nowMs?: number
  quirks?: Partial<Quirks>
  /** How long an unused connection stays open; the vendor's sample headers say `Keep-Alive: timeout=5`. */
  keepAliveMs?: number
  /** How many requests the record keeps; older ones are dropped and counted. */
  requestsKept?: number
}

export type SettledOptions = Required<Omit<SimulatorOptions, 'quirks' | 'nowMs' | 'password'>> & {
  quirks: Quirks
  nowMs: number | null
  password: string | null
}

const defaultQuirks: Quirks = {
  emptyLists: 'array',
  ignoreUserOffset: false,
  ignoreEventOffset: false,
  userPageMax: null,
  expiredSessionCode: '10',
  lockout: null,
  loginRefusal: null,
  bulkCreateRows: 'first',
  cardQuery: 'exact',
  takenCards: 'refused',
  nameSpecials: '-_.,()@#&/+:',
  userIdMax: 4_294_967_294,
  validityYearsMax: 30,
  userGroupRights: 'tree',
  doubleDeviceRows: false,
  settingKey: 'Setting',
  certificateNames: ['localhost', '127.0.0.1', '::1'],
}

const defaultLevels: readonly LevelSpec[] = [
  { name: 'Main Entrance', doors: ['Front Door', 'Back Door'] },
  { name: 'Server Room', doors: ['Server Room'] },
  { name: 'Warehouse', doors: ['Loading Dock'] },
]

export function settleOptions(options: SimulatorOptions): SettledOptions {
  return {
    port: options.port ?? 0,
    sideDoorPort: options.sideDoorPort ?? 0,
    product: options.product ?? 'biostar2',
    username: options.username ?? 'admin',
    password: options.password ?? null,
    latency: options.latency ?? { medianMs: 40, p99Ms: 200 },
    concurrency: options.concurrency ?? 8,
    seed: options.seed ?? 1,
    levels: options.levels ?? defaultLevels,
    deviceDelayMs: options.deviceDelayMs ?? 200,
    serverOffsetMinutes: options.serverOffsetMinutes ?? 60,
    nowMs: options.nowMs ?? null,
    quirks: { ...defaultQuirks, ...options.quirks },
    keepAliveMs: options.keepAliveMs ?? 5000,
    requestsKept: options.requestsKept ?? 200_000,
  }
}
