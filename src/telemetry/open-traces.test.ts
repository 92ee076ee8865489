import { afterEach, describe, expect, test } from 'vitest'
import { ConnectorError } from '../connector/errors.ts'
import { openTraces, type TraceOptions } from './open-traces.ts'
import { allowedAttributes, errorType, type SpanAttributes } from './span-attributes.ts'
import { noTraces } from './traces.ts'

interface Sent {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: readonly { readonly key: string; readonly value: object }[]
  readonly links: readonly { readonly spanId: string }[]
  readonly status: { readonly code: number; readonly message?: string }
}

const closing: (() => Promise<void>)[] = []
afterEach(() => Promise.all(closing.splice(0).map((close) => close())))

function open(options: Partial<TraceOptions> = {}) {
  const bodies: string[] = []
  const dropped: string[] = []
  const { traces, close } = openTraces({
    version: '1.2.3',
    bulkShare: 1,
    send: async (body) => void bodies.push(body),
    onDropped: (code) => dropped.push(code),
    ...options,
  })
  closing.push(close)
  const spans = async (): Promise<Sent[]> => {
    await close()
    return bodies.flatMap((body) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans as Sent[])
  }
  return { traces, spans, bodies, dropped, close }
}

describe('spans', () => {
  test('lie in each other as their work does, also where it runs side by side', async () => {
    const { traces, spans, bodies } = open()
    await traces.span('pull', { source: 'hr' }, async (span) => {
      await Promise.all(
        [1, 2].map((records) =>
          traces.span('pull.page', { records }, async () => {
            await new Promise((resolve) => setTimeout(resolve, 5))
            traces.note('plan', { outcome: 'held' }, { begunAt: new Date() })
          }),
        ),
      )
      span.set({ outcome: 'taken', records: 3 })
    })
    const all = await spans()
    const [pull] = all.filter(({ name }) => name === 'pull') as [Sent]
    const pages = all.filter(({ name }) => name === 'pull.page')
    expect(new Set(all.map(({ traceId }) => traceId)).size).toBe(1)
    expect(pages.map(({ parentSpanId }) => parentSpanId)).toEqual([pull.spanId, pull.spanId])
    expect(
      all
        .filter(({ name }) => name === 'plan')
        .map(({ parentSpanId }) => parentSpanId)
        .sort(),
    ).toEqual(pages.map(({ spanId }) => spanId).sort())
    expect(pull.attributes).toContainEqual({ key: 'gatehouse.outcome', value: { stringValue: 'taken' } })
    expect(bodies[0]).toContain('"service.version"')
  })

  test('of another process are joined by their reference; what is no reference begins a trace of its own', async () => {
    const { traces, spans } = open()
    let ref: string | null = null
    await traces.span('pull', {}, async () => {
      ref = traces.here()
    })
    expect(traces.here()).toBeNull()
    expect(ref).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    await traces.span('account.run', {}, async () => undefined, { from: ref, links: ['nonsense', String(ref)] })
    await traces.span('claim', {}, async () => undefined, { from: "00-'; drop table lockout" })
    const [pull, run, claim] = (await spans()) as [Sent, Sent, Sent]
    expect([run.traceId, run.parentSpanId]).toEqual([pull.traceId, pull.spanId])
    expect(run.links.map(({ spanId }) => spanId)).toEqual([pull.spanId])
    expect(claim.parentSpanId).toBeUndefined()
  })

  test('of bulk work are traced by their share, with all that they lead to or with nothing of it', async () => {
    const { traces, spans } = open({ bulkShare: 0 })
    await traces.span(
      'wake-up',
      {},
      async () => {
        expect(traces.here()).toBeNull()
        await traces.span('request', {}, async () => undefined)
        traces.note('settle', {}, { begunAt: new Date(), from: null })
      },
      { bulk: true },
    )
    expect((await spans()).map(({ name }) => name)).toEqual(['settle'])
  })

  test('that fail pass the failure on, and tell its code without its words', async () => {
    const { traces, spans, bodies } = open()
    const failure = new ConnectorError({ kind: 'transient', code: 'http.timeout', hint: 'Planted' })
    await expect(traces.span('request', {}, () => Promise.reject(failure))).rejects.toBe(failure)
    await expect(traces.span('request', {}, () => Promise.reject(new Error('Planted')))).rejects.toThrow('Planted')
    const all = await spans()
    expect(all.map(({ status }) => status)).toEqual([{ code: 2 }, { code: 2 }])
    expect(all.map(({ attributes }) => attributes)).toEqual(
      ['http.timeout', 'unforeseen'].map((code) => [{ key: 'error.type', value: { stringValue: code } }]),
    )
    expect(bodies.join()).not.toContain('Planted')
  })

  test('that can not be sent are dropped, and the code of that is told', async () => {
    const failure = Object.assign(new Error('Planted'), { code: 'traces.refused' })
    const { traces, close, dropped } = open({ send: () => Promise.reject(failure) })
    traces.note('claim', {}, { begunAt: new Date() })
    await close()
    expect(dropped).toEqual(['traces.refused'])
  })

  test('are given up at the end when the collector does not answer', { timeout: 10_000 }, async () => {
    const { traces, close } = open({ send: () => new Promise(() => undefined) })
    traces.note('claim', {}, { begunAt: new Date() })
    const begun = performance.now()
    await close()
    expect(performance.now() - begun).toBeLessThan(4_000)
  })
})

describe('attributes', () => {
  test('that are not on the list, or of another shape, are dropped', () => {
    const sneaky = {
      target: 'hq',
      name: 'Zelda Samplewoman',
      constructor: 'x',
      source: 'HR of Zelda',
      outcome: 'Zelda',
      cause: '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01',
      proof: 'a0b0f3a9-e6a3-4f0c',
      change: 'employee-10017',
      route: '/api/users/10017',
      method: 'get /api/users/10017',
      records: '17',
      people: Number.NaN,
      isRetried: 'no',
      error: { message: 'Zelda' },
    }
    expect(allowedAttributes(sneaky as unknown as SpanAttributes)).toEqual({ 'gatehouse.target': 'hq' })
  })

  test('are what the table says', () => {
    expect(
      allowedAttributes({
        route: '/api/v2/users/:id',
        error: 'http.timeout',
        proof: 'read-back',
        isRetried: true,
        source: null,
      }),
    ).toEqual({
      ...{ 'url.template': '/api/v2/users/:id', 'error.type': 'http.timeout' },
      ...{ 'gatehouse.proof': 'read-back', 'gatehouse.retried': true },
    })
  })

  test('a wrong one does not compile', () => {
    // @ts-expect-error: not on the list
    const name: SpanAttributes = { name: 'Zelda' }
    // @ts-expect-error: another kind of value
    const records: SpanAttributes = { records: '17' }
    expect(allowedAttributes({ ...name, ...records })).toEqual({})
  })

  test('a code of somebody else is not told', () => {
    expect(errorType(Object.assign(new Error(), { code: 'ECONNREFUSED' }))).toBe('unforeseen')
    expect(errorType('queue.store-failed')).toBe('unforeseen')
    expect(errorType(Object.assign(new Error(), { code: 'queue.store-failed' }))).toBe('queue.store-failed')
  })
})

test('without a collector nothing is traced, and work goes on', async () => {
  expect(noTraces.here()).toBeNull()
  noTraces.note('claim', {}, { begunAt: new Date() })
  expect(
    await noTraces.span('pull', {}, async (span) => {
      span.set({ records: 1 })
      return 7
    }),
  ).toBe(7)
})
