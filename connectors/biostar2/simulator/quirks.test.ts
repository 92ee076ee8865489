/** Every quirk that hides, shortens or twists an answer does so when it is switched on, and nothing while it is off. */
import { expect, test } from 'vitest'
import { type Client, newCard, newUser, start, startLoggedIn } from './client-for-tests.ts'
import type { Quirks } from './quirks.ts'

const people = {
  userGroups: [{ name: 'Staff' }, { name: 'Night Shift', parent: 'Staff' }, { name: 'Board' }],
  users: [
    { id: '5', name: 'Ada Sample', userGroup: 'Staff', cards: ['501'] },
    { id: '6', name: 'Bob Sample', userGroup: 'Night Shift' },
    { id: '7', name: 'Cy Sample', userGroup: 'Board', cards: ['701'], accessGroups: ['Warehouse'] },
  ],
}

async function listed(client: Client) {
  const { UserCollection } = (await client.send('POST', '/api/v2/users/search', { limit: 0 })).body
  const ids = UserCollection.rows.map((row: { user_id: string }) => row.user_id)
  return { ids, total: UserCollection.total }
}

test('operatorGroups: people of other groups are missing from lists and answered as absent, whatever is asked of them', async () => {
  await using client = await start({ quirks: { operatorGroups: ['Staff'] } })
  client.simulator.seed(people)
  const { permission } = (await client.login()).body.User
  expect(permission.filter.UserGroup).toEqual(['1001'])
  expect(permission.id).not.toBe('1')
  expect(await listed(client)).toEqual({ ids: ['5', '6'], total: 2 })
  expect((await client.send('GET', '/api/users')).body.UserCollection.total).toBe('2')
  const advanced = await client.send('POST', '/api/v2/users/advance_search', { limit: 0, user_name: 'Sample' })
  expect(advanced.body.UserCollection.total).toBe(2)
  expect((await client.send('GET', '/api/users/6')).code).toBe('0')
  const absent = [
    await client.send('GET', '/api/users/7'),
    await client.send('PUT', '/api/users/7', { User: { disabled: 'true' } }),
    await client.send('DELETE', '/api/users?id=7'),
    await client.send('PUT', '/api/access_groups/1', { AccessGroup: { new_users: [{ user_id: '7' }] } }),
  ]
  expect(absent.map(({ status, code }) => [status, code])).toEqual(absent.map(() => [400, '201']))
  expect(client.simulator.state.user('7')?.disabled).toBe(false)
  expect((await client.send('GET', '/api/access_groups/3/users')).body.UserCollection.rows).toEqual([])
  const [card] = (await client.send('GET', '/api/cards?query=701')).body.CardCollection.rows
  expect([card.is_assigned, card.user_id]).toEqual(['true', undefined])
  // The person is there all the same: their id is taken and their card opens the door.
  expect((await client.send('POST', '/api/users', newUser('7'))).code).toBe('202')
  expect(client.simulator.swipe({ card_id: '701', door: 'Loading Dock' }).granted).toBe(true)
})

test('operatorGroups: somebody moved out of sight is gone for the login, and without the quirk everybody is seen', async () => {
  await using client = await startLoggedIn()
  client.simulator.seed(people)
  expect((await client.login()).body.User.permission).toMatchObject({ id: '1', filter: { UserGroup: ['1'] } })
  expect((await listed(client)).total).toBe(4)
  client.simulator.quirks.operatorGroups = ['Staff']
  client.simulator.hand({ action: 'move', user: '5', userGroup: 'Board' })
  expect((await client.send('GET', '/api/users/5')).code).toBe('201')
  expect(await listed(client)).toEqual({ ids: ['6'], total: 1 })
})

test('readersRefused: every read of readers is HTTP 403 with 20, and the login says so', async () => {
  await using client = await startLoggedIn()
  const search = () => client.send('POST', '/api/v2/devices/search', { limit: 0 })
  expect((await search()).code).toBe('0')
  client.simulator.quirks.readersRefused = true
  for (const answer of [await search(), await client.send('GET', '/api/devices')]) {
    expect([answer.status, answer.code]).toEqual([403, '20'])
  }
  expect((await listed(client)).total).toBe(1)
  expect((await client.login()).body.User.permission.module.Device).toEqual({ read: 'false', write: 'false' })
})

test.each([
  ['a code', { status: 400, code: '1700', times: 2 }, 400, '1700'],
  ['a code that is left out', { status: 500, times: 2 }, 500, '4'],
  ['a page of a web server', { status: 404, body: '<html>Not Found</html>', times: 2 }, 404, undefined],
])('loginFault: %s, as often as told, and then the login works', async (_what, loginFault, status, code) => {
  await using client = await start({ quirks: { loginFault } })
  for (let tries = 0; tries < 2; tries++) {
    const answer = await client.login()
    expect([answer.status, answer.code]).toEqual([status, code])
    if ('body' in loginFault) expect(answer.body).toBe(loginFault.body)
  }
  expect(client.simulator.state.sessions).toBe(0)
  expect((await client.login()).code).toBe('0')
  expect((await listed(client)).total).toBe(1)
})

