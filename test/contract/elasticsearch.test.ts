/** Elasticsearch and OpenSearch keep the contract of sinks, and get no event where strangers could read it. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import elasticsearch from '../../connectors/elasticsearch/index.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import type { ConnectorFailure } from '../../src/connector/errors.ts'
import { type Elasticsearch, startElasticsearch } from '../support/receivers/elasticsearch/index.ts'
import { batchOf, outgoing, plainSealer, sinkContract } from './sink.ts'
import type { SinkReceiver } from './sink-subject.ts'

const never = new AbortController().signal
const stream = 'logs-gatehouse.events-default'
const template = `gatehouse-${stream}`
const products = ['elasticsearch-8', 'elasticsearch-9', 'opensearch'] as const
type Product = (typeof products)[number]

// Elasticsearch 8 differs from 9 in nothing that a writer notices; the tests below are of all three.
for (const product of ['elasticsearch-9', 'opensearch'] as const) {
  sinkContract({
    name: product,
    connector: elasticsearch,
    start: () => startReceiver(product),
    impossible: { gone: 'no cluster ever says that' },
    once: true,
  })
}

/** OpenSearch has no API keys. */
function loginOf({ apiKey, username, password }: Elasticsearch, product: Product): object {
  return product === 'opensearch' ? { username, password } : { api_key: apiKey }
}

async function startReceiver(product: Product): Promise<SinkReceiver> {
  const cluster = await startElasticsearch({ product })
  const { faults, otherFaults } = cluster
  let isDown = false
  return {
    settings: { url: cluster.url, ca: cluster.ca, allow_private: true, ...loginOf(cluster, product) },
    secrets: [cluster.apiKey, cluster.password, Buffer.from(cluster.apiKey, 'base64').toString().split(':')[1] ?? ''],
    async provoke(provocation) {
      if (provocation === 'down') await cluster.stop()
      isDown = provocation === 'down'
      if (provocation === 'hangs') {
        faults.always({ hang: true })
        otherFaults.always({ hang: true })
      }
      if (provocation === 'refuses-us') faults.always({ status: 401 })
      if (provocation === 'breaks-off') faults.next({ cut: 'half-answered', taken: true })
      if (provocation === 'throttles') faults.always({ status: 429, headers: { 'retry-after': '7' } })
      if (provocation === 'refuses-one')
        cluster.failItems(({ source }) => (JSON.stringify(source).includes('"refused"') ? 'unparsable' : null))
    },
    async mend() {
      if (isDown) await cluster.start()
      isDown = false
      faults.always(null)
      otherFaults.always(null)
      cluster.failItems(null)
    },
    received: async (count) => (await cluster.received(stream, count)).map(({ id }) => id),
    async [Symbol.asyncDispose]() {
      if (!isDown) await cluster.stop()
      // A test of a good sender ends with this.
      expect(cluster.unhandled).toEqual([])
    },
  }
}

async function connectTo(cluster: Elasticsearch, settings: object = {}) {
  const { url, ca, username, password } = cluster
  const values = elasticsearch.settings.parse({ url, ca, username, password, allow_private: true, ...settings })
  const limits = { concurrency: 1, requestsPerSecond: 1000, requestTimeoutMs: 5000 }
  const egress = openEgress({ ...elasticsearch.address(values), ...limits } as never)
  let ahead = 0
  const now = () => new Date(Date.now() + ahead)
  const connection = await elasticsearch.connect(
    values,
    { ...egress, sealer: plainSealer, feed: 'events' as const, log: () => {}, now },
    never,
  )
  return {
    deliver: (events: Parameters<typeof connection.sink.deliver>[0]) => connection.sink.deliver(events, never),
    health: () => connection.health(never),
    http: egress.http,
    pass: (ms: number) => {
      ahead += ms
    },
    [Symbol.asyncDispose]: () => egress.close(),
  }
}

const idsIn = (cluster: Elasticsearch): string[] => cluster.documents(stream).map(({ id }) => id)
const idsOf = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id)
const linesOf = (cluster: Elasticsearch): string[] =>
  cluster.calls.map(({ method, path, authorization }) => `${method} ${path} ${authorization}`)

