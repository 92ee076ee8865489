/** MQTT keeps the contract of sinks, against a real Mosquitto, and by the standard against a broker of its own where Mosquitto is too kind. */
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import packets, { type Packet } from 'mqtt-packet'
import { afterAll, expect, test } from 'vitest'
import mqtt from '../../connectors/mqtt/index.ts'
import { isTopicTemplate, topicOf } from '../../connectors/mqtt/topic.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import { clientCertificates } from '../support/receivers/certificates.ts'
import { type Mosquitto, type MosquittoOptions, startMosquitto } from '../support/receivers/mosquitto.ts'
import { until } from '../support/servers.ts'
import { startCuttingProxy } from './cutting-proxy.ts'
import { batchOf, outgoing, plainSealer, sinkContract } from './sink.ts'
import type { SinkProvocation, SinkReceiver } from './sink-subject.ts'

const never = new AbortController().signal
const opened: AsyncDisposable[] = []
afterAll(async () => {
  for (const each of opened.reverse()) await each[Symbol.asyncDispose]()
})

sinkContract({
  name: 'mqtt',
  connector: mqtt,
  start: startReceiver,
  impossible: {
    'refuses-us': 'Mosquitto reads its passwords at its start; see below',
    throttles: 'Mosquitto has no quota; see below',
    'refuses-one': 'Mosquitto looks into no message; see below',
    gone: 'the protocol has no such answer',
  },
})

async function startReceiver(): Promise<SinkReceiver> {
  const broker = await startMosquitto()
  const proxy = await startCuttingProxy(broker.port)
  let state: SinkProvocation | null = null
  return {
    settings: { ...settingsOf(broker), port: proxy.port },
    secrets: [broker.password],
    async provoke(provocation) {
      state = provocation
      if (provocation === 'down') await broker.stop()
      if (provocation === 'hangs') broker.freeze()
      if (provocation === 'breaks-off') proxy.cutAfter(4000)
    },
    async mend() {
      if (state === 'down') await broker.start()
      if (state === 'hangs') broker.thaw()
    },
    received: async (count) => (await broker.received(count)).map(({ payload }) => JSON.parse(payload).id),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await broker[Symbol.asyncDispose]()
    },
  }
}

function settingsOf({ port, ca, username, password }: Mosquitto) {
  return { host: 'localhost', port, ca, username, password, allow_private: true, topic: 'acs/events/{system}/{event}' }
}

async function connectTo(settings: object) {
  const values = mqtt.settings.parse(settings)
  const address = mqtt.address(values)
  if (address === null) throw new Error('a broker has an address')
  const egress = openEgress({ ...address, concurrency: 2, requestsPerSecond: 1000, requestTimeoutMs: 5000 })
  const context = {
    ...egress,
    sealer: plainSealer,
    feed: 'events' as const,
    log: () => undefined,
    now: () => new Date(),
  }
  const { sink, health, close } = await mqtt.connect(values, context, never)
  opened.push({ [Symbol.asyncDispose]: () => egress.close() })
  return { sink, health, close }
}

async function startBroker(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const broker = await startMosquitto(options)
  opened.push(broker)
  return broker
}

const shared = startBroker({ allowed: 'acs/events/hq/access/#' })

test('an event is a CloudEvent of its own, kept by nobody, under its topic', async () => {
  const broker = await shared
  const { sink, health } = await connectTo(settingsOf(broker))
  await sink.deliver([outgoing(700)], never)
  const [message] = await broker.received(1)
  expect(message).toMatchObject({ topic: 'acs/events/hq/access/granted', qos: 1, retain: false })
  expect(message?.contentType).toBe('application/cloudevents+json; charset=utf-8')
  expect(JSON.parse(message?.payload ?? '')).toEqual(outgoing(700))
  expect(await health(never)).toMatchObject({ product: 'MQTT broker', problems: [] })
  const named = await connectTo({ ...settingsOf(broker), client_id: 'gatehouse-test' })
  expect(await named.health(never)).toMatchObject({ problems: [] })
})

