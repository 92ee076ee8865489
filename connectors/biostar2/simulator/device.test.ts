/** Readers decide from what they were told: delay, silence, outage and the event each decision leaves. */
import { expect, test } from 'vitest'
import { newUser, startLoggedIn } from './client-for-tests.ts'

const ada = { id: '5', name: 'Ada Sample', cards: ['501'], accessGroups: ['Main Entrance'] }
const front = { card_id: '501', door: 'Front Door' }

test('each refusal has its own code, in the log as at the door', async () => {
  await using client = await startLoggedIn({ nowMs: Date.UTC(2026, 0, 5) })
  const { simulator } = client
  simulator.seed({ users: [ada] })
  expect(simulator.swipe(front)).toMatchObject({ granted: true, code: 4102, userId: '5' })
  expect(simulator.swipe({ ...front, card_id: '999' }).code).toBe(4354)
  expect(simulator.swipe({ ...front, door: 'Server Room' }).code).toBe(6401)
  const put = (changes: unknown) => client.send('PUT', '/api/users/5', { User: changes })
  await put({ disabled: 'true' })
  expect(simulator.swipe(front).code).toBe(6402)
  await put({ disabled: 'false', expiry_datetime: '2025-12-31T23:59:00.00Z' })
  expect(simulator.swipe(front).code).toBe(6403)
  await put({ start_datetime: '2026-01-06T00:00:00.00Z', expiry_datetime: '2027-01-06T00:00:00.00Z' })
  expect(simulator.swipe(front).code).toBe(6403)
  simulator.clock.advance(86_400_000)
  expect(simulator.swipe(front).granted).toBe(true)
  // The day that passed has ended the session too.
  await client.login()
  const id = simulator.state.card('501')?.id
  await client.send('POST', '/api/cards/blacklist', { Blacklist: { card_id: { id } } })
  expect(simulator.swipe(front)).toMatchObject({ granted: false, code: 6404 })
  await client.send('DELETE', '/api/users?id=5')
  await client.send('DELETE', `/api/cards/blacklist?id=${id}`)
  expect(simulator.swipe(front).code).toBe(4354)
})

test('a 200 is no proof: until the delay is over the reader still opens', async () => {
  await using client = await startLoggedIn({ deviceDelayMs: 150 })
  const { simulator } = client
  simulator.seed({ users: [ada] })
  expect((await client.send('PUT', '/api/users/5', { User: { disabled: 'true' } })).code).toBe('0')
  expect(simulator.swipe(front).granted).toBe(true)
  await simulator.settled()
  expect(simulator.swipe(front).code).toBe(6402)
  expect(simulator.state.events().map(({ code }) => code)).toContain(8704)
})

test('with synchronisation off only an export tells the reader', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.seed({ users: [ada] })
  simulator.changeSettings({ user_sync_method: '0', user_by_device_sync_method: '0' })
  await client.send('PUT', '/api/users/5', { User: { disabled: 'true' } })
  await simulator.settled()
  expect(simulator.swipe(front).granted).toBe(true)
  const rows = simulator.state.devices().map(({ id }) => ({ id: String(id) }))
  const sent = { DeviceCollection: { rows } }
  const skipped = await client.send('POST', '/api/users/export?overwrite=false&id=5', sent)
  expect(skipped.code).toBe('0')
  expect(simulator.swipe(front).granted).toBe(true)
  const pushed = await client.send('POST', '/api/users/export?overwrite=true&id=5', sent)
  expect(pushed.body.DeviceResponse).toMatchObject({ result: 'true', rows: [{ code: '0' }, {}, {}, {}] })
  expect(simulator.swipe(front).code).toBe(6402)
})

