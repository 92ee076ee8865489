/** A collector of traces as OpenTelemetry describes it, that keeps every byte that it was sent. */
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

const value = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ intValue: z.union([z.string(), z.number()]).transform(Number) }),
  z.strictObject({ doubleValue: z.number() }),
  z.strictObject({ boolValue: z.boolean() }),
])
const attributes = z
  .array(z.strictObject({ key: z.string(), value }))
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]])))

const spanOf = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
  attributes,
  events: z.array(z.unknown()).max(0),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
  status: z.object({ code: z.int(), message: z.never().optional() }),
})
export type CollectedSpan = z.output<typeof spanOf>

/** `ExportTraceServiceRequest` in JSON. */
const request = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(spanOf) })),
    }),
  ),
})

export interface Collector extends AsyncDisposable {
  readonly url: string
  /** Headers and bodies, as they came. */
  readonly received: readonly {
    readonly path: string
    readonly headers: NodeJS.Dict<string | string[]>
    readonly body: string
  }[]
  /** What it answers from now on. */
  answer(status: number): void
  spans(): CollectedSpan[]
}

export async function startCollector(): Promise<Collector> {
  const received: { path: string; headers: NodeJS.Dict<string | string[]>; body: string }[] = []
  let status = 200
  const server = createServer((incoming, response) => {
    void text(incoming).then((body) => {
      received.push({ path: incoming.url ?? '', headers: incoming.headers, body })
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the collector has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    answer: (given) => {
      status = given
    },
    spans: () =>
      received.flatMap(({ body }) =>
        request
          .parse(JSON.parse(body))
          .resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
