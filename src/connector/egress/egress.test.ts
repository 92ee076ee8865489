/** Proves the promises of the egress client against real servers on this machine. */
import dns from 'node:dns'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { withCallScope } from './call-scope.ts'
import { openEgress } from './egress.ts'
import { elsewhere, failureOf, fingerprintOf, localhost, never, useServers } from './servers.fixture.ts'

const { listen, open } = useServers()

async function serve(listener: RequestListener, identity = localhost): Promise<string> {
  return `https://127.0.0.1:${await listen(createHttpsServer(identity, listener))}`
}

async function serveHttp(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createHttpServer(listener))}`
}

test('a server whose certificate is signed by the configured authority is spoken to, over one kept-alive connection', async () => {
  const ports = new Set<number | undefined>()
  const origin = await serve((request, response) => {
    ports.add(request.socket.remotePort)
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () =>
      response.setHeader('x-seen', `${request.headers['x-mine']}`).writeHead(404).end(`${request.method} ${body}`),
    )
  })
  const { http } = open(origin, { ca: localhost.cert })
  for (const body of ['one', 'zwei ü']) {
    const answer = await http.request({ method: 'PUT', path: '/a?b=c', headers: { 'x-mine': '7' }, body }, never)
    expect(answer).toMatchObject({ status: 404, text: `PUT ${body}`, headers: { 'x-seen': '7' } })
  }
  expect(ports.size).toBe(1)
})

test.each([
  ['no authority is configured', localhost, {}],
  ['another authority is configured', localhost, { ca: elsewhere.cert }],
  ['the name is another one', elsewhere, { ca: elsewhere.cert }],
  ['another certificate is pinned', localhost, { fingerprint256: fingerprintOf(elsewhere.cert) }],
  [
    'another certificate is pinned although its chain is good',
    localhost,
    { ca: localhost.cert, fingerprint256: fingerprintOf(elsewhere.cert) },
  ],
])('no byte of a request reaches a server when %s', async (_title, identity, options) => {
  let requests = 0
  const origin = await serve((_request, response) => {
    requests += 1
    response.end()
  }, identity)
  const failure = await failureOf(
    open(origin, options).http.request({ method: 'POST', path: '/secret-path', body: 'secret-body' }, never),
  )
  expect(failure).toMatchObject({ kind: 'unauthenticated', code: 'http.certificate', outcomeUnknown: false })
  expect(requests).toBe(0)
})

test.each([
  ['with colons', (text: string) => text],
  ['as plain lower-case hex', (text: string) => text.replaceAll(':', '').toLowerCase()],
])('a pinned certificate is accepted whatever its chain and name, written %s', async (_title, write) => {
  const origin = await serve((_request, response) => response.end('in'), elsewhere)
  const { http } = open(origin, { fingerprint256: write(fingerprintOf(elsewhere.cert)) })
  expect((await http.request({ method: 'GET', path: '/' }, never)).text).toBe('in')
})

test('the pin is checked again on every new connection', async () => {
  const first = createHttpsServer(elsewhere, (_request, response) =>
    response.setHeader('connection', 'close').end('in'),
  )
  const port = await listen(first)
  const { http } = open(`https://127.0.0.1:${port}`, { fingerprint256: fingerprintOf(elsewhere.cert) })
  await http.request({ method: 'GET', path: '/' }, never)
  first.setSecureContext(localhost)
  expect((await failureOf(http.request({ method: 'GET', path: '/' }, never))).code).toBe('http.certificate')
})

