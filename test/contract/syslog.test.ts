/** Syslog keeps the contract of sinks, against a real rsyslog. */
import { afterAll, expect, test } from 'vitest'
import { cefText } from '../../connectors/syslog/cef.ts'
import syslog from '../../connectors/syslog/index.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import { clientCertificates } from '../support/receivers/certificates.ts'
import { type Rsyslog, type RsyslogOptions, startRsyslog } from '../support/receivers/rsyslog.ts'
import { startCuttingProxy } from './cutting-proxy.ts'
import { batchOf, outgoing, plainSealer, sinkContract } from './sink.ts'
import type { SinkProvocation, SinkReceiver } from './sink-subject.ts'

const never = new AbortController().signal

const impossible = {
  'refuses-us': 'a server without a list of clients takes everybody; with one, see below',
  throttles: 'the protocol has no such answer',
  'refuses-one': 'the protocol has no answers at all; what is too long is not sent, see below',
  gone: 'the protocol has no such answer',
}

sinkContract({ name: 'syslog', connector: syslog, start: () => startReceiver('by-closing'), impossible })
sinkContract({
  ...{ name: 'syslog (unconfirmed)', connector: syslog, start: () => startReceiver('none') },
  impossible: {
    ...impossible,
    hangs: 'the system takes a small batch, and nobody asks whether it arrived',
    'breaks-off': 'the system takes a small batch, and nobody asks whether it arrived; it goes out again later',
    down: 'that the server is gone shows only when the system says so; what was written goes out again',
  },
})

function idsIn(rsyslog: Rsyslog): string[] {
  return rsyslog.records().map(({ structuredData }) => structuredData['gatehouse@32473']?.id ?? '')
}

async function startReceiver(confirm: 'by-closing' | 'none'): Promise<SinkReceiver> {
  const rsyslog = await startRsyslog()
  const proxy = await startCuttingProxy(rsyslog.port)
  let state: SinkProvocation | null = null
  return {
    settings: { host: 'localhost', port: proxy.port, ca: rsyslog.ca, allow_private: true, confirm },
    secrets: [],
    async provoke(provocation) {
      state = provocation
      if (provocation === 'down') await rsyslog.stop()
      if (provocation === 'hangs') rsyslog.freeze()
      if (provocation === 'breaks-off') proxy.cutAfter(4000)
    },
    async mend() {
      if (state === 'down') await rsyslog.start()
      if (state === 'hangs') rsyslog.thaw()
    },
    async received(count) {
      await rsyslog.received(count)
      return idsIn(rsyslog)
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await rsyslog[Symbol.asyncDispose]()
    },
  }
}

const opened: AsyncDisposable[] = []
afterAll(async () => {
  for (const each of opened) await each[Symbol.asyncDispose]()
})

async function connectTo(rsyslog: Rsyslog, settings: object = {}) {
  const values = syslog.settings.parse({
    ...{ host: 'localhost', port: rsyslog.port, ca: rsyslog.ca, allow_private: true },
    ...settings,
  })
  const address = syslog.address(values)
  if (address === null) throw new Error('a server has an address')
  const egress = openEgress({ ...address, concurrency: 1, requestsPerSecond: 1000, requestTimeoutMs: 5000 })
  const context = {
    ...egress,
    sealer: plainSealer,
    feed: 'events' as const,
    log: () => undefined,
    now: () => new Date(),
  }
  const { sink, health } = await syslog.connect(values, context, never)
  opened.push({ [Symbol.asyncDispose]: () => egress.close() })
  return { sink, health }
}

async function startServer(options: RsyslogOptions = {}): Promise<Rsyslog> {
  const rsyslog = await startRsyslog(options)
  opened.push(rsyslog)
  return rsyslog
}

const shared = startServer()