test('a stranger is tried first, then the template is put there, then events come, one request for a batch', async () => {
  await using cluster = await startElasticsearch()
  await using connected = await connectTo(cluster)
  await connected.deliver(batchOf(3))
  await connected.deliver(batchOf(2, 3))
  expect(linesOf(cluster)).toEqual([
    'GET / none',
    `GET /_index_template/${template} Basic`,
    `PUT /_index_template/${template} Basic`,
    `POST /${stream}/_bulk Basic`,
    `POST /${stream}/_bulk Basic`,
  ])
  expect(cluster.templates()).toEqual([template])
  expect(cluster.unhandled).toEqual([])
})

test('a document has the event as it left, and the names of ECS beside it', async () => {
  await using cluster = await startElasticsearch()
  await using connected = await connectTo(cluster)
  const receivedAt = '2026-11-26T08:00:02.000Z'
  const data = { ...outgoing(0).data, class: 'access', decision: 'granted', receivedAt, vendor: { detail: { a: 'b' } } }
  await connected.deliver([outgoing(7, { data, subject: 'p' }), outgoing(8, { data: { class: 'alarm' } })])
  const [first, second] = await cluster.received(stream, 2)
  expect(first?.source).toEqual({
    '@timestamp': outgoing(7).time,
    event: {
      ...{ id: outgoing(7).id, dataset: 'gatehouse.events', kind: 'event', action: 'access.granted' },
      ...{ outcome: 'success', sequence: 7, created: receivedAt },
    },
    cloudevent: { source: '/gatehouse/contract/hq', type: 'org.gatehouse.access.granted.v1', subject: 'p' },
    gatehouse: data,
  })
  expect(second?.source.event).toMatchObject({ kind: 'alert', outcome: 'unknown' })
})

test.each(products)('%s: what was taken in part is delivered again without what it has', async (product) => {
  await using cluster = await startElasticsearch({ product })
  await using connected = await connectTo(cluster)
  const events = batchOf(6)
  cluster.failItems(({ id }) => (id === events[1]?.id || id === events[4]?.id ? 'rejected' : null))
  const code = 'elasticsearch.throttled'
  await expect(connected.deliver(events)).rejects.toMatchObject({ kind: 'throttled', code })
  expect(idsIn(cluster)).toEqual(idsOf([0, 2, 3, 5].map((n) => outgoing(n))))
  // The roll-over makes the cluster forget the ids, so that whatever is sent twice is there twice.
  cluster.rollOver(stream)
  await expect(connected.deliver(events.slice(0, 3))).rejects.toMatchObject({ code })
  cluster.failItems(({ id }) => (id === events[4]?.id ? 'unparsable' : null))
  expect(await connected.deliver(events.slice(0, 3))).toEqual({ refused: [], status: 200 })
  expect((await connected.deliver(events.slice(3))).refused).toEqual([{ index: 1, code: 'elasticsearch.refused' }])
  expect(idsIn(cluster)).toEqual(idsOf([0, 2, 3, 5, 1].map((n) => outgoing(n))))
})

test('what was delivered once is sent again when it is delivered anew', async () => {
  await using cluster = await startElasticsearch()
  await using connected = await connectTo(cluster)
  cluster.failItems(({ id }) => (id === outgoing(1).id ? 'unavailable' : null))
  await expect(connected.deliver(batchOf(2))).rejects.toMatchObject({ code: 'elasticsearch.unavailable' })
  cluster.failItems(null)
  await connected.deliver(batchOf(2))
  cluster.rollOver(stream)
  await connected.deliver(batchOf(2))
  expect(idsIn(cluster)).toEqual(idsOf([0, 1, 0, 1].map((n) => outgoing(n))))
})

test('of several failures the gravest is told', async () => {
  await using cluster = await startElasticsearch()
  await using connected = await connectTo(cluster)
  const kinds = ['unavailable', 'disk-full', 'rejected', 'unparsable'] as const
  const failing = (count: number) =>
    cluster.failItems(({ id }) => kinds.slice(0, count).find((_, n) => id === outgoing(n).id) ?? null)
  failing(4)
  await expect(connected.deliver(batchOf(5))).rejects.toMatchObject({ kind: 'throttled' })
  failing(2)
  await expect(connected.deliver(batchOf(5))).rejects.toMatchObject({ code: 'elasticsearch.unavailable' })
  cluster.failItems(({ id }) => (id === outgoing(1).id ? 'disk-full' : null))
  const full = { kind: 'transient', code: 'elasticsearch.disk-full' }
  await expect(connected.deliver(batchOf(5))).rejects.toMatchObject(full)
})

