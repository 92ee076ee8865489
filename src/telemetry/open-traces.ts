/** Traces by OpenTelemetry: spans in batches, as OTLP in JSON, over whatever way out they are handed. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type * as otel from '@opentelemetry/api'
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOnSampler, BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { allowedAttributes, errorType, type SpanAttributes } from './span-attributes.ts'
import type { Span, SpanName, SpanOptions, SpanRef, Traces } from './traces.ts'

export interface TraceOptions {
  readonly version: string
  /** Of bulk work, the share that is traced: 0 to 1. */
  readonly bulkShare: number
  /** Sends one OTLP request in JSON. @throws whatever goes wrong: the spans are dropped. */
  readonly send: (body: string) => Promise<void>
  /** Spans were dropped, and why by code. */
  readonly onDropped: (code: string) => void
}

export interface OpenTraces {
  readonly traces: Traces
  /** Sends what waits, for two seconds at most. */
  close(): Promise<void>
}

/** Spans wait in memory for a second; what is more than the queue holds is dropped, so that a slow collector slows nothing down. */
const batch = { scheduledDelayMillis: 1_000, maxQueueSize: 8_192, maxExportBatchSize: 512, exportTimeoutMillis: 10_000 }
const closeMs = 2_000

export function openTraces({ version, bulkShare, send, onDropped }: TraceOptions): OpenTraces {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'gatehouse',
      'service.version': version,
      'service.instance.id': randomUUID(),
    }),
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor({ exporter: exporterOf(send, onDropped), ...batch })],
  })
  return {
    traces: new OpenTelemetryTraces(provider.getTracer('gatehouse', version), bulkShare),
    async close() {
      const limit = new Promise<void>((resolve) => setTimeout(resolve, closeMs).unref())
      await Promise.race([provider.shutdown(), limit])
    },
  }
}

function exporterOf(send: TraceOptions['send'], onDropped: TraceOptions['onDropped']): SpanExporter {
  return {
    export(spans, done) {
      const body = JsonTraceSerializer.serializeRequest(spans)
      const sent = body === undefined ? Promise.resolve() : send(new TextDecoder().decode(body))
      sent.then(
        () => done({ code: 0 }),
        (error: unknown) => {
          onDropped(errorType(error))
          // Told already, by its code: the library would write its words to the console.
          done({ code: 0 })
        },
      )
    },
    shutdown: () => Promise.resolve(),
  }
}

class OpenTelemetryTraces implements Traces {
  readonly on = true
  readonly #tracer: otel.Tracer
  readonly #bulkShare: number
  /** Null where what is done is not traced, whatever it leads to. */
  readonly #current = new AsyncLocalStorage<otel.Span | null>()

  constructor(tracer: otel.Tracer, bulkShare: number) {
    this.#tracer = tracer
    this.#bulkShare = bulkShare
  }

  async span<T>(
    name: SpanName,
    attributes: SpanAttributes,
    work: (span: Span) => Promise<T>,
    options: SpanOptions = {},
  ): Promise<T> {
    const span = this.#start(name, attributes, options)
    return this.#current.run(span, async () => {
      try {
        return await work({ set: (more) => void span?.setAttributes(allowedAttributes(more)) })
      } catch (thrown) {
        span?.setAttributes(allowedAttributes({ error: errorType(thrown) })).setStatus({ code: SpanStatusCode.ERROR })
        throw thrown
      } finally {
        span?.end()
      }
    })
  }

  note(
    name: SpanName,
    attributes: SpanAttributes,
    options: SpanOptions & { readonly begunAt: Date; readonly endedAt?: Date },
  ): void {
    this.#start(name, attributes, options)?.end(options.endedAt ?? new Date())
  }

  here(): SpanRef | null {
    const context = this.#current.getStore()?.spanContext()
    return context === undefined ? null : `00-${context.traceId}-${context.spanId}-01`
  }

  #start(name: SpanName, attributes: SpanAttributes, options: SpanOptions): otel.Span | null {
    const within = this.#current.getStore()
    const isTraced =
      options.bulk === true ? Math.random() < this.#bulkShare : within !== null || options.from !== undefined
    if (!isTraced) return null
    return this.#tracer.startSpan(
      name,
      {
        attributes: allowedAttributes(attributes),
        ...(options.begunAt === undefined ? {} : { startTime: options.begunAt }),
        links: (options.links ?? []).flatMap((ref): Link[] => {
          const context = contextOf(ref)
          return context === null ? [] : [{ context }]
        }),
      },
      parentOf(within ?? null, options.from),
    )
  }
}

function parentOf(within: otel.Span | null, from: SpanRef | null | undefined): Context {
  if (from === undefined) return within === null ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, within)
  const context = from === null ? null : contextOf(from)
  return context === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, context)
}

/** Null for what is no reference: some come from the database, where anybody may have written them. */
function contextOf(ref: SpanRef): SpanContext | null {
  const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(ref) ?? []
  if (traceId === undefined || spanId === undefined) return null
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true }
}
