/** Webhooks keep the contract of sinks. */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { expect, test } from 'vitest'
import webhook from '../../connectors/webhook/index.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import { newWebhookSecret, startWebhookReceiver } from '../support/receivers/webhook.ts'
import { until } from '../support/servers.ts'
import { batchOf, plainSealer, sinkContract } from './sink.ts'
import type { SinkProvocation, SinkReceiver } from './sink-subject.ts'

const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8')
const identity = { cert: pem('localhost-cert.pem'), key: pem('localhost-key.pem') }
const never = new AbortController().signal
const secrets = [1, 2].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`) as [string, string]

for (const mode of ['batched', 'structured'] as const) {
  sinkContract({
    name: `webhook (${mode})`,
    connector: webhook,
    start: () => startReceiver(mode),
    impossible: { 'refuses-one': 'its answer is about the whole message' },
  })
}

interface Taken {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Receiver extends SinkReceiver {
  readonly taken: readonly Taken[]
  /** Answers so from now on. */
  answer(status: number, headers?: Readonly<Record<string, string>>, body?: string): void
}

async function startReceiver(mode: 'batched' | 'structured' = 'batched', settings: object = {}): Promise<Receiver> {
  const taken: Taken[] = []
  const sockets = new Set<Socket>()
  let how: { status: number; headers?: Readonly<Record<string, string>>; body?: string } = { status: 202 }
  let state: SinkProvocation | null = null
  const server: Server = createServer(identity, (request, response) => {
    let body = ''
    request.on('data', (piece) => {
      body += piece
      if (state !== 'breaks-off') return
      state = null
      request.socket.destroy()
    })
    request.on('end', () => {
      if (state === 'hangs' || request.socket.destroyed) return
      if (how.status < 300) taken.push({ headers: request.headers as Record<string, string>, body })
      response.writeHead(how.status, how.headers).end(how.body)
    })
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const down = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  const eventsOf = ({ body }: Taken) => [JSON.parse(body)].flat() as readonly { readonly id: string }[]
  return {
    settings: {
      ...{ url: `https://localhost:${port}/hooks/doors?of=hq`, ca: identity.cert, allow_private: true },
      ...{ secret: secrets[0], mode, ...settings },
    },
    secrets,
    taken,
    answer(status, headers, body) {
      how = { status, ...(headers === undefined ? {} : { headers }), ...(body === undefined ? {} : { body }) }
    },
    async provoke(provocation) {
      state = provocation
      if (provocation === 'down') await down()
      if (provocation === 'refuses-us') how = { status: 401, body: 'Zyphora' }
      if (provocation === 'throttles') how = { status: 429, headers: { 'retry-after': '7' } }
      if (provocation === 'gone') how = { status: 410 }
    },
    async mend() {
      if (state === 'down') await listen(port)
      state = null
      how = { status: 202 }
    },
    async received(count) {
      const ids = () => taken.flatMap(eventsOf).map(({ id }) => id)
      await until(`${count} events`, () => ids().length >= count)
      return ids()
    },
    [Symbol.asyncDispose]: down,
  }
}

async function connectTo(receiver: Receiver, settings: object = {}) {
  const values = webhook.settings.parse({ ...receiver.settings, ...settings })
  const egress = openEgress({
    ...webhook.address(values),
    concurrency: 1,
    requestsPerSecond: 1000,
    requestTimeoutMs: 5000,
  } as never)
  const context = {
    ...egress,
    sealer: plainSealer,
    feed: 'events' as const,
    log: () => undefined,
    now: () => new Date(),
  }
  const { sink, health } = await webhook.connect(values, context, never)
  return { sink, health, [Symbol.asyncDispose]: () => egress.close() }
}

function isSigned({ headers, body }: Taken, secret: string): boolean {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const signature = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
  return (headers['webhook-signature'] ?? '').split(' ').includes(signature)
}

