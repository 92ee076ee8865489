/** The live socket: its steps in their order, what keeps it silent, and how events come. */
import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { WebSocket as RawSocket } from 'ws'
import { startLoggedIn } from './client-for-tests.ts'
import { openSocket, openStarted } from './socket-for-tests.ts'

const ada = { id: '5', name: 'Ada Sample', cards: ['501'], accessGroups: ['Main Entrance'] }
const front = { card_id: '501', door: 'Front Door' }

test('greeted and started, it tells every event with the key that a search calls hint', async () => {
  await using client = await startLoggedIn({ nowMs: Date.UTC(2026, 0, 5, 8), serverOffsetMinutes: 330 })
  const { simulator } = client
  simulator.seed({ users: [ada] })
  using socket = await openSocket(client)
  simulator.swipe(front)
  expect(await socket.greet()).toBe('0')
  simulator.swipe(front)
  expect((await client.send('POST', '/api/events/start', {})).code).toBe('0')
  simulator.swipe({ ...front, tnaKey: 1 })
  await socket.until(2)
  const found = await client.send('POST', '/api/events/search', {
    Query: { limit: 2, orders: [{ column: 'id', descending: true }] },
  })
  const [opened, granted] = found.body.EventCollection.rows
  // There is no replay: what was before the start never comes.
  expect(socket.events().map(({ id }) => id)).toEqual([granted.hint, opened.hint])
  expect(socket.events()[0]).toEqual({
    id: granted.hint,
    Event: {
      id: granted.hint,
      event_type_id: {
        code: '4102',
        name: 'VERIFY_SUCCESS_CARD',
        description: '1:1 match accepted using card',
        enable_alert: 'false',
        alertable: 'false',
        alert_name: '',
        alert_message: '',
      },
      index: '5',
      datetime: '2026-01-05T08:00:00.00Z',
      server_datetime: '2026-01-05T13:30:00.00Z',
      device_id: { id: '543000001', name: 'Front Door reader' },
      user_id: { user_id: '5', name: 'Ada Sample', photo_exists: 'false' },
      door_id: [{ id: '1', name: 'Front Door' }],
      tna_key: '1',
      parameter: '-1',
      event_priority: '0',
      is_dst: '0',
      timezone: { half: '1', hour: '5', negative: '0' },
      temperature: '0',
    },
  })
  expect(granted.event_type_id).toEqual({ code: '4102' })
  expect(socket.events()[1]?.Event.user_id).toBeUndefined()
})

test.each([
  ['biostarx', [200, '0']],
  ['biostar2', [500, '1100']],
] as const)('started too early, %s answers %j, and not one event comes', async (product, early) => {
  await using client = await startLoggedIn({ product, quirks: { handshakeMs: 60_000 } })
  const { simulator } = client
  simulator.seed({ users: [ada] })
  using socket = await openSocket(client)
  // Hurried: the session id is said, and its answer not waited for.
  socket.say(`bs-session-id=${client.session}`)
  const answer = await client.send('POST', '/api/events/start')
  expect([answer.status, answer.code]).toEqual(early)
  simulator.quirks.handshakeMs = 0
  expect(await socket.greet()).toBe('0')
  simulator.swipe(front)
  expect(simulator.state.sockets()).toMatchObject([{ stage: 'bound', alive: true, sent: 0 }])
  // In the right order it works on the same socket.
  await client.send('POST', '/api/events/start')
  simulator.swipe(front)
  await socket.until(2)
  expect(socket.events()).toHaveLength(2)
})

test('a session that does not live and a text that is none are refused, and the right one is taken after them', async () => {
  await using client = await startLoggedIn()
  using socket = await openSocket(client)
  expect(await socket.greet('0'.repeat(32))).toBe('1101')
  socket.say('hello')
  await vi.waitFor(() => expect(socket.frames.at(-1)).toBe('{"Response":{"code":"1100"}}'), { timeout: 10_000 })
  expect(await socket.greet()).toBe('0')
  client.simulator.faults.add({ kind: 'socket-refused', code: '1101', times: 1 })
  expect(await socket.greet()).toBe('1101')
})