const statuses: readonly [status: number, headers: Record<string, string>, ...ConnectorFailure['kind'][], string][] = [
  [400, {}, 'rejected', 'elasticsearch.request-refused'],
  [401, {}, 'unauthenticated', 'elasticsearch.login-refused'],
  [403, {}, 'unauthenticated', 'elasticsearch.not-allowed'],
  [404, {}, 'unauthenticated', 'elasticsearch.no-stream'],
  [406, {}, 'unauthenticated', 'elasticsearch.not-understood'],
  [407, {}, 'unauthenticated', 'elasticsearch.proxy'],
  [413, {}, 'rejected', 'elasticsearch.too-large'],
  [429, {}, 'throttled', 'elasticsearch.throttled'],
  [503, { 'retry-after': '2' }, 'throttled', 'elasticsearch.throttled'],
  [503, {}, 'transient', 'elasticsearch.unavailable'],
  [500, {}, 'transient', 'elasticsearch.status-500'],
  [204, {}, 'unauthenticated', 'elasticsearch.not-understood'],
] as never

test('the status of a whole answer decides', async () => {
  await using cluster = await startElasticsearch()
  await using connected = await connectTo(cluster)
  for (const [status, headers, kind, code] of statuses) {
    cluster.faults.next({ status, headers })
    await expect(connected.deliver(batchOf(2)), code).rejects.toMatchObject({ kind, code })
  }
  cluster.faults.next({ redirect: 'https://169.254.169.254/' })
  await expect(connected.deliver(batchOf(2))).rejects.toMatchObject({ code: 'elasticsearch.redirect' })
  cluster.otherFaults.next({ redirect: 'https://169.254.169.254/' })
  await expect(connected.deliver(batchOf(2))).rejects.toMatchObject({ code: 'elasticsearch.redirect' })
  expect(cluster.streams()).toEqual([])
})

test.each([
  ['no JSON at all', 'application/json', '<html>Quillgate'],
  ['a page', 'text/html', '<html>Quillgate</html>'],
  ['another length', 'application/json', '{"items":[{"create":{"status":201}}]}'],
  ['other actions', 'application/json', '{"items":[{"index":{"status":201}},{"index":{"status":201}}]}'],
  ['nothing', 'application/json', '{}'],
])('an answer of 200 that is %s is no success', async (_, type, body) => {
  await using cluster = await startElasticsearch()
  await using connected = await connectTo(cluster)
  cluster.faults.next({ status: 200, headers: { 'content-type': type }, body })
  const failure = { kind: 'unauthenticated', code: 'elasticsearch.not-understood', cause: undefined }
  await expect(connected.deliver(batchOf(2))).rejects.toMatchObject(failure)
})

test('a request that is too large for the cluster goes through in parts', async () => {
  await using cluster = await startElasticsearch({ maxContentLength: 3_000 })
  await using connected = await connectTo(cluster)
  await expect(connected.deliver(batchOf(20))).rejects.toMatchObject({ code: 'elasticsearch.too-large' })
  for (let from = 0; from < 20; from += 4) await connected.deliver(batchOf(4, from))
  expect(idsIn(cluster)).toEqual(idsOf(batchOf(20)))
})

test.each([
  ['off', 'elasticsearch.open'],
  ['anonymous', 'elasticsearch.open'],
] as const)('a cluster whose security is %s gets no event, and no login', async (security, code) => {
  await using cluster = await startElasticsearch({ security })
  await using connected = await connectTo(cluster)
  const failure = { kind: 'unauthenticated', code, hint: expect.stringContaining('without a login') }
  await expect(connected.deliver(batchOf(2))).rejects.toMatchObject(failure)
  await expect(connected.health()).rejects.toMatchObject(failure)
  expect(linesOf(cluster)).toEqual(['GET / none', 'GET / none'])
})

test('one that knows strangers as somebody with few rights gets none either', async () => {
  await using cluster = await startElasticsearch()
  await using connected = await connectTo(cluster)
  cluster.otherFaults.next({ status: 403 })
  await expect(connected.deliver(batchOf(2))).rejects.toMatchObject({ code: 'elasticsearch.anonymous' })
})