test('a topic that the broker allows us not is no delivery, although the broker acknowledges the message', async () => {
  const broker = await shared
  const { sink } = await connectTo(settingsOf(broker))
  const before = broker.messages().length
  const events = [outgoing(710), outgoing(711, { type: 'org.gatehouse.door.opened.v1' })]
  await expect(sink.deliver(events, never)).rejects.toMatchObject({
    kind: 'unauthenticated',
    code: 'mqtt.not-authorised',
  })
  await sink.deliver([outgoing(712)], never)
  expect((await broker.received(before + 2)).slice(before).map(({ payload }) => JSON.parse(payload).id)).toEqual(
    [710, 712].map((n) => outgoing(n).id),
  )
})

test('a wrong password, a missing certificate and an expired one of the broker are told in plain words', async () => {
  const broker = await shared
  const { sink: wrong } = await connectTo({ ...settingsOf(broker), password: 'another one' })
  await expect(wrong.deliver([outgoing(1)], never)).rejects.toMatchObject({
    kind: 'unauthenticated',
    code: 'mqtt.login-refused',
  })
  const expired = await connectTo(settingsOf(await startBroker({ certificate: 'expired' })))
  await expect(expired.sink.deliver([outgoing(1)], never)).rejects.toMatchObject({
    code: 'wire.certificate',
    hint: expect.stringContaining('it has expired'),
  })
  const asking = await startBroker({ clientCertificate: true })
  const nobody = await connectTo(settingsOf(asking))
  await expect(nobody.sink.deliver([outgoing(1)], never)).rejects.toThrow(/^wire\./)
  const { cert: certificate, key } = clientCertificates.good
  const known = await connectTo({ ...settingsOf(asking), client_certificate: { certificate, key } })
  await known.sink.deliver([outgoing(1)], never)
  await asking.received(1)
})

interface OwnBroker {
  readonly settings: object
  readonly taken: readonly string[]
  /** Most messages that were there without an answer. */
  most(): number
}

/** Answers PUBLISH by `reasonOf`, a little later, and CONNECT with these properties. */
async function startOwnBroker(
  reasonOf: (payload: string) => number | 'hangs up' | 'no answer',
  connack: object = {},
): Promise<OwnBroker> {
  const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8')
  const taken: string[] = []
  let open = 0
  let most = 0
  const sockets = new Set<TLSSocket>()
  const server = createServer({ cert: pem('localhost-cert.pem'), key: pem('localhost-key.pem') }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    const parser = packets.parser({ protocolVersion: 5 })
    const answer = (packet: Packet) => void socket.write(packets.generate(packet, { protocolVersion: 5 }))
    parser.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect')
        answer({ cmd: 'connack', reasonCode: 0, sessionPresent: false, ...connack } as Packet)
      if (packet.cmd === 'pingreq') answer({ cmd: 'pingresp' })
      if (packet.cmd !== 'publish') return
      const { payload, messageId } = packet
      const reason = reasonOf(String(payload))
      if (reason === 'no answer') return
      if (reason === 'hangs up') {
        answer({ cmd: 'disconnect', reasonCode: 0x97 } as Packet)
        socket.end()
        return
      }
      open += 1
      most = Math.max(most, open)
      setTimeout(() => {
        open -= 1
        if (reason < 0x80) taken.push(JSON.parse(String(payload)).id)
        answer({ cmd: 'puback', messageId, reasonCode: reason } as Packet)
      }, 2)
    })
    socket.on('data', (piece) => parser.parse(piece))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push({
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  })
  const { port } = server.address() as AddressInfo
  return {
    settings: { host: 'localhost', port, ca: pem('localhost-cert.pem'), allow_private: true },
    taken,
    most: () => most,
  }
}

test('no more messages are under way than the broker takes at once', async () => {
  const broker = await startOwnBroker(() => 0x10, { properties: { receiveMaximum: 3 } })
  const { sink } = await connectTo(broker.settings)
  await sink.deliver(batchOf(20), never)
  expect(broker.taken).toEqual(batchOf(20).map(({ id }) => id))
  expect(broker.most()).toBe(3)
})

