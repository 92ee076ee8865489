import { request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { until } from '../servers.ts'
import { type Elasticsearch, startElasticsearch } from './elasticsearch/index.ts'

interface Answer {
  readonly status: number | undefined
  readonly headers: NodeJS.Dict<string | string[]>
  /** Parsed where it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape
  readonly body: any
}

const ndjson = { 'content-type': 'application/x-ndjson' }
const json = { 'content-type': 'application/json' }

async function call(
  cluster: Elasticsearch,
  line: string,
  body: string | Buffer = '',
  headers: Record<string, string> = {},
): Promise<Answer> {
  const [method = '', path = ''] = line.split(' ')
  const own = { authorization: `ApiKey ${cluster.apiKey}`, ...headers }
  return new Promise((resolve, reject) => {
    const options = { method, headers: own, agent: false, ca: cluster.ca }
    const sent = (cluster.url.startsWith('https') ? request : plainRequest)(cluster.url + path, options, (response) =>
      text(response).then((said) => {
        const isJson = /json/.test(response.headers['content-type'] ?? '') && said !== ''
        resolve({ status: response.statusCode, headers: response.headers, body: isJson ? JSON.parse(said) : said })
      }, reject),
    )
    sent.once('error', reject).end(body)
  })
}

const template = {
  index_patterns: ['acs-events-*'],
  data_stream: {},
  priority: 200,
  template: {
    settings: { index: { number_of_shards: 1 } },
    mappings: {
      dynamic: 'strict',
      properties: {
        '@timestamp': { type: 'date' },
        event: { properties: { id: { type: 'keyword' }, sequence: { type: 'long' } } },
        'source.ip': { type: 'ip' },
        labels: { type: 'object', dynamic: true },
      },
    },
  },
}
const stamp = { '@timestamp': '2026-11-26T10:00:00.123Z' }
const put = (cluster: Elasticsearch, name = 'acs', body: object = template) =>
  call(cluster, `PUT /_index_template/${name}`, JSON.stringify(body), json)

/** Items of the action `create` into one stream. */
const lines = (...documents: [id: string, source: object | string][]): string =>
  documents
    .map(
      ([_id, source]) =>
        `{"create":{"_id":"${_id}"}}\n${typeof source === 'string' ? source : JSON.stringify(source)}\n`,
    )
    .join('')
const bulk = (cluster: Elasticsearch, body: string | Buffer, headers: Record<string, string> = {}) =>
  call(cluster, 'POST /acs-events-hq/_bulk', body, { ...ndjson, ...headers })
const results = ({ body }: Answer): unknown[] =>
  (body.items as Record<string, { status: number; error?: { type: string } }>[]).flatMap((item) =>
    Object.values(item).map(({ status, error }) => (error === undefined ? status : `${status} ${error.type}`)),
  )

test('takes a template, a data stream and documents, each id once in the index that is written', async () => {
  await using cluster = await startElasticsearch()
  const info = await call(cluster, 'GET /')
  expect(info).toMatchObject({ status: 200, headers: { 'x-elastic-product': 'Elasticsearch' } })
  expect(info.body).toMatchObject({ version: { number: '9.5.1' }, tagline: 'You Know, for Search' })
  expect((await call(cluster, 'HEAD /_index_template/acs')).status).toBe(404)
  expect((await call(cluster, 'PUT /_data_stream/acs-events-hq')).body.error.reason).toContain(
    'no matching index template',
  )
  expect((await put(cluster)).body).toEqual({ acknowledged: true })
  expect((await call(cluster, 'HEAD /_index_template/acs')).status).toBe(200)
  expect((await call(cluster, 'GET /_index_template/acs')).body.index_templates[0].index_template).toEqual(template)
  expect((await call(cluster, 'PUT /_data_stream/acs-events-hq')).status).toBe(200)
  expect((await call(cluster, 'PUT /_data_stream/acs-events-hq')).body.error.type).toBe(
    'resource_already_exists_exception',
  )

  const first = await bulk(
    cluster,
    lines(['1', { ...stamp, event: { sequence: 1 } }], ['2', { ...stamp, 'event.id': 'x' }]),
  )
  expect(first.body).toMatchObject({
    errors: false,
    items: [{ create: { _id: '1', status: 201, result: 'created' } }, {}],
  })
  const again = await bulk(cluster, gzipSync(lines(['2', stamp], ['3', stamp])), { 'content-encoding': 'gzip' })
  expect(again.body.errors).toBe(true)
  expect(results(again)).toEqual(['409 version_conflict_engine_exception', 201])
  // The surprise of data streams: after a roll-over the same id is taken once more.
  cluster.rollOver('acs-events-hq')
  expect(results(await bulk(cluster, lines(['3', stamp])))).toEqual([201])
  expect((await cluster.received('acs-events-hq', 4)).map(({ id, index }) => `${id} ${index.slice(-1)}`)).toEqual([
    ...['1 1', '2 1', '3 1', '3 2'],
  ])
  expect((await call(cluster, 'GET /_data_stream/acs-events-hq')).body.data_streams[0]).toMatchObject({ generation: 2 })
  // Without an id the cluster makes one up, and the document is there twice after a second try.
  await bulk(cluster, `{"create":{}}\n${JSON.stringify(stamp)}\n`)
  expect(cluster.documents('acs-events-hq').at(-1)?.idWasGiven).toBe(false)
  const few = await call(
    cluster,
    'POST /acs-events-hq/_bulk?filter_path=errors,items.*.status',
    lines(['9', stamp]),
    ndjson,
  )
  expect(few.body).toEqual({ errors: false, items: [{ create: { status: 201 } }] })
  expect(cluster.templates()).toEqual(['acs'])
  expect(cluster.unhandled).toEqual([])
})

test('refuses single items with their own status inside a 200', async () => {
  await using cluster = await startElasticsearch()
  await put(cluster)
  const answer = await bulk(
    cluster,
    lines(
      ...([
        ['a', stamp],
        ['b', { event: {} }],
        ['c', { '@timestamp': 'yesterday' }],
        ['d', { ...stamp, event: 'x' }],
        ['e', { ...stamp, event: { sequence: 'many' } }],
        ['f', { ...stamp, event: { sequence: 2 ** 63 } }],
        ['g', { ...stamp, source: { ip: '10.0.0.256' } }],
        ['h', { ...stamp, unknown: 1 }],
        ['i', '{"@timestamp":'],
        ['j', { ...stamp, event: { id: 'x'.repeat(33_000) } }],
        ['k', { ...stamp, labels: { seen: 1 } }],
        ['l', { ...stamp, labels: { seen: 'first as a number' } }],
      ] as [string, object | string][]),
    ),
  )
  const parsing = '400 document_parsing_exception'
  expect(answer.status).toBe(200)
  expect(results(answer)).toEqual([
    ...[
      201,
      parsing,
      parsing,
      parsing,
      parsing,
      parsing,
      parsing,
      '400 strict_dynamic_mapping_exception',
      parsing,
      parsing,
    ],
    ...[201, parsing],
  ])
  const others = '{"index":{"_id":"m"}}\n{}\n{"delete":{"_id":"a"}}\n{"create":{"_index":"elsewhere","_id":"n"}}\n{}\n'
  expect(results(await bulk(cluster, others))).toEqual([
    ...['400 illegal_argument_exception', '400 illegal_argument_exception', '404 index_not_found_exception'],
  ])

  cluster.failItems(
    ({ id }) => (({ o: 'rejected', p: 'disk-full', q: 'unavailable', r: 'unparsable' }) as const)[id as 'o'] ?? null,
  )
  const told = await bulk(cluster, lines(...['o', 'p', 'q', 'r', 's'].map((id): [string, object] => [id, stamp])))
  expect(results(told)).toEqual([
    ...[
      '429 es_rejected_execution_exception',
      '429 cluster_block_exception',
      '503 unavailable_shards_exception',
      parsing,
      201,
    ],
  ])
  cluster.failItems(null)
  expect(results(await bulk(cluster, lines(['o', stamp])))).toEqual([201])
  expect(cluster.documents('acs-events-hq').map(({ id }) => id)).toEqual(['a', 'k', 's', 'o'])
})

test('refuses a whole request that is wrong in form, and does nothing of it', async () => {
  await using cluster = await startElasticsearch({ maxContentLength: 2_000 })
  await put(cluster)
  const good = lines(['1', stamp])
  const wrong: [status: number, body: string, headers?: Record<string, string>, path?: string][] = [
    [400, ''],
    [400, '\n'],
    [400, good.trimEnd()],
    [400, `${good}{"create":{"_id":"2"}}\n`],
    [400, `${good}{"upsert":{"_id":"2"}}\n{}\n`],
    [400, `${good}{"create":{"_id":"2","_type":"_doc"}}\n{}\n`],
    [400, `${good}["create"]\n{}\n`],
    [400, `${good}nonsense\n{}\n`],
    [400, lines(['', stamp])],
    [400, lines(['x'.repeat(513), stamp])],
    [400, good, {}, '/_bulk'],
    [400, good, {}, '/acs-events-hq/_bulk?refesh=true'],
    [406, good, { 'content-type': 'text/plain' }],
    [406, good, { 'content-type': 'application/vnd.elasticsearch+yaml; compatible-with=9' }],
    [400, good, { 'content-type': 'application/vnd.elasticsearch+x-ndjson; compatible-with=9' }],
    [413, good.repeat(50)],
  ]
  for (const [status, body, headers = {}, path = '/acs-events-hq/_bulk'] of wrong)
    expect((await call(cluster, `POST ${path}`, body, { ...ndjson, ...headers })).status, `${path} ${body}`).toBe(
      status,
    )
  expect(cluster.streams()).toEqual([])
  expect((await call(cluster, 'GET /_cat/indices')).status).toBe(400)
  expect(cluster.unhandled).toEqual(['GET /_cat/indices'])

  const vendor = 'application/vnd.elasticsearch+x-ndjson; compatible-with='
  const accept = 'application/vnd.elasticsearch+json; compatible-with='
  for (const [version, status] of [
    ['8', 200],
    ['9', 200],
    ['10', 400],
    ['7', 400],
  ] as const) {
    const headers = { 'content-type': vendor + version, accept: accept + version }
    expect((await bulk(cluster, lines([version, stamp]), headers)).status, version).toBe(status)
  }
})

test('refuses templates that the product would not take', async () => {
  await using cluster = await startElasticsearch()
  await using opensearch = await startElasticsearch({ product: 'opensearch' })
  const within = (change: object) => ({ ...template, template: { ...template.template, ...change } })
  const wrong: object[] = [
    { ...template, index_patterns: undefined },
    { ...template, colour: 1 },
    { ...template, composed_of: ['nobody'] },
    within({ settings: { index: { no_such_setting: 1 } } }),
    within({ mappings: { properties: { a: { type: 'string' } } } }),
    within({ mappings: { properties: { '@timestamp': { type: 'keyword' } } } }),
    within({ mapping: {} }),
    // The same patterns and the same priority as the template for logs that the product brings.
    { ...template, index_patterns: ['logs-acs-*'], priority: 100 },
  ]
  for (const body of wrong) expect((await put(cluster, 'acs', body)).status, JSON.stringify(body)).toBe(400)
  const login = {
    authorization: `Basic ${Buffer.from(`${opensearch.username}:${opensearch.password}`).toString('base64')}`,
    ...json,
  }
  const lifecycles = [
    within({ settings: { 'index.lifecycle.name': 'logs' } }),
    within({ lifecycle: { data_retention: '7d' } }),
  ]
  for (const body of lifecycles) {
    expect((await put(cluster, 'acs', body)).status).toBe(200)
    expect((await call(opensearch, 'PUT /_index_template/acs', JSON.stringify(body), login)).status).toBe(400)
  }
  expect((await call(opensearch, 'PUT /_index_template/acs', JSON.stringify(template), login)).status).toBe(200)
  // The version types of Elasticsearch mean nothing to OpenSearch.
  const vendor = { ...login, 'content-type': 'application/vnd.elasticsearch+x-ndjson; compatible-with=9' }
  expect((await call(opensearch, 'POST /acs-events-hq/_bulk', lines(['1', stamp]), vendor)).status).toBe(406)
  opensearch.failItems(({ id }) => (id === '2' ? 'rejected' : null))
  const answer = await call(
    opensearch,
    'POST /acs-events-hq/_bulk',
    lines(['1', { ...stamp, event: 1 }], ['2', stamp]),
    { ...login, ...ndjson },
  )
  expect(results(answer)).toEqual(['400 mapper_parsing_exception', '429 rejected_execution_exception'])
  const info = await call(opensearch, 'GET /', '', login)
  expect(info.body.version.distribution).toBe('opensearch')
  expect(info.headers['x-elastic-product']).toBeUndefined()
})

test('asks who is there, unless it is the open door', async () => {
  await using cluster = await startElasticsearch({ mayManage: false })
  const basic = `Basic ${Buffer.from(`${cluster.username}:${cluster.password}`).toString('base64')}`
  expect((await call(cluster, 'GET /', '', { authorization: basic })).status).toBe(200)
  for (const authorization of ['', 'ApiKey d3Jvbmc6d3Jvbmc=', 'Basic d3Jvbmc6d3Jvbmc=', 'Bearer x']) {
    const refused = await call(cluster, 'GET /', '', { authorization })
    expect(refused).toMatchObject({ status: 401, body: { status: 401, error: { type: 'security_exception' } } })
    expect(refused.headers['www-authenticate']).toContain('ApiKey')
  }
  expect((await put(cluster)).body).toMatchObject({ status: 403, error: { type: 'security_exception' } })
  await using opensearch = await startElasticsearch({ product: 'opensearch' })
  expect(await call(opensearch, 'GET /')).toMatchObject({ status: 401, body: 'Unauthorized' })

  await using open = await startElasticsearch({ security: 'off', plain: true })
  expect(open.url).toMatch(/^http:/)
  for (const authorization of ['', 'Basic d3Jvbmc6d3Jvbmc='])
    expect((await call(open, 'GET /', '', { authorization })).status).toBe(200)
  await using half = await startElasticsearch({ security: 'anonymous' })
  expect((await call(half, 'GET /', '', { authorization: 'Basic d3Jvbmc6d3Jvbmc=' })).status).toBe(401)
  expect(cluster.calls.map(({ authorization }) => authorization)).toContain('Basic')
})

test('is in trouble as a whole when it is told to, with or without having taken the documents in', async () => {
  await using cluster = await startElasticsearch()
  await put(cluster)
  cluster.faults.next({ status: 429, headers: { 'retry-after': '3' } })
  expect(await bulk(cluster, lines(['1', stamp]))).toMatchObject({
    ...{ status: 429, headers: { 'retry-after': '3' } },
    body: { status: 429, error: { type: 'es_rejected_execution_exception' } },
  })
  cluster.faults.next({ status: 503 })
  expect((await bulk(cluster, lines(['1', stamp]))).body.error.type).toBe('cluster_block_exception')
  cluster.faults.next({ status: 413 })
  expect(await bulk(cluster, lines(['1', stamp]))).toMatchObject({ status: 413, body: '' })
  expect(cluster.streams()).toEqual([])
  cluster.faults.next({ cut: 'unanswered', taken: true })
  await expect(bulk(cluster, lines(['1', stamp]))).rejects.toThrow('socket hang up')
  expect(results(await bulk(cluster, lines(['1', stamp])))).toEqual(['409 version_conflict_engine_exception'])
  cluster.otherFaults.next({ status: 500 })
  expect((await call(cluster, 'GET /')).status).toBe(500)
  await cluster.stop()
  await expect(call(cluster, 'GET /')).rejects.toThrow('ECONNREFUSED')
  await cluster.start()
  expect(cluster.documents('acs-events-hq')).toHaveLength(1)
  await using expired = await startElasticsearch({ certificate: 'expired' })
  await expect(call(expired, 'GET /')).rejects.toThrow('certificate has expired')
  await until('the connection is seen', () => expired.connections() === 1)
  expect(expired.calls).toEqual([])
})