test('a batch is one message, signed with both secrets while one is replaced, under the same id when it comes again', async () => {
  await using receiver = await startReceiver()
  await using connected = await connectTo(receiver, { previous_secret: secrets[1] })
  for (let i = 0; i < 2; i++) await connected.sink.deliver(batchOf(3), never)
  await connected.sink.deliver(batchOf(2), never)
  const [first, again, other] = receiver.taken as [Taken, Taken, Taken]
  for (const secret of secrets) expect(isSigned(first, secret)).toBe(true)
  expect(first.headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8')
  expect(JSON.parse(first.body)).toEqual(batchOf(3))
  expect(again.headers['webhook-id']).toBe(first.headers['webhook-id'])
  expect(other.headers['webhook-id']).not.toBe(first.headers['webhook-id'])
})

test('in structured mode each event is a message under its own id', async () => {
  await using receiver = await startReceiver('structured')
  await using connected = await connectTo(receiver)
  await connected.sink.deliver(batchOf(2), never)
  expect(
    receiver.taken.map(({ headers, body }) => [headers['content-type'], headers['webhook-id'], JSON.parse(body)]),
  ).toEqual(batchOf(2).map((event) => ['application/cloudevents+json; charset=utf-8', event.id, event]))
  expect(isSigned(receiver.taken[0] as Taken, secrets[0])).toBe(true)
  expect(isSigned(receiver.taken[0] as Taken, secrets[1])).toBe(false)
})

test.each([
  [401, {}, 'unauthenticated', 'webhook.refused'],
  [403, {}, 'unauthenticated', 'webhook.refused'],
  [407, {}, 'unauthenticated', 'webhook.refused'],
  [302, { location: 'https://169.254.169.254/' }, 'unauthenticated', 'webhook.redirect'],
  [410, {}, 'rejected', 'sink.gone'],
  [413, {}, 'rejected', 'webhook.too-large'],
  [429, {}, 'throttled', 'webhook.throttled'],
  [503, { 'retry-after': '2' }, 'throttled', 'webhook.throttled'],
  [503, {}, 'transient', 'webhook.status-503'],
  [404, {}, 'transient', 'webhook.status-404'],
  [500, {}, 'transient', 'webhook.status-500'],
] as const)('status %i with %o is %s', async (status, headers, kind, code) => {
  await using receiver = await startReceiver()
  await using connected = await connectTo(receiver)
  receiver.answer(status, headers, 'words of the receiver')
  await expect(connected.sink.deliver(batchOf(2), never)).rejects.toMatchObject({ kind, code })
})

test('an event that is too large by itself is refused, and the others of its batch are not', async () => {
  await using receiver = await startReceiver()
  await using connected = await connectTo(receiver)
  receiver.answer(413)
  const { refused, status } = await connected.sink.deliver(batchOf(1), never)
  expect({ refused, status }).toEqual({ refused: [{ index: 0, code: 'webhook.too-large' }], status: 413 })
})

test('health asks the receiver without an event, and warns of a secret that is still there', async () => {
  await using receiver = await startReceiver()
  await using connected = await connectTo(receiver, { previous_secret: secrets[1] })
  expect((await connected.health(never)).problems).toMatchObject([{ code: 'webhook.two-secrets' }])
  receiver.answer(302, { location: '/' })
  expect((await connected.health(never)).product).toBe('Webhook')
  await using stranger = await connectTo(receiver, { ca: pem('elsewhere-cert.pem') })
  await expect(stranger.health(never)).rejects.toMatchObject({ code: 'http.certificate' })
})

test.each([
  ['url', 'ftp://siem.example'],
  ['url', 'https://user@siem.example/'],
  ['url', 'https://:password@siem.example/'],
  ['url', 'https://siem.example/#part'],
  ['secret', 'whsec_short'],
  ['fingerprint256', 'aa'],
])('%s may not be %s', (key, value) => {
  const good = { url: 'https://siem.example/', secret: secrets[0] }
  expect(webhook.settings.safeParse(good).success).toBe(true)
  expect(webhook.settings.safeParse({ ...good, [key]: value }).success).toBe(false)
})

test.each(['batched', 'structured'])(
  'the packages that a customer would use take it all, with either secret: %s',
  async (mode) => {
    const [before, after] = [newWebhookSecret(), newWebhookSecret()]
    await using strict = await startWebhookReceiver([before])
    const { url, ca } = strict
    await using connected = await connectTo({ settings: {} } as Receiver, {
      ...{ url, ca, mode, allow_private: true, secret: after, previous_secret: before },
    })
    await connected.sink.deliver(batchOf(4), never)
    strict.accept(after)
    await connected.sink.deliver(batchOf(4), never)
    expect((await strict.received(4)).map((event) => event.id)).toEqual(batchOf(4).map(({ id }) => id))
    expect(strict.objections()).toEqual([])
    expect(strict.duplicates()).toBe(4)
  },
)

test.each([
  ['https://127.0.0.1:1/hook', {}, 'http.private-address', 'set allow_private: true'],
  ['https://localhost:1/hook', {}, 'http.private-address', 'set allow_private: true'],
  [
    'https://169.254.169.254/latest',
    { allow_private: true },
    'http.forbidden-address',
    'no connection is ever made to it',
  ],
  [
    'https://[::ffff:a9fe:a9fe]/latest',
    { allow_private: true },
    'http.forbidden-address',
    'no connection is ever made to it',
  ],
])('%s is refused in plain words', async (url, some, code, words) => {
  await using connected = await connectTo({ settings: {} } as Receiver, { url, secret: secrets[0], ...some })
  await expect(connected.sink.deliver(batchOf(1), never)).rejects.toMatchObject({
    ...{ kind: 'unauthenticated', code, hint: expect.stringContaining(words) },
  })
})

test('an expired certificate is refused in plain words', async () => {
  const secret = newWebhookSecret()
  await using expired = await startWebhookReceiver([secret], { certificate: 'expired' })
  const { url, ca } = expired
  await using connected = await connectTo({ settings: {} } as Receiver, { url, ca, secret, allow_private: true })
  const hint = expect.stringContaining('it has expired. The server needs a new one')
  await expect(connected.sink.deliver(batchOf(1), never)).rejects.toMatchObject({ code: 'http.certificate', hint })
  expect(expired.requests).toEqual([])
})
