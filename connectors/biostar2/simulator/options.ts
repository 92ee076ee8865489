/** What a simulator is started with, and what it takes when it is not told. */
import type { Latency } from '../../simulator-parts/gate.ts'
import { defaultQuirks, type Quirks } from './quirks.ts'

/** One access group and the doors it opens. Every door gets a reader of its own. */
export interface LevelSpec {
  name: string
  doors: readonly string[]
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
