/** Groups, levels and user groups through the API, and the tree that hands rights down. */
import { expect, test } from 'vitest'
import { newUser, startLoggedIn } from './client-for-tests.ts'

test('user groups form a tree with unique names per parent and are not deleted while in use', async () => {
  await using client = await startLoggedIn()
  const make = (name: string, parent: string) =>
    client.send('POST', '/api/user_groups', { UserGroup: { parent_id: { id: parent }, depth: 1, name } })
  const plant = (await make('Plant', '1')).body.UserGroup.id
  const shift = (await make('Night Shift', plant)).body.UserGroup.id
  expect((await make('Plant', '1')).code).toBe('65646')
  expect((await make('a/b', '1')).code).toBe('30')
  expect((await make('Lost', '999')).code).toBe('600')
  const flat = (await client.send('POST', '/api/v2/user_groups/search', {})).body.UserGroupCollection.rows
  expect(flat[2]).toMatchObject({ id: Number(shift), name: 'Night Shift', parent_id: { id: Number(plant) } })
  const tree = (await client.send('GET', '/api/user_groups')).body.UserGroupCollection.rows
  expect(tree[0].user_groups[0].user_groups[0].name).toBe('Night Shift')
  expect((await client.send('DELETE', `/api/user_groups?id=${plant}`)).code).toBe('65741')
  await client.send('POST', '/api/users', newUser('5', { user_group_id: { id: shift } }))
  expect((await client.send('DELETE', `/api/user_groups?id=${shift}`)).code).toBe('65742')
  await client.send('PUT', '/api/users/5', { User: { user_group_id: { id: 1 } } })
  expect((await client.send('DELETE', `/api/user_groups?id=${shift}`)).code).toBe('0')
})

test('eight levels of user groups, not nine', async () => {
  await using client = await startLoggedIn()
  let parent = '1'
  const codes: (string | undefined)[] = []
  for (let level = 2; level <= 9; level++) {
    const sent = { UserGroup: { parent_id: { id: parent }, name: `Level ${level}` } }
    const answer = await client.send('POST', '/api/user_groups', sent)
    codes.push(answer.code)
    parent = answer.body.UserGroup?.id ?? parent
  }
  expect(codes).toEqual([...Array(7).fill('0'), '30'])
})

test('access groups: strings in v1, numbers in v2, and both list the seeded levels', async () => {
  await using client = await startLoggedIn()
  const v1 = (await client.send('GET', '/api/access_groups')).body.AccessGroupCollection
  expect(v1.rows[0]).toMatchObject({ id: '1', name: 'Main Entrance', user_count: '0' })
  const v2 = await client.send('POST', '/api/v2/access_groups/search', { limit: 0, order_by: 'id:false' })
  expect(v2.body.AccessGroupCollection.rows[0]).toMatchObject({ id: 1, user_count: 0, user_groups: [] })
  expect((await client.send('GET', '/api/access_groups/99/users')).body.UserCollection.rows).toEqual([])
})

test('new_users and delete_users change members, and user_groups left out are emptied', async () => {
  await using client = await startLoggedIn()
  for (const id of ['5', '6']) await client.send('POST', '/api/users', newUser(id))
  const put = (changes: unknown) => client.send('PUT', '/api/access_groups/1', { AccessGroup: changes })
  const joined = await put({ new_users: [{ user_id: '5' }, { user_id: '6' }], user_groups: [{ id: '1' }] })
  expect(joined.body.DeviceResponse.result).toBe('true')
  expect(client.simulator.state.user('5')?.groups).toEqual(['Main Entrance'])
  expect(client.simulator.state.user('1')?.inheritedGroups).toEqual(['Main Entrance'])
  await put({ delete_users: [{ user_id: '5' }] })
  expect(client.simulator.state.user('5')).toMatchObject({ groups: [], inheritedGroups: [] })
  expect(client.simulator.state.user('6')?.groups).toEqual(['Main Entrance'])
})

test('the 17th access group of a person is refused from the side of the group too', async () => {
  const levels = Array.from({ length: 17 }, (_, at) => ({ name: `Area ${at + 1}`, doors: ['Gate'] }))
  await using client = await startLoggedIn({ levels })
  const sixteen = levels.slice(1).map((_, at) => ({ id: at + 1 }))
  await client.send('POST', '/api/users', newUser('5', { access_groups: sixteen }))
  const answer = await client.send('PUT', '/api/access_groups/17', { AccessGroup: { new_users: [{ user_id: '5' }] } })
  expect(answer.code).toBe('65637')
})

test('a duplicate name is 652 and a deleted group leaves nobody behind in it', async () => {
  await using client = await startLoggedIn()
  await client.send('POST', '/api/users', newUser('5', { access_groups: [{ id: 1 }, { id: 2 }] }))
  const level = { name: 'Main Entrance', access_level_items: [{ doors: [{ id: 1 }], schedule_id: { id: 1 } }] }
  expect((await client.send('POST', '/api/access_levels', { AccessLevel: level })).code).toBe('652')
  expect((await client.send('POST', '/api/access_groups', { AccessGroup: { name: 'Warehouse' } })).code).toBe('652')
  expect((await client.send('DELETE', '/api/access_groups?id=1')).code).toBe('0')
  expect((await client.send('GET', '/api/users/5')).body.User.access_groups).toEqual([{ id: '2', name: 'Server Room' }])
  expect((await client.send('DELETE', '/api/access_levels/999')).code).toBe('0')
})

test('rights come down the tree of user groups, or only from the own group when so set', async () => {
  const seed = {
    userGroups: [{ name: 'Plant' }, { name: 'Night Shift', parent: 'Plant' }],
    accessGroups: [{ name: 'Plant Doors', doors: ['Gate'], userGroups: ['Plant'] }],
    users: [{ id: '5', name: 'Ada Sample', userGroup: 'Night Shift', cards: ['501'] }],
  }
  await using tree = await startLoggedIn()
  tree.simulator.seed(seed)
  expect(tree.simulator.swipe({ card_id: '501', door: 'Gate' }).code).toBe(4102)
  expect((await tree.send('GET', '/api/users/5')).body.User).toMatchObject({ access_groups: [], inherited: 'true' })
  await using own = await startLoggedIn({ quirks: { userGroupRights: 'own' } })
  own.simulator.seed(seed)
  expect(own.simulator.swipe({ card_id: '501', door: 'Gate' }).code).toBe(6401)
})

test('a schedule decides at which minutes a level opens its doors', async () => {
  await using client = await startLoggedIn({ nowMs: Date.UTC(2026, 0, 5, 8, 59) })
  client.simulator.seed({ users: [{ id: '5', name: 'Ada Sample', cards: ['501'], accessGroups: ['Warehouse'] }] })
  const days = [{ day_index: '1', time_segments: [{ start_time: '540', end_time: '600' }] }]
  const schedule = { name: 'Mondays 9 to 10', daily_schedules: days }
  const { id } = (await client.send('POST', '/api/schedules', { Schedule: schedule })).body.Schedule
  const items = [{ doors: [{ id: '4' }], schedule_id: { id } }]
  await client.send('PUT', '/api/access_levels/3', { AccessLevel: { access_level_items: items } })
  const swipe = () => client.simulator.swipe({ card_id: '501', door: 'Loading Dock' }).code
  expect(swipe()).toBe(6401)
  client.simulator.clock.advance(60_000)
  expect(swipe()).toBe(4102)
  client.simulator.clock.advance(60 * 60_000)
  expect(swipe()).toBe(6401)
})
