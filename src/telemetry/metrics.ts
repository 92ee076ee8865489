/** The gateway's figures for Prometheus: counts and times by target, source and code, nothing about a person. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type Figures, figures } from './figures.ts'

/** One finished request, as the API reports it. */
export interface ServedRequest {
  readonly method: string
  /** The pattern, such as `/v1/plans/{id}`, never the path. */
  readonly route: string
  readonly status: number
  readonly tookMs: number
}

interface Instruments<Label extends string> {
  readonly counter: Counter<Label>
  readonly gauge: Gauge<Label>
  readonly histogram: Histogram<Label>
}

/** One instrument for each figure. */
export type Metrics = {
  readonly [Name in keyof Figures]: Instruments<Figures[Name]['labels'][number]>[Figures[Name]['type']]
} & {
  observeRequest(request: ServedRequest): void
  /** The Prometheus text format, version 0.0.4. */
  text(): Promise<string>
}

/** Figures of this process, in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const made = Object.fromEntries(
    Object.entries(figures).map(([key, figure]) => {
      const options = { name: figure.name, help: figure.help, labelNames: [...figure.labels], registers: [registry] }
      if (figure.type === 'histogram') return [key, new Histogram({ ...options, buckets: [...figure.buckets] })]
      return [key, figure.type === 'counter' ? new Counter(options) : new Gauge(options)]
    }),
  ) as Omit<Metrics, 'observeRequest' | 'text'>
  return {
    ...made,
    observeRequest({ method, route, status, tookMs }) {
      made.requests.inc({ method, route, status: String(status) })
      made.requestSeconds.observe({ method, route }, tookMs / 1_000)
    },
    text: () => registry.metrics(),
  }
}