test('cardPageMax: a page of cards is no longer than that, with and without a limit, while total counts all', async () => {
  await using client = await startLoggedIn()
  for (const number of ['101', '102', '103']) await client.send('POST', '/api/cards', newCard(number))
  const numbers = async (query: string) => {
    const { total, rows } = (await client.send('GET', `/api/cards${query}`)).body.CardCollection
    return { total, numbers: rows.map((row: { card_id: string }) => row.card_id) }
  }
  expect((await numbers('')).numbers).toHaveLength(3)
  Object.assign(client.simulator.quirks, { cardPageMax: 2, cardQuery: 'contains' })
  expect(await numbers('?limit=50')).toEqual({ total: '3', numbers: ['101', '102'] })
  expect(await numbers('?offset=2')).toEqual({ total: '3', numbers: ['103'] })
  expect(await numbers('?query=10')).toEqual({ total: '3', numbers: ['101', '102'] })
  expect((await numbers('?limit=1')).numbers).toEqual(['101'])
})

test('accessGroupsHidden: the row is missing from both lists, total counts it, and people keep it', async () => {
  await using client = await startLoggedIn()
  client.simulator.seed(people)
  client.simulator.quirks.accessGroupsHidden = ['Warehouse']
  const v1 = (await client.send('GET', '/api/access_groups')).body.AccessGroupCollection
  const v2 = (await client.send('POST', '/api/v2/access_groups/search', { limit: 0 })).body.AccessGroupCollection
  expect([v1.total, v1.rows.length, v2.total, v2.rows.length]).toEqual(['3', 2, 3, 2])
  expect((await client.send('GET', '/api/users/7')).body.User.access_groups).toMatchObject([{ name: 'Warehouse' }])
  expect((await client.send('GET', '/api/access_groups/3')).code).toBe('0')
})

test('emptyUserList: a success without a collection, or with an empty one, while people are there one by one', async () => {
  await using client = await startLoggedIn()
  client.simulator.seed(people)
  const lists = async () => [
    (await client.send('POST', '/api/v2/users/search', { limit: 0 })).body,
    (await client.send('POST', '/api/v2/users/advance_search', { limit: 0 })).body,
    (await client.send('GET', '/api/users')).body,
  ]
  client.simulator.quirks.emptyUserList = 'no-collection'
  for (const body of await lists()) {
    expect(body.Response.code).toBe('0')
    expect(body).not.toHaveProperty('UserCollection')
  }
  client.simulator.quirks.emptyUserList = 'no-rows'
  for (const { UserCollection } of await lists()) {
    expect([Number(UserCollection.total), UserCollection.rows]).toEqual([0, []])
  }
  expect((await client.send('GET', '/api/users/5')).code).toBe('0')
})

test('wiegandFormatMissing: the format is not told, by lists nor with a person, and is not lost', async () => {
  await using client = await startLoggedIn()
  client.simulator.seed({ users: [{ id: '5', name: 'Ada', cards: [{ number: '1320720', wiegandFormat: 2 }] }] })
  const formats = async () => [
    (await client.send('GET', '/api/cards?query=1320720')).body.CardCollection.rows[0].wiegand_format_id,
    (await client.send('GET', '/api/users/5')).body.User.cards[0].wiegand_format_id,
  ]
  expect(await formats()).toEqual([{ id: '2' }, { id: '2' }])
  client.simulator.quirks.wiegandFormatMissing = true
  expect(await formats()).toEqual([undefined, undefined])
  const { rows } = (await client.send('GET', '/api/cards/assigned?wiegand_format_id=2')).body.CardCollection
  expect(rows).toHaveLength(1)
})

test('deviceResponseFalse: success with a result of false and a code for every reader', async () => {
  await using client = await startLoggedIn()
  client.simulator.seed(people)
  const { id } = client.simulator.state.card('501') ?? { id: 0 }
  const writes = async () => [
    await client.send('POST', '/api/users', newUser(client.simulator.state.user('20') ? '21' : '20')),
    await client.send('PUT', '/api/users/5', { User: { disabled: 'true' } }),
    await client.send('POST', '/api/cards/blacklist', { Blacklist: { card_id: { id } } }),
    await client.send('DELETE', `/api/cards/blacklist?id=${id}`),
  ]
  for (const { body } of await writes()) expect(body).not.toHaveProperty('DeviceResponse')
  client.simulator.quirks.deviceResponseFalse = true
  for (const { status, code, body } of [...(await writes()), await client.send('DELETE', '/api/users?id=6')]) {
    expect([status, code, body.DeviceResponse.result]).toEqual([200, '0', 'false'])
    expect(body.DeviceResponse.rows.map((row: { code: string }) => row.code)).toEqual(Array(4).fill('1003'))
  }
})