test('what the broker never takes is refused by itself, by its answer or by its size', async () => {
  const reasons = [0, 0x90, 0, 0x99]
  const broker = await startOwnBroker((payload) => reasons[JSON.parse(payload).data.n] ?? 0, {
    properties: { maximumPacketSize: 2000 },
  })
  const { sink } = await connectTo(broker.settings)
  const large = outgoing(4, { data: { note: 'x'.repeat(3000) } })
  expect((await sink.deliver([...batchOf(4), large, outgoing(5)], never)).refused).toEqual([
    { index: 1, code: 'mqtt.topic-refused' },
    { index: 3, code: 'mqtt.payload-refused' },
    { index: 4, code: 'mqtt.too-large' },
  ])
  expect(broker.taken).toEqual([0, 2, 5].map((n) => outgoing(n).id))
})

test.each([
  [0x80, { kind: 'transient', code: 'mqtt.reason-80' }],
  [0x87, { kind: 'unauthenticated', code: 'mqtt.not-authorised' }],
  [0x97, { kind: 'throttled', code: 'mqtt.throttled', retryAfterMs: 30_000 }],
  ['hangs up', { kind: 'throttled', code: 'mqtt.throttled' }],
] as const)('an answer %s to one of many fails the batch', async (reason, failure) => {
  const broker = await startOwnBroker((payload) => (JSON.parse(payload).data.n === 1 ? reason : 0))
  const { sink } = await connectTo(broker.settings)
  await expect(sink.deliver(batchOf(3), never)).rejects.toMatchObject(failure)
})

test.each([
  [{ reasonCode: 0x86 }, { kind: 'unauthenticated', code: 'mqtt.login-refused' }],
  [{ reasonCode: 0x84 }, { kind: 'unauthenticated', code: 'mqtt.version' }],
  [{ reasonCode: 0x9d }, { kind: 'unauthenticated', code: 'mqtt.moved' }],
  [{ reasonCode: 0x9f }, { kind: 'throttled', code: 'mqtt.throttled' }],
  [{ reasonCode: 0x88 }, { kind: 'transient', code: 'mqtt.reason-88' }],
  [{ properties: { maximumQoS: 0 } }, { kind: 'unauthenticated', code: 'mqtt.no-acknowledgements' }],
])('a broker that welcomes us with %o gets nothing', async (connack, failure) => {
  const broker = await startOwnBroker(() => 0, connack)
  const { sink } = await connectTo(broker.settings)
  await expect(sink.deliver(batchOf(1), never)).rejects.toMatchObject(failure)
  expect(broker.taken).toEqual([])
})

test('what was given up half way leaves no answer behind for the next batch', async () => {
  let silent = true
  const broker = await startOwnBroker(() => (silent ? 'no answer' : 0))
  const { sink } = await connectTo(broker.settings)
  const giveUp = new AbortController()
  const delivery = sink.deliver(batchOf(2), giveUp.signal)
  setTimeout(() => giveUp.abort(new Error('handed over')), 50)
  await expect(delivery).rejects.toThrow('handed over')
  silent = false
  await sink.deliver(batchOf(2), never)
  expect(broker.taken).toEqual(batchOf(2).map(({ id }) => id))
})

test('a quiet session is kept alive as often as the broker asks for', async () => {
  const broker = await startOwnBroker(() => 0, { properties: { serverKeepAlive: 1 } })
  const { sink, close } = await connectTo(broker.settings)
  await sink.deliver(batchOf(1), never)
  const begun = performance.now()
  await until('a while is over', () => performance.now() - begun > 2500)
  await sink.deliver(batchOf(1), never)
  await close()
})

test('a topic has the levels that its template means, whatever an event says', () => {
  const event = { type: 'org.gatehouse.access.denied.no_permission.v1', source: '/gatehouse/g+1/h#q' }
  expect(topicOf('a/{gateway}/{system}/{class}/{event}', event)).toBe('a/g_1/h_q/access/access/denied/no_permission')
  expect(topicOf('{system}', { ...event, source: '' })).toBe('_')
  const punch = outgoing(1, { type: 'org.gatehouse.punch.break_start.v1', source: '/gatehouse/hq/attendance_log' })
  expect(topicOf('a/{system}/{class}/{event}', punch)).toBe('a/attendance_log/attendance/punch/break_start')
  for (const good of ['a', 'a/{event}', '{gateway}-{class}']) expect(isTopicTemplate(good)).toBe(true)
  for (const bad of ['', 'a/+', 'a/#', '$SYS/a', '{door}', 'a/{', 'a\u0000']) expect(isTopicTemplate(bad)).toBe(false)
})
