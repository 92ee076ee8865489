/** Proves that events come at once by the socket, and all of them whatever the socket does, by the log. */
import { expect, test } from 'vitest'
import { type Follower, hurried, server, steady } from './testing.ts'

const person = { id: '5', name: 'Made-up Ada', cards: ['501'], accessGroups: ['Main Entrance'] }
const keys = ({ told }: Follower) => told.map(({ key }) => key)
/** Numbers of unknown cards, in the order in which they were told. */
const cards = ({ told }: Follower) => told.flatMap(({ event }) => event.cardNumber ?? [])
const eventually = <T>(value: () => T) => expect.poll(value, { timeout: 10_000, interval: 20 })
type Site = Awaited<ReturnType<typeof server>>

/** Somebody tries cards of these numbers that nobody has. */
function tryCards({ simulator }: Site, ...numbers: readonly number[]) {
  for (const number of numbers) simulator.emit({ code: 4354, door: 'Front Door', unknownCard: String(number) })
}

/** As the vendor's documents have them: second, device and index in its log. */
function keysOfLog({ simulator }: Site) {
  return simulator.state
    .events()
    .map(({ atMs, deviceId, index }) =>
      [Math.floor(atMs / 1000), deviceId, index].map((part) => String(part).padStart(10, '0')).join(''),
    )
}

async function untilOpen({ simulator }: Site) {
  await eventually(() => simulator.state.sockets().at(-1)).toMatchObject({ stage: 'started', alive: true })
}

test('from now on: what was before is not told, what comes is told once, at once, with the keys of the log', async () => {
  await using site = await server()
  site.simulator.seed({ users: [person] })
  tryCards(site, 71)
  const before = keysOfLog(site).length
  await using follower = site.follow(null, steady)
  await untilOpen(site)
  // The log is read once more when the socket has opened; whatever comes after that is told by the socket.
  for (let n = 1; n < 20 && !follower.batches.some(({ live }) => live); n += 1) {
    tryCards(site, n)
    await eventually(() => cards(follower)).toContain(String(n))
  }
  site.simulator.swipe({ card_id: '501', door: 'Front Door' })
  await eventually(() => keys(follower)).toEqual(keysOfLog(site).slice(before))
  expect(follower.batches.at(-1)?.live).toBe(true)
  expect(follower.told.find(({ event }) => event.account === '5')?.event).toMatchObject({
    ...{ type: 'access.granted', direction: 'in', verify: ['card'], approximate: false },
    door: { name: 'Front Door' },
  })
})

test('from a cursor: what happened meanwhile, in the order of the log, and nothing that the cursor stands for', async () => {
  await using site = await server()
  const first = site.follow()
  await untilOpen(site)
  tryCards(site, 1, 2, 3)
  await eventually(() => cards(first)).toHaveLength(3)
  // The place settles a little later.
  const before = first.cursor
  await eventually(() => first.cursor).not.toBe(before)
  await first.stop()
  tryCards(site, 4, 5)
  await using second = site.follow(first.cursor)
  await eventually(() => cards(second)).toContain('5')
  expect(cards(second)).toEqual(['1', '2', '3', '4', '5'].slice(-cards(second).length))
})

test('what happened meanwhile comes page by page, however short the server makes them, each once', async () => {
  await using site = await server({ quirks: { eventPageMax: 70 } })
  const first = site.follow()
  await eventually(() => first.cursor).not.toBeNull()
  await first.stop()
  tryCards(site, ...Array.from({ length: 600 }, (_, n) => 10_000 + n))
  await using second = site.follow(first.cursor, steady)
  await eventually(() => cards(second).length).toBe(600)
  expect(new Set(cards(second)).size).toBe(600)
})

test('a socket that keeps events from us is noticed by the log, which tells them, and is opened anew', async () => {
  await using site = await server()
  await using follower = site.follow()
  await untilOpen(site)
  site.simulator.faults.add({ kind: 'socket-silent', times: 2 })
  await eventually(() => follower.batches.length).toBeGreaterThan(4)
  tryCards(site, 1, 2)
  await eventually(() => cards(follower)).toEqual(['1', '2'])
  await eventually(() => site.simulator.state.sockets().map(({ id }) => id)).toEqual([2])
  expect(site.logged).toContain('events.socket-silent')
})

test('a session that ends takes its socket with it: the next one is opened, and what came between is read', async () => {
  await using site = await server()
  await using follower = site.follow()
  await untilOpen(site)
  for (const number of [1, 2, 3]) {
    site.simulator.faults.add({ kind: 'session-expiry', times: 1 })
    tryCards(site, number)
    await eventually(() => cards(follower)).toContain(String(number))
    await untilOpen(site)
  }
  expect(cards(follower)).toEqual(['1', '2', '3'])
  // A login of ours that replaces the session, though that one is alive.
  const { length } = site.simulator.requests.find({ path: '/wsapi' })
  await site.session.user(new AbortController().signal, 0)
  await eventually(() => site.simulator.requests.find({ path: '/wsapi' })).toHaveLength(length + 1)
})

test('a socket that is gone is opened again, and what came between is read at once', async () => {
  await using site = await server()
  await using follower = site.follow(null, { ...steady, walkAloneMs: 60_000 })
  await untilOpen(site)
  for (const [n, how] of [
    [1, 'cut'],
    [2, 'close'],
  ] as const) {
    site.simulator.endSockets(how)
    tryCards(site, n)
    await eventually(() => cards(follower)).toContain(String(n))
    await untilOpen(site)
  }
  expect(cards(follower)).toEqual(['1', '2'])
})

