/** A connector without a gateway around it: the same way out, and no limit of ours to its rate. */
import type { Connection } from '../src/connector/contract.ts'
import { openEgress } from '../src/connector/egress/egress.ts'
import { connectors, type SimulatorFacts, settingsFor } from './door-systems.ts'

export async function connectTo(
  facts: SimulatorFacts,
  concurrency: number,
  signal: AbortSignal,
): Promise<Connection<'accounts' | 'events'>> {
  const connector = connectors[facts.kind]
  const settings = connector.settings.parse(settingsFor(facts, facts.password)) as never
  const address = connector.address(settings)
  if (address === null) throw new Error('a door system has an address')
  const { requestTimeoutMs } = connector.limits
  const egress = openEgress({ ...address, concurrency, requestsPerSecond: 1_000_000, requestTimeoutMs })
  return connector.connect(settings, { http: egress.http, log: () => undefined, now: () => new Date() }, signal)
}
