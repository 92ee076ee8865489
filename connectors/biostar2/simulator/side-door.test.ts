/** The control API does what the object does, and the record of requests holds proof without secrets. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { type Client, newUser, startLoggedIn } from './client-for-tests.ts'
import { openStarted } from './socket-for-tests.ts'

async function side(client: Client, method: string, path: string, body?: unknown) {
  const answer = await request(`${client.simulator.sideDoorUrl}${path}`, {
    method: method as 'GET',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: the documents are checked by the expectations of each test
  return { status: answer.statusCode, body: (await answer.body.json()) as any }
}

test('seed, swipe, hand, offline and clock work from another process', async () => {
  await using client = await startLoggedIn()
  const users = [{ id: '5', name: 'Ada Sample', cards: ['501'] }]
  expect((await side(client, 'POST', '/seed', { users })).body).toEqual({ users: 1 })
  const swipe = async () => (await side(client, 'POST', '/swipe', { card_id: '501', door: 'Front Door' })).body.code
  expect(await swipe()).toBe(6401)
  await side(client, 'POST', '/hand', { action: 'grant', user: '5', group: 'Main Entrance' })
  expect(await swipe()).toBe(4102)
  await side(client, 'POST', '/hand', { action: 'disable', user: '5' })
  expect(await swipe()).toBe(6402)
  expect((await side(client, 'GET', '/state/users/5')).body).toMatchObject({
    disabled: true,
    groups: ['Main Entrance'],
  })
  const state = (await side(client, 'GET', '/state')).body
  expect(state.users).toHaveLength(2)
  const offline = await side(client, 'POST', `/devices/${state.devices[0].id}/offline`, {})
  expect(offline.body.devices[0].condition).toBe('offline')
  const back = await side(client, 'POST', `/devices/${state.devices[0].id}/offline`, { offline: false })
  expect(back.body.devices[0].condition).toBe('online')
  await side(client, 'POST', '/hand', { action: 'enable', user: '5' })
  await side(client, 'POST', '/clock', { now: '2036-01-01T00:00:00Z', frozen: true })
  expect(await swipe()).toBe(6403)
})

test('events, sockets, clocks, bursts and the operators log are steered from another process', async () => {
  await using client = await startLoggedIn()
  using socket = await openStarted(client)
  await side(client, 'POST', '/seed', { users: [{ id: '5', name: 'Ada Sample', cards: ['501'], fingerprints: 1 }] })
  const reader = 543_000_001
  await side(client, 'POST', `/devices/${reader}/clock`, { aheadMs: -1000, jumpMs: -500, zoneMinutes: 60 })
  const devices = (await side(client, 'GET', '/state')).body.devices
  expect(devices[0]).toMatchObject({ id: reader, aheadMs: -1500 })
  const emitted = (await side(client, 'POST', '/emit', { code: 21504, door: 'Front Door', tnaKey: 1 })).body.event
  expect(emitted).toMatchObject({ code: 21504, doorId: 1, index: 1 })
  await socket.until(1)
  const logged = (await side(client, 'GET', '/events')).body.events
  expect(logged).toEqual([{ ...emitted, key: socket.events()[0]?.id }])
  const silent = (await side(client, 'POST', '/faults', { kind: 'socket-silent' })).body
  await side(client, 'POST', `/devices/${reader}/wipe`)
  expect((await side(client, 'GET', '/sockets')).body.sockets).toMatchObject([{ stage: 'started', sent: 1, lost: 1 }])
  await side(client, 'DELETE', `/faults/${silent.id}`)
  await side(client, 'POST', '/hand', { action: 'swap', user: '5', credential: 'fingerprint' })
  expect((await side(client, 'GET', '/audit')).body.entries).toMatchObject([{ target: '5', action: 'Update' }])
  await client.send('GET', '/api/users/5')
  const asked = (await side(client, 'GET', '/requests?biometric=true')).body.requests
  expect(asked.map(({ path }: { path: string }) => path)).toEqual(['/api/users/5'])
  expect((await side(client, 'GET', '/burst')).status).toBe(404)
  await side(client, 'POST', '/burst', { events: 200, perSecond: 50_000, twice: 0, late: 0, cuts: 0 })
  const isOver = async () => expect((await side(client, 'GET', '/burst')).body.isOver).toBe(true)
  await vi.waitFor(isOver, { timeout: 10_000 })
  const { keys } = (await side(client, 'GET', '/burst/keys')).body
  await socket.until(1 + 4 + 200)
  expect(
    new Set(
      socket
        .events()
        .slice(-200)
        .map(({ id }) => id),
    ),
  ).toEqual(new Set(keys))
  expect((await side(client, 'DELETE', '/sockets?how=nicely')).status).toBe(400)
  expect((await side(client, 'DELETE', '/sockets?how=close')).body).toEqual({ ended: 1 })
})

test('a search that fails or is slow does so as long as it is told', async () => {
  await using client = await startLoggedIn()
  const search = () => client.send('POST', '/api/events/search', { Query: { limit: 1 } })
  await side(client, 'POST', '/faults', { kind: 'http', path: '^/api/events/search$', times: 1 })
  await side(client, 'POST', '/faults', { kind: 'slow', path: '^/api/events/search$', delayMs: 60, times: 2 })
  expect([(await search()).status, (await search()).status, (await search()).status]).toEqual([500, 200, 200])
  const took = client.simulator.requests.find({ path: 'search' }).map(({ durationMs }) => (durationMs ?? 0) > 50)
  expect(took.slice(0, 2)).toEqual([true, true])
})

test('faults are armed, listed and cleared through it, and nonsense is refused', async () => {
  await using client = await startLoggedIn()
  const { body } = await side(client, 'POST', '/faults', { kind: 'http', status: 503, path: 'users' })
  expect((await client.send('GET', '/api/users')).status).toBe(503)
  expect((await side(client, 'GET', '/faults')).body.faults).toMatchObject([{ id: body.id, hits: 1 }])
  await side(client, 'DELETE', `/faults/${body.id}`)
  expect((await client.send('GET', '/api/users')).status).toBe(200)
  expect((await side(client, 'POST', '/faults', { kind: 'flood' })).status).toBe(400)
  expect((await side(client, 'POST', '/swipe', { card_id: '1', door: 'Nowhere' })).status).toBe(400)
  expect((await side(client, 'GET', '/state/users/99')).status).toBe(404)
  expect((await side(client, 'GET', '/nothing')).status).toBe(404)
})

test('requests are counted per person and prove that no biometrics moved; PINs and session ids are not in the record', async () => {
  await using client = await startLoggedIn()
  await client.send('POST', '/api/users', newUser('5', { pin: '97531864' }))
  await client.send('PUT', '/api/users/5', { User: { name: 'Changed' } })
  const mine = (await side(client, 'GET', '/requests?user=5')).body.requests
  expect(mine.map((entry: { method: string }) => entry.method)).toEqual(['POST', 'PUT'])
  expect(mine[0]).toMatchObject({ path: '/api/users', status: 200, code: '0', pinSent: true, biometricsSent: [] })
  const written = JSON.stringify(client.simulator.requests.find())
  expect(written).not.toContain('97531864')
  expect(written).not.toContain(client.session)
  expect(written).not.toContain(client.simulator.password)
  const face = { visualFaces: [{ template_ex_picture: 'AAAA' }] }
  await client.send('PUT', '/api/users/5', { User: { credentials: face } })
  expect(client.simulator.requests.find().at(-1)?.biometricsSent).toEqual(['visualFaces', 'template_ex_picture'])
  await client.send('GET', '/api/users/5')
  expect(client.simulator.requests.find().at(-1)?.biometricsRead).toEqual(['visualFaces'])
})

test('equal bodies have equal digests within a run and different ones across runs', async () => {
  const digests = async () => {
    await using client = await startLoggedIn()
    for (let at = 0; at < 2; at++) await client.send('POST', '/api/v2/users/search', { limit: 1 })
    return client.simulator.requests.find({ path: 'search' }).map((entry) => entry.bodyDigest)
  }
  const [first, again] = await digests()
  expect(first).toMatch(/^[0-9a-f]{64}$/)
  expect(again).toBe(first)
  expect(await digests()).not.toContain(first)
})

test('the command prints where it listens as JSON and stops on SIGTERM', async () => {
  const script = `
    import { runSimulator } from ${JSON.stringify(new URL('./main.ts', import.meta.url).href)}
    process.exitCode = await runSimulator(['--json', '--latency', '0', '--people', '3'])`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const printed = JSON.parse(line.toString())
  expect(printed).toMatchObject({ username: 'admin', url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/) })
  const state = await request(`${printed.sideDoorUrl}/state`)
  expect(((await state.body.json()) as { total: number }).total).toBe(4)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
})

test('a copy of the database is put back: people, cards and counters are what they were, and sessions are gone', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.seed({ users: [{ id: '5', name: 'Ada', cards: ['77'], accessGroups: ['Main Entrance'] }] })
  expect((await side(client, 'POST', '/restore')).body.error).toMatch(/no copy/)
  await side(client, 'POST', '/backup')
  // Of each what the server says, apart from what its readers know.
  const stored = () => simulator.state.users().map(({ devices: _known, ...user }) => user)
  const before = stored()
  simulator.hand({ action: 'delete', user: '5' })
  simulator.hand({ action: 'create', user: { id: '6', name: 'Bo', cards: ['78'] } })
  simulator.hand({ action: 'block', card: '77' })
  await simulator.settled()
  await side(client, 'POST', '/restore')
  expect(stored()).toEqual(before)
  expect([simulator.state.card('77')?.blocked, simulator.state.card('78')]).toEqual([false, null])
  expect(simulator.state.sessions).toBe(0)
  // The reader was told that they are gone, and of nothing since.
  expect(simulator.swipe({ card_id: '77', door: 'Front Door' }).code).not.toBe(4102)
})
