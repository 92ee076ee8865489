/** People through the API: both dialects, every documented rule, and what an update leaves alone. */
import { expect, test } from 'vitest'
import { newCard, newUser, startLoggedIn } from './client-for-tests.ts'

test('a person is created, listed in types, read in strings, and the PIN stays inside', async () => {
  await using client = await startLoggedIn()
  const created = await client.send('POST', '/api/users', newUser('401', { pin: '2468', email: 'ada@example.test' }))
  expect(created.body.UserCollection).toEqual({ total: '1', rows: [{ user_id: '401', name: 'Sample Person 401' }] })
  const list = await client.send('POST', '/api/v2/users/search', { limit: 0, search_text: '401' })
  expect(list.body.Response.by).toBe('web')
  expect(list.body.UserCollection.total).toBe(1)
  const [row] = list.body.UserCollection.rows
  expect(row).toMatchObject({
    user_id: '401',
    disabled: false,
    have_pin: true,
    card_count: 0,
    user_group_id: { id: 1, name: 'All Users' },
    start_datetime: '2001-01-01T00:00:00',
  })
  expect('phone' in row).toBe(false)
  const detail = (await client.send('GET', '/api/users/401')).body.User
  expect(detail).toMatchObject({
    disabled: 'false',
    pin_exists: 'true',
    start_datetime: '2001-01-01T00:00:00.00Z',
    user_group_id: { id: '1' },
    access_groups: [],
    cards: [],
  })
  expect(JSON.stringify(detail)).not.toContain('2468')
})

test.each([
  ['a name of 49 characters', { name: 'x'.repeat(49) }, '131074'],
  ['a single quote in the name', { name: "Odd O'Name" }, '131074'],
  ['a sign the console does not allow', { name: 'Odd <Name>' }, '131074'],
  ['a phone number with letters', { phone: '0800 HELLO' }, '131077'],
  ['a PIN of 33 digits', { pin: '1'.repeat(33) }, '131080'],
  ['a PIN with letters', { pin: '12a4' }, '131081'],
  ['a start before 2001', { start_datetime: '2000-12-31T23:59:00.00Z' }, '131085'],
  ['an expiry after 2037', { expiry_datetime: '2038-01-01T00:00:00.00Z' }, '131085'],
  ['an expiry before the start', { expiry_datetime: '2001-01-01T00:00:00.00Z' }, '131086'],
  ['17 access groups', { access_groups: Array.from({ length: 17 }, (_, at) => ({ id: at + 1 })) }, '131090'],
  ['an unknown access group', { access_groups: [{ id: 99 }] }, '603'],
  ['an unknown user group', { user_group_id: { id: 99 } }, '600'],
  ['a missing start', { start_datetime: undefined }, '30'],
  ['letters in the id in number mode', { user_id: 'A1' }, '30'],
  ['an id of zeros', { user_id: '000' }, '30'],
  ['an id over 32 bits', { user_id: '4294967296' }, '30'],
  ['an id that is taken', { user_id: '1' }, '202'],
  ['an email that is taken', { email: 'Taken@example.test' }, '212'],
  ['a login id that is taken', { login_id: 'admin', password: 'Wq8-rTz-pL4', permission: { id: 3 } }, '208'],
  ['an operator level without login', { permission: { id: 3 } }, '30'],
  ['a password with a repeated character', { login_id: 'op', password: 'aaaB-7', permission: { id: 3 } }, '221'],
  ['a password with consecutive characters', { login_id: 'op', password: 'xabc-7', permission: { id: 3 } }, '222'],
  ['a password that holds the id', { login_id: 'op', password: 'Zq-50-Kw', permission: { id: 3 } }, '223'],
  ['an unknown card', { cards: [{ id: 4711 }] }, '400'],
])('%s is refused with HTTP 400 and code, and nothing is stored', async (_what, changes, code) => {
  await using client = await startLoggedIn()
  await client.send('POST', '/api/users', newUser('49', { email: 'taken@example.test' }))
  const answer = await client.send('POST', '/api/users', newUser('50', changes))
  expect([answer.status, answer.code]).toEqual([400, code])
  expect(client.simulator.state.userCount).toBe(2)
})

