/** What a simulator is started with, and what it takes when it is not told. */
import type { Latency } from '../../simulator-parts/gate.ts'
import { defaultQuirks, type Quirks } from './quirks.ts'
import type { Snapshot } from './snapshots.ts'

export interface SimulatorOptions {
  /** Port of the service on 127.0.0.1; 0 takes a free one. */
  port?: number
  /** Port of the plain HTTP control API on 127.0.0.1; 0 takes a free one. */
  sideDoorPort?: number
  /** Which version of the interface the server has. */
  snapshot?: Snapshot
  username?: string
  /** Password of the system user; a random one when absent. */
  password?: string
  latency?: Latency
  /** Requests served at the same time; the others wait in the order they came. */
  concurrency?: number
  seed?: number
  /** IANA name of the server's time zone. */
  zone?: string
  /** Freezes the clock at this moment (milliseconds since 1970 UTC). */
  nowMs?: number
  /** Templates for door rights and the entrances each opens; three made-up ones when absent. */
  templates?: readonly TemplateSpec[]
  quirks?: Partial<Quirks>
  /** How long an unused connection stays open. */
  keepAliveMs?: number
  /** How many requests the record keeps; older ones are dropped and counted. */
  requestsKept?: number
  /** Keeps the text of this many requests beside the record, for tests of what a client wrote. */
  messagesKept?: number
}

export interface TemplateSpec {
  name: string
  entrances: readonly string[]
}

export type SettledOptions = Required<Omit<SimulatorOptions, 'quirks' | 'nowMs' | 'password'>> & {
  quirks: Quirks
  nowMs: number | null
  password: string | null
}

const defaultTemplates: readonly TemplateSpec[] = [
  { name: 'Main Entrance', entrances: ['Front Door', 'Back Door'] },
  { name: 'Server Room', entrances: ['Server Room'] },
  { name: 'Warehouse', entrances: ['Loading Dock'] },
]

export function settleOptions(options: SimulatorOptions): SettledOptions {
  return {
    port: options.port ?? 0,
    sideDoorPort: options.sideDoorPort ?? 0,
    snapshot: options.snapshot ?? '2024-08',
    username: options.username ?? 'gateway',
    password: options.password ?? null,
    latency: options.latency ?? { medianMs: 40, p99Ms: 200 },
    concurrency: options.concurrency ?? 8,
    seed: options.seed ?? 1,
    zone: options.zone ?? 'Europe/Amsterdam',
    nowMs: options.nowMs ?? null,
    templates: options.templates ?? defaultTemplates,
    quirks: { ...defaultQuirks, ...options.quirks },
    keepAliveMs: options.keepAliveMs ?? 5000,
    requestsKept: options.requestsKept ?? 200_000,
    messagesKept: options.messagesKept ?? 0,
  }
}