test('userPutSuperfluous: the change of one person is carried out and answers code 1', async () => {
  await using client = await startLoggedIn({ quirks: { userPutSuperfluous: true } })
  client.simulator.seed(people)
  const answer = await client.send('PUT', '/api/users/5', { User: { disabled: 'true' } })
  expect([answer.status, answer.code]).toEqual([200, '1'])
  expect(client.simulator.state.user('5')?.disabled).toBe(true)
  expect((await client.send('PUT', '/api/users/99', { User: { disabled: 'true' } })).code).toBe('201')
})

test.each<[string, Partial<Quirks>, [string, string, unknown?][], [string, string, unknown?][]]>([
  [
    'a module',
    { operatorLacks: ['Device', 'Setting'] },
    [
      ['POST', '/api/v2/devices/search', { limit: 0 }],
      ['GET', '/api/setting/biostar'],
      ['PUT', '/api/setting/biostar', { Setting: { session_timeout: 60 } }],
    ],
    [
      ['GET', '/api/users/5'],
      ['PUT', '/api/users/5', { User: { name: 'New' } }],
      ['GET', '/api/doors'],
    ],
  ],
  [
    'writing in a module',
    { operatorLacks: ['User.write', 'AccessControl.write'] },
    [
      ['PUT', '/api/users/5', { User: { disabled: 'true' } }],
      ['DELETE', '/api/users?id=5'],
      ['POST', '/api/cards', newCard('9')],
      ['DELETE', '/api/access_groups?id=1'],
    ],
    [
      ['GET', '/api/users/5'],
      ['GET', '/api/cards'],
      ['POST', '/api/v2/access_groups/search', {}],
      ['POST', '/api/v2/devices/search', {}],
    ],
  ],
])(
  'operatorLacks: without %s such calls are 403 with 20 and change nothing, the others work',
  async (_what, quirks, refused, taken) => {
    await using client = await start({ quirks })
    client.simulator.seed(people)
    const { permission } = (await client.login()).body.User
    expect(Number(permission.id)).toBeGreaterThanOrEqual(4)
    const before = client.simulator.state.user('5')
    for (const [method, path, body] of refused) {
      const answer = await client.send(method, path, body)
      expect([method, path, answer.status, answer.code]).toEqual([method, path, 403, '20'])
    }
    expect(client.simulator.state.user('5')).toEqual(before)
    for (const [method, path, body] of taken) {
      expect([method, path, (await client.send(method, path, body)).code]).toEqual([method, path, '0'])
    }
  },
)

test('operatorLacks: the login names what is missing, and only that', async () => {
  await using client = await start({ quirks: { operatorLacks: ['Device.write', 'Setting'] } })
  const { module } = (await client.login()).body.User.permission
  expect(module.Device).toEqual({ read: 'true', write: 'false' })
  expect(module.Setting).toEqual({ read: 'false', write: 'false' })
  expect(module.User).toEqual({ read: 'true', write: 'true' })
})

test.each([
  ['262204 with another status', { status: 400, code: '262204' }],
  ['a server error', { status: 500, code: '4' }],
])('unblockTwice: %s', async (_what, unblockTwice) => {
  await using client = await startLoggedIn({ quirks: { unblockTwice } })
  const { id } = (await client.send('POST', '/api/cards', newCard('101'))).body.CardCollection.rows[0]
  const answer = await client.send('DELETE', `/api/cards/blacklist?id=${id}`)
  expect([answer.status, answer.code]).toEqual([unblockTwice.status, unblockTwice.code])
})

test('pinDigitsMin: a shorter PIN is 131080, none at all is taken', async () => {
  await using client = await startLoggedIn({ quirks: { pinDigitsMin: 6 } })
  expect((await client.send('POST', '/api/users', newUser('5', { pin: '24681' }))).code).toBe('131080')
  expect((await client.send('POST', '/api/users', newUser('5', { pin: '246810' }))).code).toBe('0')
  expect((await client.send('PUT', '/api/users/5', { User: { pin: '' } })).code).toBe('0')
})

test('cardPageDefault: only a list without a limit is cut', async () => {
  await using client = await startLoggedIn({ quirks: { cardPageDefault: 2 } })
  for (const number of ['101', '102', '103']) await client.send('POST', '/api/cards', newCard(number))
  const page = async (query: string) => (await client.send('GET', `/api/cards${query}`)).body.CardCollection
  const cut = await page('')
  expect([cut.total, cut.rows.length]).toEqual(['3', 2])
  expect((await page('?limit=3')).rows).toHaveLength(3)
})
