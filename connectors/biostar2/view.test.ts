/** Proves that whoever is hidden from our login never counts as gone. */
import { expect, test } from 'vitest'
import type { ActualAccount } from '../../src/connector/contract.ts'
import { loginUser } from './records.ts'
import { connected, desiredAccount, never } from './testing.ts'
import { viewOf } from './view.ts'

const everything = { users: true, accessGroups: true, devices: true }
const nothing = { users: false, accessGroups: false, devices: false }

// The first is the vendor's sample (BioStar 2 API, Login): "1" are the roots of the trees, "0" are all access groups.
test.each([
  [{ id: '1', filter: { UserGroup: ['1'], DeviceGroup: ['1'], ZoneType: ['-1'], AccessGroup: ['0'] } }, everything],
  [{ id: 5, filter: { UserGroup: [{ id: 1 }], DeviceGroup: 1, AccessGroup: [0, 7] } }, everything],
  [{ id: '1' }, everything],
  [
    { id: '5', filter: { UserGroup: ['1001'], DeviceGroup: ['1'], AccessGroup: ['0'] } },
    { ...everything, users: false },
  ],
  [
    { id: '5', filter: { UserGroup: ['1'] } },
    { ...nothing, users: true },
  ],
  [{ id: '1', filter: { UserGroup: ['1001', '1002'] } }, nothing],
  [{ id: '1', filter: { UserGroup: '' } }, nothing],
  [{ id: '1', filter: 'all' }, nothing],
  [{ id: '5' }, nothing],
  ['1', nothing],
  [undefined, nothing],
])('a login of level %j sees %j', (permission, view) => {
  expect(viewOf(loginUser.parse({ user_id: '9', permission }))).toEqual(view)
})

/** Somebody whom the console moved to where our login does not look, with a card that opens doors. */
async function hidingAda() {
  const server = await connected({ deviceDelayMs: 0, quirks: { operatorGroups: ['Staff'] } })
  server.simulator.seed({
    userGroups: [{ name: 'Staff' }, { name: 'Archive' }],
    users: [{ id: '42', name: 'Ada Example', userGroup: 'Archive', cards: ['501'], accessGroups: ['Main Entrance'] }],
  })
  const code = () => server.simulator.swipe({ card_id: '501', door: 'Front Door' }).code
  return Object.assign(server, { code })
}

const limited = { kind: 'rejected', code: 'biostar2.view-limited' }

test('a lock-out of somebody who is hidden has failed, whether the account was known or not', async () => {
  await using server = await hidingAda()
  expect(await server.lock('42')).toEqual({ lock: 'rejected biostar2.view-limited' })
  const known: ActualAccount = {
    ...{ externalId: '42', lock: 'open', validity: { from: null, until: null }, profile: {}, cards: [], levels: [] },
    ...{ inheritedLevels: [], pin: false, untouchable: false },
  }
  expect(await server.lock('42', known)).toEqual({ lock: 'rejected biostar2.view-limited' })
  expect(server.code()).toBe(4102)
})

test('somebody who is hidden is neither read as gone, nor removed, nor left out of a list', async () => {
  await using server = await hidingAda()
  await expect(server.accounts.read('42', never)).rejects.toMatchObject(limited)
  await expect(server.accounts.apply({ kind: 'remove', externalId: '42' }, never)).rejects.toMatchObject(limited)
  await expect(Array.fromAsync(server.accounts.list(never))).rejects.toMatchObject(limited)
  expect(server.simulator.state.user('42')).not.toBeNull()
})

test('who is shown is written and shut as ever', async () => {
  await using server = await hidingAda()
  server.simulator.seed({ users: [{ id: '43', name: 'Bob', userGroup: 'Staff' }] })
  expect(await server.put('43', desiredAccount({ levels: ['1'] }))).toMatchObject({ 'level 1': 'applied' })
  expect(await server.lock('43')).toEqual({ lock: 'applied', validity: 'applied' })
})

test('health tells that people are hidden, and nothing is known of what a write reaches', async () => {
  await using server = await hidingAda()
  const { reach, problems } = await server.health(never)
  expect(reach).toBe('not-knowable')
  expect(problems).toContainEqual(expect.objectContaining({ severity: 'error', code: 'biostar2.view-limited' }))
})

test('an operator level that is narrowed after the login is noticed within a minute', async () => {
  let now = Date.now()
  await using server = await connected({}, {}, () => new Date(now))
  server.simulator.seed({
    userGroups: [{ name: 'Staff' }],
    users: [{ id: '42', name: 'Ada Example' }],
  })
  expect(await server.accounts.read('43', never)).toBeNull()
  server.simulator.quirks.operatorGroups = ['Staff']
  now += 60_000
  await expect(server.accounts.read('42', never)).rejects.toMatchObject(limited)
  server.simulator.quirks.operatorGroups = null
  now += 60_000
  expect(await server.accounts.read('43', never)).toBeNull()
  expect(server.simulator.requests.find({ path: '^/api/login$' })).toHaveLength(3)
})
