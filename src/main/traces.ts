/** Opens the way to the collector that the configuration names: over the egress guard, like every other way out. */
import type { Config } from '../../config/config.ts'
import { openEgress } from '../connector/egress/egress.ts'
import type { Log } from '../telemetry/log.ts'
import { type OpenTraces, openTraces } from '../telemetry/open-traces.ts'
import { noTraces } from '../telemetry/traces.ts'
import { GatewayError } from './gateway-error.ts'

const limits = { concurrency: 2, requestsPerSecond: 20, requestTimeoutMs: 5_000, responseBytesMax: 64 * 1024 }
/** What goes wrong is said so often at most. */
const quietMs = 60_000

export function openConfiguredTraces(traces: Config['traces'], version: string, log: Log): OpenTraces {
  if (traces === null) return { traces: noTraces, close: () => Promise.resolve() }
  const { endpoint, headers, ca, bulkShare } = traces
  const url = new URL(endpoint)
  const path = url.pathname === '/' ? '/v1/traces' : url.pathname
  const egress = openEgress({ origin: url.origin, ...(ca === null ? {} : { ca }), ...limits })
  let quietUntil = 0
  const opened = openTraces({
    version,
    bulkShare,
    async send(body) {
      const request = {
        method: 'POST',
        path,
        headers: { ...headers, 'content-type': 'application/json' },
        body,
      } as const
      const { status } = await egress.http.request(request, AbortSignal.timeout(limits.requestTimeoutMs * 2))
      if (status < 200 || status > 299)
        throw new GatewayError('traces.refused', `the collector of traces answered with status ${status}`)
    },
    onDropped(code) {
      if (performance.now() < quietUntil) return
      quietUntil = performance.now() + quietMs
      log.warn({ event: 'traces.dropped', code }, 'traces')
    },
  })
  return {
    traces: opened.traces,
    async close() {
      await opened.close()
      await egress.close()
    },
  }
}
