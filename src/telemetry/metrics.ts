/** The gateway's figures for Prometheus: counts and times by target, source and code, nothing about a person. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** One finished request, as the API reports it. */
export interface ServedRequest {
  readonly method: string
  /** The pattern, such as `/v1/plans/{id}`, never the path. */
  readonly route: string
  readonly status: number
  readonly tookMs: number
}

export interface Metrics {
  /** From the first sign of a leaver until the lock-out is proven, in seconds. `proof`: accepted, read-back, at-reader. */
  readonly lockoutSeconds: Histogram<'target' | 'proof' | 'cause'>
  /** Of that time, what was not spent waiting for the door system: Gatehouse's own share. */
  readonly lockoutOwnSeconds: Histogram<'target'>
  /** Accounts that wait to be written. `lane`: urgent or bulk. */
  readonly workWaiting: Gauge<'target' | 'lane'>
  readonly pullRecords: Counter<'source' | 'outcome'>
  readonly applied: Counter<'target' | 'outcome'>
  readonly plansHeld: Gauge
  /** Open alarms. */
  readonly alarms: Gauge<'code'>
  observeRequest(request: ServedRequest): void
  /** The Prometheus text format, version 0.0.4. */
  text(): Promise<string>
}

// Around the promise of one second: fine below it, coarse up to an hour.
const lockoutBuckets = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5, 10, 30, 60, 300, 900, 3_600]
const ownBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 60]
const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

/** Figures of this process, in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'gatehouse_http_requests_total',
    help: 'HTTP requests answered.',
    labelNames: ['method', 'route', 'status'] as const,
    registers,
  })
  const requestSeconds = new Histogram({
    name: 'gatehouse_http_request_seconds',
    help: 'Time to answer an HTTP request.',
    labelNames: ['method', 'route'] as const,
    buckets: requestBuckets,
    registers,
  })
  return {
    lockoutSeconds: new Histogram({
      name: 'gatehouse_lockout_seconds',
      help: 'Time from the first sign of a leaver to the proven lock-out.',
      labelNames: ['target', 'proof', 'cause'] as const,
      buckets: lockoutBuckets,
      registers,
    }),
    lockoutOwnSeconds: new Histogram({
      name: 'gatehouse_lockout_own_seconds',
      help: 'Of the time to a proven lock-out, what was not spent waiting for the door system.',
      labelNames: ['target'] as const,
      buckets: ownBuckets,
      registers,
    }),
    workWaiting: new Gauge({
      name: 'gatehouse_work_waiting',
      help: 'Accounts that wait to be written.',
      labelNames: ['target', 'lane'] as const,
      registers,
    }),
    pullRecords: new Counter({
      name: 'gatehouse_pull_records_total',
      help: 'Source records read.',
      labelNames: ['source', 'outcome'] as const,
      registers,
    }),
    applied: new Counter({
      name: 'gatehouse_applied_total',
      help: 'Accounts brought to a target.',
      labelNames: ['target', 'outcome'] as const,
      registers,
    }),
    plansHeld: new Gauge({ name: 'gatehouse_plans_held', help: 'Plans that wait for release.', registers }),
    alarms: new Gauge({
      name: 'gatehouse_alarms',
      help: 'Open alarms.',
      labelNames: ['code'] as const,
      registers,
    }),
    observeRequest({ method, route, status, tookMs }) {
      requests.inc({ method, route, status: String(status) })
      requestSeconds.observe({ method, route }, tookMs / 1_000)
    },
    text: () => registry.metrics(),
  }
}
