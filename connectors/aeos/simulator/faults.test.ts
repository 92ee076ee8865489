/** Faults strike the operations they name, as often as told, and the server recovers afterwards. */
import { createHash, X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { expect, test, vi } from 'vitest'
import { seededRandom } from '../../simulator-parts/random.ts'
import { start, text } from './client-for-tests.ts'
import { type FaultSpec, Faults } from './faults.ts'

const change = { operation: '^changeEmployee$', times: 1 }

async function withSample(options: Parameters<typeof start>[0] = {}) {
  const client = await start(options)
  client.simulator.seed({ carriers: [{ lastName: 'Sample' }] })
  const rename = (name: string) => client.send('EmployeeChange', `<Id>1</Id><LastName>${name}</LastName>`)
  const name = () => client.simulator.state.carrier(1)?.lastName
  return { ...client, rename, name }
}

test.each<[FaultSpec['kind'], Partial<FaultSpec>, number, number | null]>([
  ['fault', {}, 500, 990],
  ['fault', { code: 62, message: 'Something' }, 500, 62],
  ['http', { status: 502 }, 502, null],
  ['unauthenticated', {}, 401, null],
  ['maintenance', { retryAfterSeconds: 3 }, 503, null],
  ['throttle', { retryAfterSeconds: 7 }, 429, null],
])('%s %o strikes once, changes nothing, and the next call works', async (kind, more, status, code) => {
  await using client = await withSample()
  client.simulator.faults.add({ kind, ...change, ...more })
  expect((await client.send('EmployeeSearchInfo', '<EmployeeInfo/>')).status).toBe(200)
  const struck = await client.rename('Changed')
  expect([struck.status, struck.code]).toEqual([status, code])
  if (more.retryAfterSeconds !== undefined) expect(struck.headers['retry-after']).toBe(String(more.retryAfterSeconds))
  if (more.message !== undefined) expect(struck.fault).toBe(more.message)
  expect(client.name()).toBe('Sample')
  expect((await client.rename('Changed')).status).toBe(200)
  expect(client.name()).toBe('Changed')
})

test('a dropped connection before, after, and a write that lands late', async () => {
  await using client = await withSample()
  const { simulator, rename, name } = client
  simulator.faults.add({ kind: 'drop', ...change })
  await expect(rename('One')).rejects.toThrow()
  expect(name()).toBe('Sample')
  simulator.faults.add({ kind: 'drop-after', ...change })
  await expect(rename('Two')).rejects.toThrow()
  expect(name()).toBe('Two')
  simulator.faults.add({ kind: 'late-write', delayMs: 45_000, ...change })
  await expect(rename('Three')).rejects.toThrow()
  simulator.clock.advance(44_999)
  expect(name()).toBe('Two')
  simulator.clock.advance(1)
  await simulator.landed()
  expect(name()).toBe('Three')
  expect((await rename('Four')).status).toBe(200)
  const kinds = simulator.requests.find({ writes: true }).map(({ fault }) => fault)
  expect(kinds).toEqual(['drop', 'drop-after', 'late-write', null])
})

test('half an answer: it was done, and what comes is no XML', async () => {
  await using client = await withSample()
  client.simulator.faults.add({ kind: 'garbled', ...change })
  // The client of these tests parses every answer.
  await expect(client.rename('Changed')).rejects.toThrow(/[Ee]nd|[Pp]remature/)
  expect(client.name()).toBe('Changed')
})

test('a server that is down refuses connections and comes back on the same port', async () => {
  await using client = await withSample()
  const { id } = client.simulator.faults.add({ kind: 'down' })
  await expect(client.send('VersionSearchInfo')).rejects.toThrow()
  await expect(client.send('VersionSearchInfo')).rejects.toThrow(/ECONNREFUSED/)
  client.simulator.faults.remove(id)
  await vi.waitFor(async () => expect((await client.send('VersionSearchInfo')).status).toBe(200))
})

test('a half-open line takes connections and says nothing, until it is cleared', async () => {
  await using client = await withSample()
  const beganMs = performance.now()
  client.simulator.faults.add({ kind: 'half-open', forMs: 150 })
  await expect(client.send('VersionSearchInfo')).rejects.toThrow()
  expect(performance.now() - beganMs).toBeGreaterThan(140)
  expect((await client.send('VersionSearchInfo')).status).toBe(200)
})

test('a hanging call holds back its answer and nothing else', async () => {
  await using client = await withSample()
  client.simulator.faults.add({ kind: 'hang', times: 1 })
  const hanging = client.send('VersionSearchInfo').catch(() => 'cut')
  await vi.waitFor(() => expect(client.simulator.requests.find().at(-1)?.fault).toBe('hang'))
  expect((await client.send('VersionSearchInfo')).status).toBe(200)
  await client.simulator.close()
  expect(await hanging).toBe('cut')
})

test('slow adds its time to the call', async () => {
  await using client = await withSample()
  client.simulator.faults.add({ kind: 'slow', delayMs: 80, times: 1 })
  await client.send('VersionSearchInfo')
  await client.send('VersionSearchInfo')
  const [slow, quick] = client.simulator.requests.find({ operation: '^getVersion$' })
  expect(slow?.durationMs).toBeGreaterThan(70)
  expect(quick?.durationMs).toBeLessThan(70)
})

test('the description can fail too, and a fault may let some pass first', async () => {
  await using client = await withSample()
  client.simulator.faults.add({ kind: 'http', operation: 'wsdl', skip: 1, times: 1 })
  const statuses = [await client.get('wsdl'), await client.get('wsdl'), await client.get('wsdl')].map(
    ({ status }) => status,
  )
  expect(statuses).toEqual([200, 500, 200])
})

test('chance is seeded, unknown kinds and broken expressions are refused', () => {
  const strikes = (seed: number) => {
    const faults = new Faults(seededRandom(seed))
    faults.add({ kind: 'fault', probability: 0.3 })
    return Array.from({ length: 100 }, () => faults.judge('addEmployee').fault !== null)
  }
  expect(strikes(7)).toEqual(strikes(7))
  expect(strikes(7)).not.toEqual(strikes(8))
  const faults = new Faults(seededRandom(1))
  expect(() => faults.add({ kind: 'flood' } as unknown as FaultSpec)).toThrow(TypeError)
  expect(() => faults.add({ kind: 'fault', operation: '(' })).toThrow(SyntaxError)
})

test('a database put back from a copy has forgotten what came after it, and gives the same ids again', async () => {
  await using client = await withSample()
  const { simulator, rename, name } = client
  expect(() => simulator.putBack()).toThrow(TypeError)
  simulator.backup()
  await rename('Changed')
  await client.send('EmployeeAdd', '<LastName>New</LastName><PersonnelNo>5</PersonnelNo>')
  await client.send(
    'IdentifierAdd',
    '<CarrierId>2</CarrierId><IdentifierType>1</IdentifierType><BadgeNumber>5</BadgeNumber>',
  )
  simulator.clock.advance(1000)
  simulator.putBack()
  expect([name(), simulator.state.carrierCount, simulator.state.badge('5'), simulator.state.changes()]).toEqual([
    'Sample',
    1,
    null,
    [],
  ])
  expect(simulator.state.withPersonnelNo('5')).toEqual([])
  expect(simulator.state.standingAt(2, new Date(simulator.clock.now()))).toBe('absent')
  expect(simulator.state.standingAt(2, new Date(simulator.clock.now() - 1000))).toBe('open')
  const again = await client.send('EmployeeAdd', '<LastName>Other</LastName>')
  expect(text(again.body, 'Id')).toBe('2')
  // The copy is not touched by what is written afterwards.
  await rename('Once more')
  simulator.putBack()
  expect(name()).toBe('Sample')
})

test('a certificate that is renewed cuts connections, and new ones see it', async () => {
  await using client = await withSample()
  expect((await client.send('VersionSearchInfo')).status).toBe(200)
  const { ca, fingerprint256 } = client.simulator.renewCertificate()
  await expect(client.send('VersionSearchInfo')).rejects.toThrow()
  expect(new X509Certificate(ca).fingerprint256).toBe(fingerprint256)
  expect(fingerprint256).not.toBe(client.simulator.fingerprint256)
  const seen = await new Promise<string>((resolve, reject) => {
    const socket = connect({ port: Number(new URL(client.simulator.url).port), host: '127.0.0.1', ca }, () => {
      resolve(createHash('sha256').update(socket.getPeerCertificate(true).raw).digest('hex').toUpperCase())
      socket.destroy()
    })
    socket.on('error', reject)
  })
  expect(seen).toBe(fingerprint256.replaceAll(':', ''))
})

test('so many at a time: sixteen calls of 30 ms take two rounds of eight', async () => {
  await using client = await withSample({ latency: { fixedMs: 30 }, concurrency: 8 })
  await client.send('VersionSearchInfo')
  const startedMs = performance.now()
  await Promise.all(Array.from({ length: 16 }, () => client.send('VersionSearchInfo')))
  expect(performance.now() - startedMs).toBeGreaterThan(58)
})
