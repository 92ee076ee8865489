/** The two simulated door systems of the benchmarks: how each is started and filled, and how a gateway or a bare loop reaches it. */
import aeos from '../connectors/aeos/index.ts'
import { type AeosSimulator, startAeosSimulator } from '../connectors/aeos/simulator/index.ts'
import biostar2 from '../connectors/biostar2/index.ts'
import {
  type BiostarSimulator,
  type SimulatorOptions,
  startBiostarSimulator,
} from '../connectors/biostar2/simulator/index.ts'
import { doorSystem } from '../demo/workforce/gateway-config.ts'
import { type Passages, passagesAt } from './passages.ts'

export type DoorSystem = 'biostar2' | 'aeos'
export const connectors = { biostar2, aeos } as const

/** What others need to know of a running simulator. */
export interface SimulatorFacts {
  readonly kind: DoorSystem
  readonly url: string
  readonly ca: string
  readonly fingerprint256: string
  readonly username: string
  readonly password: string
}

export interface SimulatorRequest {
  readonly kind: DoorSystem
  /** Groups or templates, and the doors that each opens. */
  readonly levels: readonly { readonly name: string; readonly doors: readonly string[] }[]
  readonly latency: NonNullable<SimulatorOptions['latency']>
}

export interface RunningSimulator {
  readonly facts: SimulatorFacts
  setLatency(latency: SimulatorRequest['latency']): void
  /** Makes so many people who were always there, each with a card and two levels, and tells their accounts. */
  plant(count: number): readonly string[]
  /** Ids of the levels, as a connector names them. */
  levels(): readonly string[]
  /** Null where the events of this system are not measured. */
  passages(): Promise<Passages> | null
  close(): Promise<void>
}

export function startSimulator(request: SimulatorRequest): Promise<RunningSimulator> {
  return request.kind === 'aeos' ? startAeos(request) : startBiostar(request)
}

async function startBiostar({ levels, latency }: SimulatorRequest): Promise<RunningSimulator> {
  const simulator: BiostarSimulator = await startBiostarSimulator({ levels, latency, seed: 1 })
  // Else each reader would write down each person that it is told of: more than whoever passes it.
  simulator.changeSettings({ use_alphanumeric: true, device_event_log_skip_enroll_success_user: true })
  const { url, ca, fingerprint256, username, password } = simulator
  return {
    facts: { kind: 'biostar2', url, ca, fingerprint256, username, password },
    setLatency: (wanted) => simulator.setLatency(wanted),
    plant(count) {
      const users = Array.from({ length: count }, (_, n) => ({
        ...{ id: idOf(n), name: nameOf(n), accessGroups: levelsOf(n, levels) },
        cards: [{ number: String(cardOf(n)), wiegandFormat: 0 }],
      }))
      simulator.seed({ users })
      return users.map(({ id }) => id)
    },
    levels: () => simulator.state.groups().map(({ id }) => String(id)),
    passages: () => passagesAt(simulator, levels),
    close: () => simulator.close(),
  }
}

async function startAeos({ levels, latency }: SimulatorRequest): Promise<RunningSimulator> {
  const templates = levels.map(({ name, doors }) => ({ name, entrances: doors }))
  const simulator: AeosSimulator = await startAeosSimulator({ templates, latency, seed: 1 })
  const { ca, fingerprint256, username, password } = simulator
  return {
    facts: { kind: 'aeos', url: new URL(simulator.url).origin, ca, fingerprint256, username, password },
    setLatency: (wanted) => simulator.setLatency(wanted),
    plant(count) {
      const carriers = Array.from({ length: count }, (_, n) => ({
        ...{ personnelNo: idOf(n), lastName: nameOf(n), templates: levelsOf(n, levels) },
        badges: [{ type: decimalType, number: String(cardOf(n)) }],
      }))
      simulator.seed({ carriers })
      return carriers.map(({ personnelNo }) => personnelNo)
    },
    levels: () => simulator.state.templates().map(({ id }) => String(id)),
    passages: () => null,
    close: () => simulator.close(),
  }
}

const idOf = (n: number): string => String(1_000_001 + n)
const nameOf = (n: number): string => `Placeholder ${n}`
/** Facility 20 and up, and a number, joined. */
const cardOf = (n: number): number => 20 * 65_536 + 1 + n
const levelsOf = (n: number, levels: SimulatorRequest['levels']): string[] => {
  const [everybody, ...others] = levels.map(({ name }) => name)
  return [everybody, others[n % others.length]].flatMap((name) => name ?? [])
}

/** Of the simulator's site: numbers without a format of their own. */
const decimalType = '1'

/** The settings of a target, with its password as a gateway's file refers to it, or as it is. */
export function settingsFor(facts: SimulatorFacts, password?: string): object {
  const { kind, url, fingerprint256, username } = facts
  const biostar = doorSystem(facts)
  if (kind === 'biostar2') return password === undefined ? biostar : { ...biostar, password }
  return {
    ...{ url, fingerprint256, username, password: password ?? biostar.password, server_zone: 'Europe/Amsterdam' },
    block_reasons: { carrier: '11', token: '12' },
    identifier_types: [{ id: decimalType, format: 'H10301' }],
  }
}