test.each([
  ['a logout', async ({ send }) => void (await send('POST', '/api/logout'))],
  ['idleness', async ({ simulator }) => simulator.clock.advance(3600_001)],
  [
    'a second login where only one is allowed',
    async (client) => {
      client.simulator.changeSettings({ system_security: { use_allow_simultaneous_connection: false } })
      await client.login()
    },
  ],
] satisfies [string, (client: Awaited<ReturnType<typeof startLoggedIn>>) => Promise<void>][])(
  'after %s the socket stays open and is silent',
  async (_name, end) => {
    await using client = await startLoggedIn({ nowMs: Date.UTC(2026, 0, 5) })
    const { simulator } = client
    using socket = await openStarted(client)
    simulator.emit({ code: 20992, door: 'Front Door' })
    await socket.until(1)
    await end(client)
    simulator.emit({ code: 21248, door: 'Front Door' })
    expect(simulator.state.sockets()).toEqual([{ id: 1, stage: 'started', alive: false, sent: 1, lost: 1 }])
    expect(socket.socket.readyState).toBe(socket.socket.OPEN)
  },
)

test('origin and session are checked at the handshake where the settings say so', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.changeSettings({ websocket_cors: 'https://console.example, https://other.example' })
  const refused = (headers: Record<string, string>) => expect(openSocket(client, headers)).rejects.toThrow('refused')
  await refused({ origin: 'https://evil.example' })
  await openSocket(client, { origin: 'https://other.example' }).then((socket) => socket[Symbol.dispose]())
  await openSocket(client).then((socket) => socket[Symbol.dispose]())
  simulator.quirks.socketNeedsOrigin = true
  await refused({})
  simulator.changeSettings({ websocket_cors: '*', enable_websocket_connection_bsSessionId: true })
  await refused({ 'bs-session-id': '0'.repeat(32) })
  await openSocket(client, { cookie: `a=b; bs-session-id=${client.session}` }).then((one) => one[Symbol.dispose]())
  await openSocket(client, { 'bs-session-id': client.session }).then((socket) => socket[Symbol.dispose]())
  const statuses = simulator.requests.find({ path: '^/wsapi$' }).map(({ status }) => status)
  // This client asks once more after a 401.
  expect(statuses.filter((status) => status !== 401)).toEqual([403, 101, 101, 403, 101, 101])
  expect(statuses.slice(4, -2)).toContain(401)
})

test('frames may be in fragments that end within a character, or binary', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  const raw = new RawSocket(`${simulator.url.replace('https', 'wss')}/wsapi`, { ca: simulator.ca })
  const firstBytes: number[] = []
  raw.on('upgrade', ({ socket }) => socket.on('data', (bytes: Buffer) => firstBytes.push(bytes[0] ?? 0)))
  await once(raw, 'open')
  raw.send(`bs-session-id=${client.session}`)
  await once(raw, 'message')
  using socket = await openStarted(client)
  simulator.quirks.socketFragmentBytes = 7
  simulator.seed({ users: [{ ...ada, name: 'Åda Ünïcødé 漢字' }] })
  simulator.emit({ code: 4102, door: 'Front Door', user: '5' })
  await Promise.all([socket.until(1), once(raw, 'message')])
  expect(socket.events()[0]?.Event.user_id.name).toBe('Åda Ünïcødé 漢字')
  // A text that is whole begins with 0x81, a fragment with 0x01 (RFC 6455, section 5.2).
  expect(firstBytes.slice(0, 2)).toEqual([0x81, 0x01])
  raw.terminate()
  simulator.quirks.socketFragmentBytes = null
  simulator.quirks.socketBinary = true
  simulator.emit({ code: 4102, door: 'Front Door', user: '5' })
  await socket.until(2)
  expect(socket.frames.map((frame) => typeof frame)).toEqual(['string', 'string', 'object'])
})

test('doors, readers and synchronisation are told without being asked for', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.seed({ users: [ada] })
  using socket = await openStarted(client)
  await client.send('POST', '/api/doors/open', { DoorCollection: { rows: [{ id: '1' }] } })
  simulator.setDevice('Front Door', 'offline')
  await client.send('PUT', '/api/users/5', { User: { name: 'Ada Changed' } })
  simulator.setDevice('Front Door', 'online')
  await simulator.settled()
  await socket.until(9)
  expect(socket.events().map(({ Event }) => Number(Event.event_type_id.code))).toEqual([
    24320, 20480, 20736, 4095, 8704, 8704, 8704, 15104, 8704,
  ])
})