test('redirects are never followed', async () => {
  let requests = 0
  const origin = await serve((_request, response) => {
    requests += 1
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  const failure = await failureOf(
    open(origin, { ca: localhost.cert }).http.request({ method: 'GET', path: '/' }, never),
  )
  expect(failure).toMatchObject({ kind: 'rejected', code: 'http.redirect' })
  expect(requests).toBe(1)
})

test.each([
  ['announced', true],
  ['not announced', false],
])('an answer above the limit is given up, its length being %s', async (_title, announced) => {
  const origin = await serveHttp((_request, response) => {
    if (announced) response.setHeader('content-length', 2000)
    response.write('x'.repeat(1000))
    response.end('x'.repeat(1000))
  })
  const { http } = open(origin, { responseBytesMax: 1999 })
  const failure = await failureOf(http.request({ method: 'GET', path: '/' }, never))
  expect(failure).toMatchObject({ kind: 'rejected', code: 'http.response-too-large' })
  const { http: wider } = open(origin, { responseBytesMax: 2000 })
  expect((await wider.request({ method: 'GET', path: '/' }, never)).text).toHaveLength(2000)
})

test.each([
  ['GET', false],
  ['POST', true],
] as const)(
  'a %s without an answer times out; that it may have been carried out is %s',
  async (method, outcomeUnknown) => {
    const origin = await serveHttp(() => undefined)
    const failure = await failureOf(open(origin, { requestTimeoutMs: 50 }).http.request({ method, path: '/' }, never))
    expect(failure).toMatchObject({ kind: 'transient', code: 'http.timeout', outcomeUnknown })
  },
)

test('an answer that stalls half way times out too', async () => {
  const origin = await serveHttp((_request, response) => void response.write('half'))
  const failure = await failureOf(
    open(origin, { requestTimeoutMs: 80 }).http.request({ method: 'PUT', path: '/' }, never),
  )
  expect(failure).toMatchObject({ kind: 'transient', code: 'http.timeout', outcomeUnknown: true })
})

test('a request may be given more time than the default, never less', async () => {
  const origin = await serveHttp((_request, response) => void setTimeout(() => response.end('late'), 120))
  const { http } = open(origin, { requestTimeoutMs: 60 })
  expect((await http.request({ method: 'GET', path: '/', timeoutMs: 1000 }, never)).text).toBe('late')
  const { http: patient } = open(origin, { requestTimeoutMs: 1000 })
  expect((await patient.request({ method: 'GET', path: '/', timeoutMs: 10 }, never)).text).toBe('late')
})

test('a reset after the request was written may have been carried out', async () => {
  const origin = await serveHttp((request) => void request.socket.destroy())
  const failure = await failureOf(open(origin).http.request({ method: 'PUT', path: '/', body: 'x' }, never))
  expect(failure).toMatchObject({ kind: 'transient', code: 'http.connection', outcomeUnknown: true })
})

test('a reset before the request was written, a refused connection and an unknown host were not carried out', async () => {
  const hangUp = await listen(createTcpServer((socket) => socket.destroy()))
  const unused = createTcpServer()
  await new Promise<void>((resolve) => unused.listen(0, '127.0.0.1', resolve))
  const refused = (unused.address() as AddressInfo).port
  await new Promise((resolve) => unused.close(resolve))
  for (const origin of [`https://127.0.0.1:${hangUp}`, `https://127.0.0.1:${refused}`, 'https://door.invalid']) {
    const failure = await failureOf(open(origin).http.request({ method: 'POST', path: '/' }, never))
    expect(failure).toMatchObject({ kind: 'transient', code: 'http.connection', outcomeUnknown: false })
    expect(failure.message).not.toMatch(/127\.0\.0\.1|door\.invalid/)
  }
})

test('a handshake that never ends times out without having sent anything', async () => {
  const port = await listen(createTcpServer(() => undefined))
  const { http } = open(`https://127.0.0.1:${port}`, { requestTimeoutMs: 60 })
  const failure = await failureOf(http.request({ method: 'POST', path: '/' }, never))
  expect(failure).toMatchObject({ kind: 'transient', code: 'http.timeout', outcomeUnknown: false })
})

test('cancelling rethrows the reason of the signal, before, while waiting for a slot, and in flight', async () => {
  const origin = await serveHttp(() => undefined)
  const { http } = open(origin, { concurrency: 1, requestTimeoutMs: 5000 })
  const reason = new Error('a lock-out came')
  await expect(http.request({ method: 'GET', path: '/' }, AbortSignal.abort(reason))).rejects.toBe(reason)
  const [flying, waiting] = [new AbortController(), new AbortController()]
  const inFlight = http.request({ method: 'GET', path: '/' }, flying.signal)
  const queued = http.request({ method: 'GET', path: '/' }, waiting.signal)
  waiting.abort(reason)
  await expect(queued).rejects.toBe(reason)
  flying.abort(reason)
  await expect(inFlight).rejects.toBe(reason)
})

test('no more requests are in flight than the target bears', async () => {
  let now = 0
  let most = 0
  const origin = await serveHttp((_request, response) => {
    now += 1
    most = Math.max(most, now)
    setTimeout(() => {
      now -= 1
      response.end()
    }, 10)
  })
  const { http } = open(origin, { concurrency: 3 })
  await Promise.all(Array.from({ length: 12 }, () => http.request({ method: 'GET', path: '/' }, never)))
  expect(most).toBe(3)
})

test('a scope counts its requests and the time in which any of them was under way, once', async () => {
  const origin = await serveHttp((_request, response) => void setTimeout(() => response.end('ok'), 100))
  const { http } = open(origin)
  const call = () => http.request({ method: 'GET', path: '/' }, never)
  const outer = await withCallScope({ lane: 'bulk' }, async () => {
    const inner = await withCallScope({ lane: 'urgent' }, () => Promise.all([call(), call(), call()]))
    await call()
    return inner
  })
  expect(outer.result.meter.requests).toBe(3)
  expect(outer.result.meter.waitingMs).toBeGreaterThan(90)
  expect(outer.result.meter.waitingMs).toBeLessThan(250)
  expect(outer.meter.requests).toBe(4)
  expect(outer.meter.waitingMs).toBeGreaterThan(outer.result.meter.waitingMs + 90)
})

test('closing ends what waits, lets what is in flight finish, and refuses what comes later', async () => {
  const origin = await serveHttp((_request, response) => void setTimeout(() => response.end('done'), 60))
  const { http, close } = open(origin, { concurrency: 1 })
  const inFlight = http.request({ method: 'GET', path: '/' }, never)
  const queued = failureOf(http.request({ method: 'GET', path: '/' }, never))
  await new Promise((resolve) => setTimeout(resolve, 10))
  const closed = close()
  expect((await inFlight).text).toBe('done')
  expect((await queued).code).toBe('http.connection')
  await closed
  expect((await failureOf(http.request({ method: 'GET', path: '/' }, never))).code).toBe('http.connection')
})

test('errors hold no address, path, header or body', async () => {
  const origin = await serveHttp((request) => void request.socket.destroy())
  const failure = await failureOf(
    open(origin).http.request(
      { method: 'PUT', path: '/marked-path', headers: { 'x-a': 'marked-header' }, body: 'marked-body' },
      never,
    ),
  )
  expect(`${failure.stack} ${JSON.stringify(failure)} ${failure.cause}`).not.toMatch(/marked|127\.0\.0\.1/)
})

test.each([
  'http://door.example',
  'https://door.example/api',
  'https://user@door.example',
  'ftp://door.example',
  'door.example',
])('%s is no origin', (origin) => {
  expect(() => openEgress({ origin, concurrency: 1, requestsPerSecond: 1, requestTimeoutMs: 1 })).toThrow(
    /http\.origin/,
  )
})

test('private addresses can be refused, by number and behind a name', async () => {
  let requests = 0
  const port = await listen(
    createHttpsServer(localhost, () => {
      requests += 1
    }),
  )
  for (const host of ['127.0.0.1', 'localhost']) {
    const { http } = open(`https://${host}:${port}`, { ca: localhost.cert, allowPrivate: false })
    expect((await failureOf(http.request({ method: 'GET', path: '/' }, never))).code).toBe('http.private-address')
  }
  expect(requests).toBe(0)
})

test('link-local addresses are refused whatever is allowed, and no name leads to one', async () => {
  for (const host of ['169.254.169.254', '[fe80::1]', '[::ffff:a9fe:a9fe]', '[64:ff9b::a9fe:a9fe]', '0xa9fea9fe']) {
    const { http } = open(`https://${host}`, { allowPrivate: true })
    const failure = await failureOf(http.request({ method: 'GET', path: '/' }, never))
    expect(failure).toMatchObject({ kind: 'unauthenticated', code: 'http.forbidden-address' })
    expect(failure.message).toContain('no connection is ever made to it')
  }
})

test('a name is looked up anew for each connection, and one that leads elsewhere by then is refused', async () => {
  let requests = 0
  const origin = await serve((_request, response) => {
    requests += 1
    response.setHeader('connection', 'close').end('in')
  })
  const address = { now: '127.0.0.1' }
  const looked = vi.spyOn(dns, 'lookup').mockImplementation(((_host: string, _options: unknown, callback: unknown) => {
    ;(callback as (error: null, found: object[]) => void)(null, [{ address: address.now, family: 4 }])
    // The many forms of the function can't be told apart by a type.
    // biome-ignore lint/suspicious/noExplicitAny: as said above
  }) as any)
  onTestFinished(() => looked.mockRestore())
  const { http } = open(origin.replace('127.0.0.1', 'localhost'), { ca: localhost.cert, allowPrivate: true })
  const ask = () => http.request({ method: 'GET', path: '/' }, never)
  expect((await ask()).text).toBe('in')
  for (const [moved, code] of [
    ['169.254.169.254', 'http.forbidden-address'],
    ['::ffff:169.254.169.254', 'http.forbidden-address'],
  ]) {
    address.now = moved as string
    expect((await failureOf(ask())).code).toBe(code)
  }
  address.now = '127.0.0.1'
  const { http: publicOnly } = open('https://door.example:1', { allowPrivate: false })
  expect((await failureOf(publicOnly.request({ method: 'GET', path: '/' }, never))).code).toBe('http.private-address')
  expect(requests).toBe(1)
})

test('of the addresses of a name only those that are allowed are tried', async () => {
  const port = await listen(createHttpsServer(localhost, (_request, response) => response.end('in')))
  const looked = vi.spyOn(dns, 'lookup').mockImplementation(((_host: string, _options: unknown, callback: unknown) => {
    ;(callback as (error: null, found: object[]) => void)(null, [
      { address: '169.254.169.254', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ])
    // biome-ignore lint/suspicious/noExplicitAny: the many forms of the function can't be told apart by a type
  }) as any)
  onTestFinished(() => looked.mockRestore())
  const { http } = open(`https://localhost:${port}`, { ca: localhost.cert })
  expect((await http.request({ method: 'GET', path: '/' }, never)).text).toBe('in')
})

test('of an answer whose status alone is wanted no body is kept, and a long one is cut off', async () => {
  const origin = await serveHttp((request, response) => {
    response.writeHead(request.url === '/long' ? 500 : 202, { 'retry-after': '7' })
    if (request.url !== '/long') response.end('marked words')
    else response.write('x'.repeat(200_000))
  })
  const { http } = open(origin, { responseBytesMax: 4 })
  for (const [path, status] of [
    ['/short', 202],
    ['/long', 500],
    ['/short', 202],
  ] as const) {
    const answer = await http.request({ method: 'POST', path, answer: 'status' }, never)
    expect(answer).toMatchObject({ status, text: '', headers: { 'retry-after': '7' } })
  }
})