test('a name of 48 characters, accents and an allowed sign are taken; letters in ids when the server allows them', async () => {
  await using client = await startLoggedIn()
  expect((await client.send('POST', '/api/users', newUser('2', { name: 'Zoë Ødegård-Łą'.padEnd(48, 'x') }))).code).toBe(
    '0',
  )
  await client.send('PUT', '/api/setting/biostar', { Setting: { use_alphanumeric: 'true' } })
  expect((await client.send('POST', '/api/users', newUser('EMP-7'))).code).toBe('0')
  expect((await client.send('POST', '/api/users', newUser('EMP 8'))).code).toBe('30')
})

test('an update changes what is sent, replaces a list that is sent, and cannot change the id', async () => {
  await using client = await startLoggedIn()
  await client.send(
    'POST',
    '/api/users',
    newUser('5', { email: 'a@example.test', access_groups: [{ id: 1 }, { id: 2 }] }),
  )
  const put = (changes: unknown) => client.send('PUT', '/api/users/5', { User: changes })
  expect((await put({ name: 'New Name' })).code).toBe('0')
  expect(client.simulator.state.user('5')).toMatchObject({
    name: 'New Name',
    email: 'a@example.test',
    groups: ['Main Entrance', 'Server Room'],
  })
  await put({ access_groups: [{ id: '3' }], email: '' })
  expect(client.simulator.state.user('5')).toMatchObject({ groups: ['Warehouse'], email: '' })
  await put({ access_groups: [] })
  expect(client.simulator.state.user('5')?.groups).toEqual([])
  expect((await put({ user_id: '6' })).code).toBe('207')
  expect((await put({ email: 'a@example.test' })).code).toBe('0')
  expect((await put({ email: 'a@example.test' })).code).toBe('0')
  expect((await client.send('PUT', '/api/users/9', { User: { name: 'x' } })).code).toBe('201')
})

test('a validity over 30 years is refused on update, at its last day it is taken', async () => {
  await using client = await startLoggedIn()
  await client.send('POST', '/api/users', newUser('5'))
  const put = (expiry_datetime: string) => client.send('PUT', '/api/users/5', { User: { expiry_datetime } })
  expect((await put('2031-01-01T23:59:00.00Z')).code).toBe('0')
  expect((await put('2031-01-02T00:00:00.00Z')).code).toBe('131085')
})

test('the first administrator cannot be edited or deleted', async () => {
  await using client = await startLoggedIn()
  expect((await client.send('PUT', '/api/users/1', { User: { name: 'x' } })).code).toBe('205')
  expect((await client.send('DELETE', '/api/users?id=1')).code).toBe('205')
})

test('pages do not overlap and cover everybody; true means descending; an ignored offset repeats the first page', async () => {
  await using client = await startLoggedIn()
  client.simulator.seed({ count: 120, countFrom: 1001 })
  const page = async (body: object) => {
    const { UserCollection } = (await client.send('POST', '/api/v2/users/search', body)).body
    return UserCollection.rows.map((row: { user_id: string }) => row.user_id) as string[]
  }
  const order_by = 'user_id:false'
  const pages = [await page({ limit: 50, offset: 0, order_by }), await page({ limit: 50, offset: 50, order_by })]
  pages.push(await page({ limit: 50, offset: 100, order_by }))
  expect(new Set(pages.flat()).size).toBe(121)
  expect(await page({ limit: 0 })).toHaveLength(121)
  expect(await page({ limit: 2, order_by: 'user_id:true' })).toEqual(['1120', '1119'])
  client.simulator.quirks.ignoreUserOffset = true
  expect(await page({ limit: 50, offset: 50, order_by })).toEqual(pages[0])
  expect((await client.send('POST', '/api/v2/users/search', {})).code).toBe('30')
})

test('the deprecated list gives people changed after a counter value', async () => {
  await using client = await startLoggedIn()
  await client.send('POST', '/api/users', newUser('5'))
  await client.send('POST', '/api/users', newUser('6'))
  const all = (await client.send('GET', '/api/users?limit=0')).body.UserCollection
  const last = all.rows.at(-1).last_modified
  await client.send('PUT', '/api/users/5', { User: { name: 'Changed' } })
  const changed = (await client.send('GET', `/api/users?limit=0&last_modified=${last}`)).body.UserCollection
  expect(changed.rows.map((row: { user_id: string }) => row.user_id)).toEqual(['5'])
})