test('what a reader made while it was away comes late, or on no socket at all', async () => {
  await using client = await startLoggedIn({ nowMs: Date.UTC(2026, 0, 5, 8) })
  const { simulator } = client
  using socket = await openStarted(client)
  const away = () => {
    simulator.setDevice('Front Door', 'offline')
    expect(simulator.emit({ code: 4354, door: 'Front Door', unknownCard: '77' })).toBeNull()
    simulator.clock.advance(600_000)
    simulator.setDevice('Front Door', 'online')
  }
  away()
  await socket.until(3)
  const late = socket.events().at(-1)?.Event
  expect([late.datetime, late.server_datetime]).toEqual(['2026-01-05T08:00:00.00Z', '2026-01-05T09:10:00.00Z'])
  simulator.quirks.lateEventsOnSocket = false
  away()
  await socket.until(5)
  expect(simulator.state.sockets()).toMatchObject([{ sent: 5, lost: 1 }])
})

test('faults: refused, cut at every third event, lost, twice, late, frozen', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  const { faults } = simulator
  const tell = (code: number) => simulator.emit({ code, door: 'Front Door' })
  const codes = ({ events }: Awaited<ReturnType<typeof openStarted>>) =>
    events().map(({ Event }) => Number(Event.event_type_id.code))

  faults.add({ kind: 'http', path: '^/wsapi$', status: 503, times: 1 })
  await expect(openSocket(client)).rejects.toThrow('refused')

  using first = await openStarted(client)
  const cut = faults.add({ kind: 'socket-cut', every: 3 })
  for (const code of [1, 2]) tell(code)
  // What is on its way when the line is cut never comes either.
  await first.until(2)
  for (const code of [3, 4]) tell(code)
  await once(first.socket, 'close')
  expect(codes(first)).toEqual([1, 2])
  faults.remove(cut.id)

  using second = await openStarted(client)
  faults.add({ kind: 'event-lost', times: 1 })
  faults.add({ kind: 'event-twice', times: 1 })
  faults.add({ kind: 'event-late', delayMs: 30, times: 1 })
  for (const code of [5, 6, 7, 8]) tell(code)
  await second.until(4)
  expect(codes(second)).toEqual([6, 6, 8, 7])

  expect(simulator.endSockets('close')).toBe(1)
  const [end] = await once(second.socket, 'close')
  expect(end.code).toBe(1001)

  faults.add({ kind: 'socket-frozen', times: 1 })
  using frozen = await openSocket(client)
  frozen.say(`bs-session-id=${client.session}`)
  using third = await openSocket(client)
  expect(await third.greet()).toBe('0')
  expect(simulator.state.sockets().map(({ stage }) => stage)).toEqual(['open', 'bound'])
})

test('a socket that froze is open and dead, and so are all on a line that is half open', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  const raw = new RawSocket(`${simulator.url.replace('https', 'wss')}/wsapi`, { ca: simulator.ca })
  await once(raw, 'open')
  raw.ping()
  await once(raw, 'pong')
  expect(simulator.endSockets('freeze')).toBe(1)
  let pongs = 0
  raw.on('pong', () => pongs++)
  raw.ping()
  using socket = await openStarted(client)
  simulator.emit({ code: 1, door: 'Front Door' })
  await socket.until(1)
  const { id } = simulator.faults.add({ kind: 'half-open' })
  simulator.emit({ code: 2, door: 'Front Door' })
  expect(simulator.state.sockets()).toMatchObject([{ stage: 'open' }, { sent: 1, lost: 1 }])
  expect([raw.readyState, socket.socket.readyState, pongs]).toEqual([raw.OPEN, socket.socket.OPEN, 0])
  // Connections of such a line never come back to life.
  const closed = once(socket.socket, 'close')
  simulator.faults.remove(id)
  await closed
  raw.terminate()
})

test('a stale socket holds up the others, where they do', async () => {
  await using client = await startLoggedIn({ quirks: { staleSockets: { delayMs: 30, loseEvery: 2 } } })
  const { simulator } = client
  using stale = await openStarted(client)
  await client.send('POST', '/api/logout')
  await client.login()
  using socket = await openStarted(client)
  for (const code of [1, 2, 3, 4]) simulator.emit({ code, door: 'Front Door' })
  await socket.until(2)
  expect(simulator.state.sockets()).toMatchObject([
    { alive: false, sent: 0, lost: 4 },
    { alive: true, sent: 2, lost: 2 },
  ])
  expect(stale.events()).toEqual([])
})