test('whatever stands in an event arrives as it is, in fields and in text, and begins no line of its own', async () => {
  const rsyslog = await shared
  const { sink } = await connectTo(rsyslog, { hostname: 'gate.example', facility: 'local4' })
  const data = { door: { name: 'a "b" ] \\ ü\n<134>1 forged' }, person: null, verify: ['card', 'pin'], n: 7 }
  const before = rsyslog.records().length
  await sink.deliver([outgoing(900, { type: 'org.gatehouse.alarm.duress.v1', subject: 'door/7', data })], never)
  const record = (await rsyslog.received(before + 1))[before]
  expect(record).toMatchObject({
    ...{
      facility: 20,
      severity: 1,
      hostname: 'gate.example',
      appName: 'gatehouse',
      procId: '-',
      msgId: 'alarm.duress',
    },
    timestamp: outgoing(900).time,
    structuredData: {
      'gatehouse@32473': {
        ...{ id: outgoing(900).id, type: 'org.gatehouse.alarm.duress.v1', source: '/gatehouse/contract/hq' },
        ...{
          sequence: '900',
          subject: 'door/7',
          'door.name': 'a "b" ] \\ ü <134>1 forged',
          verify: 'card,pin',
          n: '7',
        },
      },
    },
  })
  // No mark of an encoding in front, and nothing that needs one.
  expect(record?.msg).toMatch(/^[\x20-\x7e]*$/)
  expect(JSON.parse(record?.msg ?? '')).toEqual(data)
})

test('CEF is escaped in its head and in its values by the rules of each', async () => {
  const rsyslog = await shared
  const { sink } = await connectTo(rsyslog, { format: 'cef' })
  const data = { door: { id: '7', name: 'a=b|c\\d\ne' }, person: { employeeNumber: '4711' } }
  const before = rsyslog.records().length
  await sink.deliver([outgoing(901, { type: 'org.gatehouse.access.denied.expired.v1', data })], never)
  const record = (await rsyslog.received(before + 1))[before]
  expect(record?.structuredData).toEqual({})
  expect(record?.msg).toBe(
    [
      'CEF:0|Gatehouse|Gatehouse|1|access.denied.expired|access denied expired|3|',
      `rt=${Date.parse(outgoing(901).time)} externalId=${outgoing(901).id} cat=access `,
      'gatehouseSource=/gatehouse/contract/hq gatehouseSequence=901 ',
      'gatehouseDoorId=7 gatehouseDoorName=a\\=b|c\\\\d\\ne suid=4711',
    ].join(''),
  )
})

test('CEF tells who it was under the names that the format has for that, as far as it is revealed', () => {
  const fieldsOf = (person: object | null) => {
    const text = cefText(outgoing(1, { data: { person } }), 6)
    return Object.fromEntries(
      [...text.matchAll(/(su\w+|gatehousePerson\w+)=(.*?)(?= \w+=|$)/g)].map(([, key, of]) => [key, of]),
    )
  }
  const id = 'b8Qe'
  const names = { givenName: 'Zelda', familyName: 'Samplewoman', preferredName: null }
  const shown = { gatehousePersonId: id, gatehousePersonGivenName: 'Zelda', gatehousePersonFamilyName: 'Samplewoman' }
  expect(fieldsOf(null)).toEqual({})
  expect(fieldsOf({ id })).toEqual({ gatehousePersonId: id })
  expect(fieldsOf({ id, ...names })).toEqual({ ...shown, suser: 'Zelda Samplewoman' })
  expect(fieldsOf({ id, ...names, preferredName: 'Z', email: 'z@example.org', employeeNumber: '4711' })).toEqual({
    ...{ ...shown, gatehousePersonPreferredName: 'Z', gatehousePersonEmail: 'z@example.org', suid: '4711' },
    suser: 'Z Samplewoman',
  })
})