test('a cluster that loses its security later is found out: after a while, and after whatever went wrong', async () => {
  await using cluster = await startElasticsearch()
  await using connected = await connectTo(cluster)
  await connected.deliver(batchOf(1))
  cluster.otherFaults.always({ status: 200 })
  await connected.deliver(batchOf(1, 1))
  connected.pass(6 * 60_000)
  await expect(connected.deliver(batchOf(1, 2))).rejects.toMatchObject({ code: 'elasticsearch.open' })
  cluster.otherFaults.always(null)
  await connected.deliver(batchOf(1, 2))
  cluster.faults.next({ cut: 'unanswered' })
  await expect(connected.deliver(batchOf(1, 3))).rejects.toMatchObject({ kind: 'transient' })
  cluster.otherFaults.always({ status: 200 })
  await expect(connected.deliver(batchOf(1, 3))).rejects.toMatchObject({ code: 'elasticsearch.open' })
  expect(idsIn(cluster)).toEqual(idsOf(batchOf(3)))
})

test('only a cluster with TLS and a certificate that holds is spoken to', async () => {
  await using plain = await startElasticsearch({ plain: true, security: 'off' })
  expect(() => elasticsearch.settings.parse({ url: plain.url, api_key: 'YTpi' })).toThrow('without TLS')
  await using asTls = await connectTo(plain, { url: plain.url.replace('http:', 'https:') })
  await expect(asTls.deliver(batchOf(1))).rejects.toMatchObject({ hint: expect.stringContaining('does not speak TLS') })
  for (const certificate of ['expired', 'elsewhere'] as const) {
    await using cluster = await startElasticsearch({ certificate })
    await using connected = await connectTo(cluster)
    const failure = { kind: 'unauthenticated', code: 'http.certificate' }
    await expect(connected.deliver(batchOf(1))).rejects.toMatchObject(failure)
    expect(cluster.calls).toEqual([])
  }
  expect(plain.calls).toEqual([])
})

test('a login that may only write needs the data stream, and check says what is missing', async () => {
  await using cluster = await startElasticsearch({ mayManage: false })
  await using connected = await connectTo(cluster)
  await expect(connected.deliver(batchOf(1))).rejects.toMatchObject({ code: 'elasticsearch.no-stream' })
  expect((await connected.health()).problems).toMatchObject([{ severity: 'error', code: 'elasticsearch.no-stream' }])
  expect(cluster.streams()).toEqual([])
})

test.each(products)('%s: check names what is there, and changes nothing', async (product) => {
  await using cluster = await startElasticsearch({ product })
  await using connected = await connectTo(cluster)
  const { product: name, version, problems } = await connected.health()
  expect(`${name} ${version}`).toMatch(product === 'opensearch' ? /^OpenSearch 3\./ : /^Elasticsearch [89]\./)
  expect(problems).toMatchObject([{ severity: 'warning', code: 'elasticsearch.template-missing' }])
  expect([...cluster.templates(), ...cluster.streams()]).toEqual([])
  await connected.deliver(batchOf(1))
  expect((await connected.health()).problems).toEqual([])
})

test('the page shows the template that is put there, and one that is there already stays', async () => {
  const page = readFileSync(new URL('../../connectors/elasticsearch/README.md', import.meta.url), 'utf8')
  const [, shown = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? []
  await using cluster = await startElasticsearch()
  await using connected = await connectTo(cluster)
  const login = Buffer.from(`${cluster.username}:${cluster.password}`).toString('base64')
  const headers = { authorization: `Basic ${login}`, 'content-type': 'application/json' }
  const path = `/_index_template/${template}`
  const put = (body: object) =>
    connected.http.request({ method: 'PUT', path, headers, body: JSON.stringify(body) }, never)
  const inForce = async () => {
    const { text } = await connected.http.request({ method: 'GET', path, headers }, never)
    return JSON.parse(text).index_templates[0].index_template
  }
  await connected.deliver(batchOf(1))
  expect(await inForce()).toEqual(JSON.parse(shown))
  const changed = { ...JSON.parse(shown), version: 0, priority: 600 }
  expect((await put(changed)).status).toBe(200)
  expect((await connected.health()).problems).toMatchObject([{ code: 'elasticsearch.template-older' }])
  await using again = await connectTo(cluster)
  await again.deliver(batchOf(1, 1))
  expect(await inForce()).toEqual(changed)
})
