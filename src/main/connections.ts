/** Connects what the configuration names: sources, targets and receivers of events, each behind the egress guard. */
import type { Config } from '../../config/config.ts'
import {
  type ConnectorFor,
  connectors,
  sinkConnectors,
  sourceConnectors,
  targetConnectors,
} from '../../connectors/index.ts'
import type {
  Connection,
  Connector,
  ContextOf,
  EventsCapability,
  SinkContext,
  TemplateDigests,
} from '../connector/contract.ts'
import { type Egress, type EgressOptions, openEgress } from '../connector/egress/egress.ts'
import { noCalls } from '../connector/http.ts'
import type { Sealer } from '../connector/sealer.ts'
import type { FeedName } from '../model/events/reveal.ts'
import type { Log } from '../telemetry/log.ts'
import type { Traces } from '../telemetry/traces.ts'
import type { Vault } from '../vault/vault.ts'
import { templateDigester } from './template-digests.ts'

/** What a connector without a network is handed. */
const noNetwork: Egress = {
  http: noCalls,
  wires: {
    open: () => Promise.reject(new Error('this connector has no network')),
  },
  close: () => Promise.resolve(),
}

type Use = 'people' | 'accounts' | 'sink'

const noSealer: Sealer = {
  seal: () => {
    throw new Error('nothing is sealed for this connection')
  },
  open: () => {
    throw new Error('nothing is opened for this connection')
  },
}

export interface Connected<C extends Use> {
  /** What else it offers is asked for where it is used. */
  readonly connection: Connection<C> & { readonly events?: EventsCapability }
  /** How long the system may still carry out a write after we stopped waiting for its answer, in ms. */
  readonly lateWriteMs: number
  close(): Promise<void>
}

export async function connectSource(
  config: Config,
  id: string,
  { log, traces }: { readonly log: Log; readonly traces: Traces },
  signal: AbortSignal,
): Promise<Connected<'people'>> {
  const source = config.sources[id]
  const connector = sourceConnectors.find((each) => each.id === source?.connector)
  if (source === undefined || connector === undefined) throw new Error(`source ${id} has no connector`)
  return connected(connector, source, { id, role: 'source', log, traces, network: true }, signal)
}

/** With `network` false it is not asked for anything: for what nobody released yet. `vault`: makes digests of templates where the configuration says so; null: none are made. */
export async function connectTarget(
  config: Config,
  id: string,
  { log, traces, vault }: { readonly log: Log; readonly traces: Traces; readonly vault: Vault | null },
  signal: AbortSignal,
  network = true,
): Promise<Connected<'accounts'>> {
  const target = config.targets[id]
  const connector = targetConnectors.find((each) => each.id === target?.connector)
  if (target === undefined || connector === undefined) throw new Error(`target ${id} has no connector`)
  const isDigested = vault !== null && target.guard.templateDigests !== null
  const digests = isDigested ? { templateDigests: templateDigester(vault, id) } : {}
  return connected(connector, target, { id, role: 'target', log, traces, network, ...digests }, signal)
}

export interface ConnectedSink extends Connected<'sink'> {
  /** One delivery may take so long: a request, and the wait for its turn. */
  readonly callLimitMs: number
}

const callGraceMs = 20_000

/** The receiver of a subscription. `sealer`: for what it keeps in files; null where nothing will be delivered to it. */
export async function connectSink(
  config: Config,
  id: string,
  { log, traces, sealer }: { readonly log: Log; readonly traces: Traces; readonly sealer: Sealer | null },
  signal: AbortSignal,
): Promise<ConnectedSink> {
  const subscription = config.subscriptions[id]
  const connector = sinkConnectors.find((each) => each.id === subscription?.connector)
  if (subscription === undefined || connector === undefined) throw new Error(`subscription ${id} has no connector`)
  const { feed } = subscription
  const way: Way = {
    id,
    role: 'subscription',
    feed,
    log,
    traces,
    network: true,
    ...(sealer === null ? {} : { sealer }),
  }
  const made = await connected(connector, subscription, way, signal)
  return { ...made, callLimitMs: connector.limits.requestTimeoutMs + callGraceMs }
}

interface Way {
  readonly id: string
  readonly role: 'source' | 'target' | 'subscription'
  readonly log: Log
  readonly traces: Traces
  readonly network: boolean
  readonly sealer?: Sealer
  readonly feed?: FeedName
  readonly templateDigests?: TemplateDigests
}

async function connected<C extends Use>(
  connector: ConnectorFor<C>,
  system: System,
  { id, role, log, traces, network, sealer = noSealer, feed = 'events', ...digests }: Way,
  signal: AbortSignal,
): Promise<Connected<C>> {
  const settings = connector.settings.parse(system.settings)
  const egress = network ? egressOf(connector, settings, system, { traces, target: id }) : noNetwork
  const { http, wires } = egress
  const context: SinkContext = {
    ...{ http, wires, sealer, feed, log: connectorLog(log, id, role), now: () => new Date() },
    ...digests,
  }
  // Of all contexts it has the most: TypeScript doesn't see it through the type that depends on C.
  const connection = await connector.connect(settings, context as ContextOf<C>, signal)
  return {
    connection,
    lateWriteMs: lateWriteMs(connector),
    async close() {
      await connection.close()
      await egress.close()
    },
  }
}

type System = Pick<Config['targets'][string], 'settings' | 'concurrency' | 'requestsPerSecond'>

/** What the connector knows of its system; else a system that gives up as soon as we do is covered by twice our time-out. */
function lateWriteMs({ limits }: { readonly limits: Connector<never, never>['limits'] }): number {
  return limits.lateWriteMs ?? limits.requestTimeoutMs * 2
}

function egressOf<S>(
  connector: Pick<Connector<never, never>, 'limits'> & {
    address(settings: S): ReturnType<Connector<never, never>['address']>
  },
  settings: S,
  system: System,
  traced: NonNullable<EgressOptions['traced']>,
): Egress {
  const address = connector.address(settings)
  if (address === null) return noNetwork
  return openEgress({
    ...address,
    concurrency: system.concurrency,
    requestsPerSecond: system.requestsPerSecond,
    requestTimeoutMs: connector.limits.requestTimeoutMs,
    traced,
  })
}

function connectorLog(log: Log, id: string, role: Way['role']): SinkContext['log'] {
  return (level, event, fields) => {
    const { code, count } = (fields ?? {}) as Record<string, string | number | undefined>
    log[level](
      { event, [role]: id, ...(code === undefined ? {} : { code }), ...(count === undefined ? {} : { count }) },
      'connector',
    )
  }
}

/** For the configuration: what can be read without connecting. */
export const configurable = connectors