test('of what is too long the text is left out, and what still is too long is refused', async () => {
  const rsyslog = await shared
  const { sink } = await connectTo(rsyslog, { max_bytes: 1024 })
  const { sink: cef } = await connectTo(rsyslog, { max_bytes: 1024, format: 'cef' })
  const before = rsyslog.records().length
  const long = outgoing(902, { data: { note: 'x'.repeat(500) } })
  const longer = outgoing(903, { data: { note: 'x'.repeat(2000) } })
  expect((await sink.deliver([long, longer, outgoing(904)], never)).refused).toEqual([
    { index: 1, code: 'syslog.too-long' },
  ])
  const [without, whole] = (await rsyslog.received(before + 2)).slice(before)
  expect(without?.msg).toBe('')
  expect(without?.structuredData['gatehouse@32473']?.note).toBe(long.data.note)
  expect(whole?.msg).toContain('Quillgate')
  expect((await cef.deliver([longer], never)).refused).toEqual([{ index: 0, code: 'syslog.too-long' }])
})

test('without a confirmation, what a broken connection may have lost goes out again before the next batch', async () => {
  const rsyslog = await startServer()
  const { sink } = await connectTo(rsyslog, { confirm: 'none' })
  await sink.deliver(batchOf(3), never)
  await rsyslog.received(3)
  await rsyslog.stop()
  // That the server went shows at the latest when nobody takes the next one.
  await expect(sink.deliver(batchOf(2, 3), never)).rejects.toMatchObject({ kind: 'transient' })
  await rsyslog.start()
  await sink.deliver(batchOf(2, 3), never)
  await rsyslog.received(8)
  expect(idsIn(rsyslog)).toEqual([...batchOf(3), ...batchOf(5)].map(({ id }) => id))
})

test('a server that asks for a certificate takes it from us, and whoever has none, or a stranger, has delivered nothing', async () => {
  const rsyslog = await startServer({ clientCertificate: true })
  const { cert, key } = clientCertificates.good
  const known = await connectTo(rsyslog, { client_certificate: { certificate: cert, key } })
  const { cert: other, key: otherKey } = clientCertificates.stranger
  const stranger = await connectTo(rsyslog, { client_certificate: { certificate: other, key: otherKey } })
  const nobody = await connectTo(rsyslog)
  for (const { sink } of [stranger, nobody]) await expect(sink.deliver(batchOf(3), never)).rejects.toThrow(/^wire\./)
  await known.sink.deliver(batchOf(2), never)
  await rsyslog.received(2)
  expect(idsIn(rsyslog)).toEqual(batchOf(2).map(({ id }) => id))
})

test('an expired certificate is refused in plain words', async () => {
  const rsyslog = await startServer({ certificate: 'expired' })
  const { sink, health } = await connectTo(rsyslog)
  const words = "the server's certificate was not accepted: it has expired. The server needs a new one."
  await expect(sink.deliver(batchOf(1), never)).rejects.toMatchObject({ kind: 'unauthenticated', hint: words })
  await expect(health(never)).rejects.toMatchObject({ code: 'wire.certificate' })
})

test('health opens a connection, and names what nobody would see', async () => {
  const rsyslog = await shared
  const codesOf = async (settings: object) =>
    (await (await connectTo(rsyslog, settings)).health(never)).problems.map(({ code }) => code)
  expect(await codesOf({})).toEqual(['syslog.enterprise'])
  expect(await codesOf({ enterprise: '99999' })).toEqual([])
  expect(await codesOf({ confirm: 'none', format: 'cef' })).toEqual(['syslog.unconfirmed'])
})

test.each([
  ['plain_tcp', { plain_tcp: true }],
  ['host', { host: 'two words' }],
  ['app_name', { app_name: 'two words' }],
  ['enterprise', { enterprise: '0' }],
])('%s is refused where it makes no sense', (_key, settings) => {
  expect(syslog.settings.safeParse({ host: 'siem.example' }).success).toBe(true)
  expect(syslog.settings.safeParse({ host: 'siem.example', ...settings }).success).toBe(false)
})

test('plain TCP leads to this machine only', () => {
  const values = syslog.settings.parse({ host: '127.0.0.1', port: 514, plain_tcp: true, allow_private: true })
  expect(syslog.address(values)).toMatchObject({ origin: 'tcp://127.0.0.1:514' })
  expect(syslog.address(syslog.settings.parse({ host: '::1' }))).toMatchObject({
    origin: 'tls://[::1]:6514',
    allowPrivate: false,
  })
})
