/** What does not reach a reader that is failing, full or not to be told, and what comes back from one. */
import { expect, test } from 'vitest'
import { type Client, startLoggedIn } from './client-for-tests.ts'
import type { DeviceCondition } from './device.ts'
import type { Quirks } from './quirks.ts'

const ada = { id: '5', name: 'Ada Sample', cards: ['501'], accessGroups: ['Main Entrance'] }
const front = { card_id: '501', door: 'Front Door' }
const back = { ...front, door: 'Back Door' }

async function withAda(condition: DeviceCondition, quirks: Partial<Quirks> = {}) {
  const client = await startLoggedIn({ quirks })
  client.simulator.seed({ users: [ada, { id: '6', name: 'Bob Sample' }] })
  client.simulator.setDevice('Front Door', condition)
  return client
}

/** Blocks the card and empties the access level. */
async function blockAndEmpty(client: Client): Promise<void> {
  const { id } = client.simulator.state.card('501') ?? { id: 0 }
  await client.send('POST', '/api/cards/blacklist', { Blacklist: { card_id: { id } } })
  await client.send('PUT', '/api/access_levels/1', { AccessLevel: { access_level_items: [] } })
}

function sync(client: Client) {
  const rows = [{ id: client.simulator.state.devices()[0]?.id }]
  return client.send('POST', '/api/devices/sync?clean=false', { DeviceCollection: { rows } })
}

test.each<[string, DeviceCondition, Partial<Quirks>]>([
  ['failing', 'failing', {}],
  ['full, where a full one refuses everything', 'full', { fullReaderRefuses: 'everything' }],
])(
  'a reader that is %s hears of no block and no change of rights, counts errors, and needs a sync afterwards',
  async (_what, condition, quirks) => {
    await using client = await withAda(condition, quirks)
    const { simulator } = client
    await blockAndEmpty(client)
    await client.send('PUT', '/api/users/5', { User: { disabled: 'true' } })
    expect(simulator.swipe(front).granted).toBe(true)
    expect(simulator.swipe(back).code).toBe(6404)
    const [reader] = (await client.send('POST', '/api/v2/devices/search', { limit: 1 })).body.DeviceCollection.rows
    if (condition === 'failing') expect([reader.status, reader.user_sync_status]).toEqual([2, 3])
    else expect(reader.user_sync_status).toBe(-1)
    const failed = await sync(client)
    expect([failed.code, failed.body.DeviceResponse]).toMatchObject([
      '1',
      { result: 'false', rows: [{ code: '1003' }] },
    ])
    // Being well again does not bring back what it missed.
    simulator.setDevice('Front Door', 'online')
    expect(simulator.swipe(front).granted).toBe(true)
    expect((await sync(client)).code).toBe('0')
    expect(simulator.swipe(front).code).toBe(6404)
    expect(simulator.state.user('5')?.devices[0]).toMatchObject({ disabled: true })
    expect(simulator.state.devices()[0]?.syncErrors).toBe(0)
  },
)

test('a full reader refuses only new people as long as nothing else is said', async () => {
  await using client = await withAda('full')
  await blockAndEmpty(client)
  expect(client.simulator.swipe(front).code).toBe(6404)
  client.simulator.hand({ action: 'unblock', card: '501' })
  expect(client.simulator.swipe(front).code).toBe(6401)
})

test.each<[Quirks['syncOffHolds'], number]>([
  ['people', 6404],
  ['everything', 4102],
])(
  'with synchronisation off and syncOffHolds: %s, a block gives %i at the door until a sync',
  async (syncOffHolds, code) => {
    await using client = await withAda('online', { syncOffHolds })
    client.simulator.changeSettings({ user_sync_method: 0, user_by_device_sync_method: 0 })
    await blockAndEmpty(client)
    await client.simulator.settled()
    expect(client.simulator.swipe(front).code).toBe(code)
    expect((await sync(client)).code).toBe('0')
    expect(client.simulator.swipe(front).code).toBe(6404)
  },
)

const edit = { name: 'Ada At The Reader', disabled: true, cards: ['501', '777'] }

test('with 1/1 an edit at a reader becomes the truth of the server and of every reader, and the event says whence', async () => {
  await using client = await withAda('online')
  const { simulator } = client
  simulator.seed({ users: [{ id: '7', name: 'Cy', cards: ['777'] }] })
  simulator.changeSettings({ user_sync_method: 1, user_by_device_sync_method: 1 })
  simulator.hand({ action: 'edit-at-reader', user: '5', door: 'Front Door', edit })
  expect(simulator.state.user('5')).toMatchObject({ name: 'Ada At The Reader', disabled: true })
  // A card of somebody else does not change hands that way.
  expect(simulator.state.user('5')?.cards.map(({ number }) => number)).toEqual(['501'])
  expect(simulator.swipe(back).code).toBe(6402)
  const search = { Query: { limit: 0, conditions: [{ column: 'event_type_id.code', operator: 0, values: ['8704'] }] } }
  const { rows } = (await client.send('POST', '/api/events/search', search)).body.EventCollection
  expect(rows.map((row: { user_update_by_device: string }) => row.user_update_by_device)[0]).toBe('true')
  expect(rows.at(-1).user_update_by_device).toBe('false')
})

test('with 1/0 an edit stays with its reader, and the next change at the server takes it away', async () => {
  await using client = await withAda('online')
  const { simulator } = client
  simulator.hand({ action: 'edit-at-reader', user: '5', door: 'Front Door', edit: { disabled: true } })
  expect(simulator.state.user('5')?.disabled).toBe(false)
  expect([simulator.swipe(front).code, simulator.swipe(back).code]).toEqual([6402, 4102])
  await client.send('PUT', '/api/users/5', { User: { name: 'Ada Changed' } })
  expect(simulator.swipe(front).code).toBe(4102)
})

test.each([
  ['the lock-out of the server holds', false, true],
  ['with returningReaderWins the reader undoes the lock-out', true, false],
])('an edit at a reader that was away comes with its return: %s', async (_what, returningReaderWins, disabled) => {
  await using client = await withAda('offline', { returningReaderWins })
  const { simulator } = client
  simulator.changeSettings({ user_sync_method: 1, user_by_device_sync_method: 1 })
  simulator.hand({ action: 'edit-at-reader', user: '5', door: 'Front Door', edit: { disabled: false } })
  simulator.hand({ action: 'edit-at-reader', user: '6', door: 'Front Door', edit: { name: 'Bob Renamed' } })
  await client.send('PUT', '/api/users/5', { User: { disabled: 'true' } })
  expect([simulator.swipe(front).granted, simulator.swipe(back).code]).toEqual([true, 6402])
  expect(simulator.state.user('6')?.name).toBe('Bob Sample')
  simulator.setDevice('Front Door', 'online')
  await simulator.settled()
  expect(simulator.state.user('5')?.disabled).toBe(disabled)
  expect([simulator.swipe(front).granted, simulator.swipe(back).granted]).toEqual([!disabled, !disabled])
  // Nobody else had changed Bob, so what the reader says of him counts either way.
  expect(simulator.state.user('6')?.name).toBe('Bob Renamed')
})

test('nobody is edited at a reader that does not know them, nor at a door that is not there', async () => {
  await using client = await withAda('online')
  const at = (user: string, door: string) => () =>
    client.simulator.hand({ action: 'edit-at-reader', user, door, edit: { disabled: true } })
  expect(at('99', 'Front Door')).toThrow(/does not know 99/)
  expect(at('5', 'Nowhere')).toThrow(/no such door/)
})