test('an offline reader goes on with what it knew, catches up on return and uploads its events then', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.seed({ users: [ada] })
  simulator.setDevice('Front Door', 'offline')
  await client.send('PUT', '/api/users/5', { User: { disabled: 'true' } })
  const offline = simulator.swipe(front)
  expect(offline).toMatchObject({ granted: true, event: null })
  expect(simulator.swipe({ ...front, door: 'Back Door' }).code).toBe(6402)
  const search = await client.send('POST', '/api/v2/devices/search', { limit: 0 })
  expect(search.body.DeviceCollection.rows[0]).toMatchObject({ status: 0, name: 'Front Door reader' })
  const rows = [{ id: search.body.DeviceCollection.rows[0].id }]
  const pushed = await client.send('POST', '/api/users/export?overwrite=true&id=5', { DeviceCollection: { rows } })
  expect(pushed.body.DeviceResponse).toEqual({ rows: [{ id: String(rows[0]?.id), code: '1001' }], result: 'false' })
  expect(pushed.code).toBe('1')
  simulator.setDevice('Front Door', 'online')
  await simulator.settled()
  expect(simulator.swipe(front).code).toBe(6402)
  expect(simulator.state.events().filter(({ code }) => code === 4102)).toHaveLength(1)
})

test('synchronising by access group puts people on the readers of their doors and takes them off again', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.changeSettings({ user_sync_method: 3, user_by_device_sync_method: 0 })
  await client.send('POST', '/api/users', newUser('5', { access_groups: [{ id: 1 }] }))
  const known = () => simulator.state.user('5')?.devices.map((device) => device.known)
  expect(known()).toEqual([true, true, false, false])
  await client.send('PUT', '/api/users/5', { User: { access_groups: [{ id: 2 }] } })
  expect(known()).toEqual([false, false, true, false])
  expect(simulator.state.events().map(({ code }) => code)).toEqual([8192, 8192, 9216, 9216, 8192])
})

test('a failing reader keeps its old knowledge and counts errors', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.seed({ users: [ada] })
  simulator.setDevice('Front Door', 'failing')
  await client.send('PUT', '/api/users/5', { User: { disabled: 'true' } })
  expect(simulator.swipe(front).granted).toBe(true)
  expect(simulator.state.devices()[0]).toMatchObject({ condition: 'failing', syncErrors: 1 })
  expect(simulator.state.events().map(({ code }) => code)).toContain(8960)
})

test('events are found by code and time, carry the 30 digit key and a server time with a false Z', async () => {
  await using client = await startLoggedIn({ nowMs: Date.UTC(2026, 0, 5, 8), serverOffsetMinutes: 540 })
  client.simulator.seed({ users: [ada] })
  client.simulator.swipe(front)
  const conditions = [
    { column: 'event_type_id.code', operator: 2, values: ['4102', '4867'] },
    { column: 'datetime', operator: 3, values: ['2026-01-05T00:00:00.000Z', '2026-01-06T00:00:00.000Z'] },
  ]
  const { body } = await client.send('POST', '/api/events/search', { Query: { limit: 10, conditions } })
  expect(body.EventCollection.total).toBeUndefined()
  expect(body.EventCollection.rows).toHaveLength(1)
  expect(body.EventCollection.rows[0]).toMatchObject({
    datetime: '2026-01-05T08:00:00.00Z',
    server_datetime: '2026-01-05T17:00:00.00Z',
    user_id: { user_id: '5' },
    door_id: [{ id: '1', name: 'Front Door' }],
    event_type_id: { code: '4102' },
    timezone: { half: '0', hour: '9', negative: '0' },
    hint: `${Date.UTC(2026, 0, 5, 8) / 1000}05430000010000000001`,
  })
  conditions[0] = { column: 'event_type_id.code', operator: 2, values: ['6401'] }
  const none = await client.send('POST', '/api/events/search', { Query: { limit: 10, conditions } })
  expect(none.body.EventCollection.rows).toEqual([])
})

test('a locked door refuses, and a command to an offline reader fails in its row only', async () => {
  await using client = await startLoggedIn()
  const { simulator } = client
  simulator.seed({ users: [ada] })
  const command = (name: string) =>
    client.send('POST', `/api/doors/${name}`, { DoorCollection: { total: 1, rows: [{ id: '1' }] } })
  await command('lock')
  expect(simulator.swipe(front)).toMatchObject({ granted: false, code: 6400 })
  await command('release')
  expect(simulator.swipe(front).granted).toBe(true)
  simulator.setDevice('Front Door', 'offline')
  const answer = await command('open')
  expect([answer.status, answer.code]).toEqual([200, '0'])
  expect(answer.body.DoorResponse.rows).toEqual([{ id: '1', code: '1001' }])
})