test('bulk updates answer per row: code 1 when some failed, 8 when all did, HTTP 400 with 700 for 101 rows', async () => {
  await using client = await startLoggedIn()
  await client.send('POST', '/api/users', newUser('5'))
  const bulk = (rows: unknown[]) => client.send('PUT', '/api/users/bulk', { UserCollection: { rows } })
  const partly = await bulk([
    { user_id: '5', disabled: 'true' },
    { user_id: '6', disabled: 'true' },
  ])
  expect([partly.status, partly.code]).toEqual([200, '1'])
  expect(partly.body.UserCollection.rows).toEqual([
    { user_id: '5', ret_code: '0' },
    { user_id: '6', ret_code: '201' },
  ])
  expect(client.simulator.state.user('5')?.disabled).toBe(true)
  expect((await bulk([{ user_id: '6' }])).code).toBe('8')
  const tooMany = await bulk(Array.from({ length: 101 }, (_, at) => ({ user_id: String(at) })))
  expect([tooMany.status, tooMany.code]).toEqual([400, '700'])
})

test('several people are created in one call, yet the answer names one', async () => {
  await using client = await startLoggedIn()
  const rows = ['11', '12', '13'].map((id) => newUser(id).User)
  const answer = await client.send('POST', '/api/users', { UserCollection: { rows } })
  expect(answer.body.UserCollection.rows).toHaveLength(1)
  expect(client.simulator.state.userCount).toBe(4)
  const thirty = Array.from({ length: 30 }, (_, at) => newUser(String(100 + at)).User)
  expect((await client.send('POST', '/api/users', { UserCollection: { rows: thirty } })).code).toBe('700')
})

test('the same change reaches many, and deletes take a plus sign raw or encoded', async () => {
  await using client = await startLoggedIn()
  for (const id of ['11', '12', '13', '14']) await client.send('POST', '/api/users', newUser(id))
  const put = await client.send('PUT', '/api/users?id=11+12+99', { User: { disabled: 'true' } })
  expect(put.body.FailedUserCollection.rows).toEqual([{ user_id: '99', ret_code: '201' }])
  expect(client.simulator.state.user('12')?.disabled).toBe(true)
  expect((await client.send('DELETE', '/api/users?id=11+12')).code).toBe('0')
  expect((await client.send('DELETE', '/api/users?id=13%2B14')).code).toBe('0')
  expect(client.simulator.state.userCount).toBe(1)
  expect((await client.send('DELETE', '/api/users?id=13')).code).toBe('201')
  expect((await client.send('DELETE', '/api/users?id=')).code).toBe('30')
})

test('next_user_id answers with a bare code and gives two callers the same number', async () => {
  await using client = await startLoggedIn()
  await client.send('POST', '/api/users', newUser('403'))
  const first = await client.send('GET', '/api/users/next_user_id')
  expect(first.body).toEqual({ User: { user_id: '404' }, Response: { code: '0' } })
  expect((await client.send('GET', '/api/users/next_user_id')).body).toEqual(first.body)
})

test('the advanced search filters by card, access group, status and sub groups', async () => {
  await using client = await startLoggedIn()
  client.simulator.seed({
    userGroups: [{ name: 'Plant' }, { name: 'Night Shift', parent: 'Plant' }],
    users: [
      { id: '5', name: 'Ada Sample', userGroup: 'Night Shift', cards: ['555'], accessGroups: ['Warehouse'] },
      { id: '6', name: 'Bob Sample', disabled: true },
    ],
  })
  const search = async (body: object) => {
    const { UserCollection } = (await client.send('POST', '/api/v2/users/advance_search', body)).body
    return UserCollection.rows.map((row: { user_id: string }) => row.user_id)
  }
  expect(await search({ user_card: '555' })).toEqual(['5'])
  expect(await search({ user_access_group_ids: '3' })).toEqual(['5'])
  expect(await search({ user_status: true })).toEqual(['6'])
  expect(await search({ user_group_id: '1001' })).toEqual(['5'])
  expect(await search({ user_operator_level_id: 1 })).toEqual(['1'])
})

test('a card of somebody else fails the whole save and leaves the new card an orphan', async () => {
  await using client = await startLoggedIn()
  const card = (await client.send('POST', '/api/cards', newCard('101'))).body.CardCollection.rows[0]
  expect((await client.send('POST', '/api/users', newUser('5', { cards: [{ id: card.id }] }))).code).toBe('0')
  const spare = (await client.send('POST', '/api/cards', newCard('102'))).body.CardCollection.rows[0]
  const refused = await client.send('POST', '/api/users', newUser('6', { cards: [{ id: spare.id }, { id: card.id }] }))
  expect(refused.code).toBe('408')
  expect(client.simulator.state.user('6')).toBeNull()
  expect(client.simulator.state.orphanCards()).toEqual(['102'])
})