test('a server that refuses the socket, answers nothing on it, or does not open it, tells its events all the same', async () => {
  await using site = await server()
  const faults = [
    { kind: 'socket-refused' },
    { kind: 'socket-frozen' },
    { kind: 'http', status: 404, path: '^/wsapi$' },
  ] as const
  await using follower = site.follow(null, { ...hurried, greetMs: 50 })
  await untilOpen(site)
  for (const [n, fault] of faults.entries()) {
    site.simulator.faults.add(fault)
    site.simulator.endSockets()
    await eventually(() => site.logged.at(-1)).toBe('events.socket-failed')
    tryCards(site, n + 1)
    await eventually(() => cards(follower)).toContain(String(n + 1))
    site.simulator.faults.clear()
    await untilOpen(site)
    await eventually(() => site.logged.at(-1)).toBe('events.socket-back')
  }
})

test('what is told twice, late, in fragments and as binary is told on once', async () => {
  await using site = await server({ quirks: { socketFragmentBytes: 50, socketBinary: true } })
  await using follower = site.follow(null, steady)
  await untilOpen(site)
  site.simulator.faults.add({ kind: 'event-twice' })
  tryCards(site, 1, 2, 3)
  await eventually(() => cards(follower)).toEqual(['1', '2', '3'])
})

test.each([
  ['by the socket, and say nothing about clocks', true],
  ['by the log only', false],
])('events of a reader that was away come when it is back, %s', async (_title, lateEventsOnSocket) => {
  await using site = await server({ quirks: { lateEventsOnSocket } })
  await using follower = site.follow(null, lateEventsOnSocket ? steady : hurried)
  await untilOpen(site)
  site.simulator.setDevice('Front Door', 'offline')
  site.simulator.emit({ code: 4354, door: 'Front Door', unknownCard: '9', at: '2026-01-05T08:00:00Z' })
  tryCards(site, 10)
  site.simulator.setDevice('Front Door', 'online')
  await eventually(() => cards(follower)).toEqual(['9', '10'])
  const batch = follower.batches.find(({ events }) => events.some(({ event }) => event.cardNumber === '9'))
  expect(batch?.live).toBe(false)
  expect(follower.told.find(({ event }) => event.cardNumber === '9')?.event.at).toBe('2026-01-05T08:00:00.000Z')
})

test('a burst that the engine can not take at once waits within bounds, and what is dropped is read in the log', async () => {
  await using site = await server()
  const { promise: free, resolve: letGo } = Promise.withResolvers<void>()
  const busy = { until: Promise.resolve() }
  await using follower = site.follow(null, { ...steady, waitingMax: 20_000 }, () => busy.until)
  await untilOpen(site)
  busy.until = free
  const numbers = Array.from({ length: 300 }, (_, n) => String(1000 + n))
  tryCards(site, ...numbers.map(Number))
  await eventually(() => site.simulator.state.sockets()).toMatchObject([{ sent: 300 }])
  letGo()
  await eventually(() => cards(follower).length).toBe(300)
  expect(cards(follower).toSorted()).toEqual(numbers)
})

test('a quiet site is heard all the same: batches keep coming with a cursor, and the idle session is kept by asking again', async () => {
  await using site = await server()
  await using follower = site.follow()
  await eventually(() => site.simulator.requests.find({ path: '/api/events/start' }).length).toBeGreaterThan(2)
  await eventually(() => follower.batches.filter(({ cursor }) => cursor !== undefined).length).toBeGreaterThan(3)
  expect(follower.told).toEqual([])
  expect([follower.failure, site.simulator.requests.find({ path: '/(api/login|wsapi)' })]).toMatchObject([
    undefined,
    { length: 2 },
  ])
})

test('stopping ends at once with the reason, and closes the socket', async () => {
  await using site = await server()
  const follower = site.follow(null, steady)
  await untilOpen(site)
  await follower.stop()
  expect(follower.failure).toMatchObject({ message: 'the test is over' })
  await eventually(() => site.simulator.state.sockets()).toEqual([])
})

test.each([
  ['refused login', { kind: 'unauthenticated', code: 'biostar2.login-refused' }],
  ['login without the right to events', { kind: 'rejected', code: 'biostar2.not-allowed' }],
  ['log in an order of its own', { kind: 'rejected', code: 'biostar2.events-unsorted' }],
  ['server that is away', { kind: 'transient', code: 'http.connection' }],
])('a %s is told', async (what, told) => {
  await using site = await server({}, what === 'refused login' ? { password: 'wrong-made-up' } : {})
  tryCards(site, 1, 2)
  if (what.endsWith('own')) site.simulator.quirks.ignoreEventOrder = true
  if (what.endsWith('events'))
    site.simulator.faults.add({ kind: 'http', status: 403, code: '20', path: '^/api/events/search$' })
  if (what.endsWith('away')) site.simulator.faults.add({ kind: 'down' })
  await using follower = site.follow(
    what.endsWith('own') ? '{"v":1,"row":0,"key":null,"time":null,"reached":[]}' : null,
  )
  await eventually(() => follower.failure).toMatchObject(told)
})

test('a cursor of another version is refused, since to begin anywhere else would pass over events', async () => {
  await using site = await server()
  await using follower = site.follow('{"v":2}')
  await eventually(() => follower.failure).toMatchObject({ kind: 'rejected', code: 'biostar2.cursor-unknown' })
})

test('a login that may not read doors costs the direction only', async () => {
  await using site = await server()
  site.simulator.faults.add({ kind: 'http', status: 403, code: '20', path: '^/api/v2/doors/search$' })
  await using follower = site.follow(null, steady)
  await untilOpen(site)
  tryCards(site, 1)
  await eventually(() => cards(follower)).toEqual(['1'])
  expect(follower.told[0]?.event).toMatchObject({ direction: null, door: { name: 'Front Door' } })
  expect(site.logged).toContain('events.doors-unreadable')
})
