/** Proves that a lock-out shuts everything at once, in few requests, whatever else is wrong with the account. */
import { expect, test } from 'vitest'
import { withCallScope } from '../../src/connector/egress/call-scope.ts'
import { csn, h10301 } from '../../src/model/card.ts'
import { connected, desiredAccount, facts, never } from './testing.ts'

const cards = [h10301(20, 10_000), csn('04A1B2C3'), csn('04AABBCCDDEE80')]
const three = desiredAccount({ cards: cards.map((card) => ({ card, state: 'on' as const })) })
const allBlocked = Object.fromEntries(cards.map((card) => [`card ${card.raw}`, 'applied']))

test.each([
  ['known', 4],
  ['unknown', 5],
])('an account with three cards whose state is %s is shut in %i requests', async (knowledge, count) => {
  await using server = await connected()
  await server.put('42', three)
  const known = knowledge === 'known' ? await server.mustRead('42') : null
  const { meter } = await withCallScope({ lane: 'urgent' }, async () => {
    expect(await server.lock('42', known)).toEqual({ lock: 'applied', validity: 'applied', ...allBlocked })
  })
  expect(meter.requests).toBe(count)
  const account = await server.mustRead('42')
  expect(account.lock).toBe('closed')
  expect(account.cards.map(({ state }) => state)).toEqual(['blocked', 'blocked', 'blocked'])
  expect(Date.parse(account.validity.until ?? '')).toBeLessThan(Date.now())
})

test('locking again changes nothing more, and unlocking restores the account', async () => {
  await using server = await connected()
  await server.put('42', three)
  await server.lock('42')
  expect(await server.lock('42', await server.mustRead('42'))).toMatchObject({
    lock: 'applied',
    [`card ${cards[0]?.raw}`]: 'unchanged',
  })
  await server.put('42', three)
  expect(await server.mustRead('42')).toMatchObject({ lock: 'open', validity: { from: null, until: null } })
  expect((await server.mustRead('42')).cards.every(({ state }) => state === 'on')).toBe(true)
})

test('somebody who starts next year is shut out as well', async () => {
  await using server = await connected()
  const from = new Date(Date.now() + 365 * 86_400_000).toISOString()
  await server.put('42', desiredAccount({ validity: { from, until: null } }))
  for (const known of [null, await server.mustRead('42')]) {
    expect(await server.lock('42', known)).toEqual({ lock: 'applied', validity: 'applied' })
  }
  expect(await server.mustRead('42')).toMatchObject({ lock: 'closed', validity: { from: null } })
})

test('a user whom the server does not know is out already', async () => {
  await using server = await connected()
  expect(await server.lock('42')).toEqual({ lock: 'unchanged' })
})

test('a card that can not be blocked stops nothing else', async () => {
  await using server = await connected()
  await server.put('42', three)
  server.simulator.faults.add({ kind: 'http', method: 'POST', path: 'blacklist', times: 1 })
  const outcome = Object.values(await server.lock('42')).sort()
  expect(outcome).toEqual(['applied', 'applied', 'applied', 'applied', 'transient biostar2.server-fault'])
  expect(server.simulator.state.user('42')).toMatchObject({ disabled: true })
  expect(server.simulator.state.user('42')?.cards.filter(({ blocked }) => blocked)).toHaveLength(2)
})

test('a user that can not be disabled still loses the cards', async () => {
  await using server = await connected()
  await server.put('42', three)
  server.simulator.faults.add({ kind: 'http', method: 'PUT', path: '^/api/users/42$' })
  expect(await server.lock('42')).toEqual({
    lock: 'transient biostar2.server-fault',
    validity: 'transient biostar2.server-fault',
    ...allBlocked,
  })
  expect(server.simulator.state.user('42')?.cards.every(({ blocked }) => blocked)).toBe(true)
})

test('cards that could not be read keep the lock-out open, although the user is disabled', async () => {
  await using server = await connected()
  await server.put('42', three)
  server.simulator.faults.add({ kind: 'http', method: 'GET', path: '^/api/users/42$' })
  expect(await server.lock('42')).toMatchObject({ lock: 'transient biostar2.server-fault' })
  expect(server.simulator.state.user('42')?.disabled).toBe(true)
})

test('dates that the server refuses do not keep the account open', async () => {
  await using server = await connected({ quirks: { validityYearsMax: 1 } })
  server.simulator.seed({ users: [{ id: '42', name: 'Ada', cards: ['77705923'] }] })
  expect(await server.lock('42')).toMatchObject({
    lock: 'applied',
    validity: expect.stringMatching(/^rejected/),
    'card 04A1B2C3': 'applied',
  })
  expect(server.simulator.state.user('42')?.disabled).toBe(true)
})

test('a card of a kind that is not known here is blocked like any other', async () => {
  await using server = await connected()
  server.simulator.seed({ users: [{ id: '42', name: 'Ada', cards: ['123456789012345678901234567890'] }] })
  expect((await server.mustRead('42')).cards).toMatchObject([{ card: null, state: 'on' }])
  server.simulator.faults.add({ kind: 'http', method: 'POST', path: 'blacklist', times: 1 })
  expect(await server.lock('42')).toMatchObject({ lock: 'transient biostar2.server-fault' })
  expect(await server.lock('42')).toMatchObject({ lock: 'applied' })
  expect(server.simulator.state.user('42')?.cards).toMatchObject([{ blocked: true }])
})

test('a lock-out tells which cards it blocked itself, of every kind, and these alone are unblocked when they are named', async () => {
  await using server = await connected()
  await server.put('42', desiredAccount())
  const [ofOthers, unknown, byHand] = ['77705923', '123456789012345678901234567890', '77705924']
  for (const card of [ofOthers, unknown, byHand]) server.simulator.hand({ action: 'assign', user: '42', card })
  server.simulator.hand({ action: 'block', card: byHand })
  const lock = { kind: 'lock', externalId: '42', known: null, at: new Date() } as const
  const { blocked = [] } = await server.accounts.apply(lock, never)
  const refs = (await server.mustRead('42')).cards.map(({ ref }) => ref)
  expect([...blocked].sort()).toEqual(refs.slice(0, 2).sort())
  expect((await server.accounts.apply(lock, never)).blocked).toEqual([])
  const order = async (unblock?: readonly string[]) => {
    const actual = await server.mustRead('42')
    const put = {
      kind: 'put',
      externalId: '42',
      desired: desiredAccount(),
      actual,
      revoke: { levels: [], cards: [] },
    } as const
    const { parts } = await server.accounts.apply(unblock === undefined ? put : { ...put, unblock }, never)
    expect(parts.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    return server.simulator.state.user('42')?.cards.map((card) => card.blocked)
  }
  expect(await order()).toEqual([true, true, true])
  expect(await order(blocked)).toEqual([false, false, true])
  expect(await server.requestsOf(() => order(blocked))).toEqual(['GET /api/users/42'])
})

test('a name that the server would refuse is not sent', async () => {
  await using server = await connected({ quirks: { nameSpecials: '' } })
  server.simulator.seed({ users: [{ id: '42', name: 'Ada Example' }] })
  const refused = desiredAccount({ facts: facts({ givenName: 'A.-' }) })
  expect(await server.put('42', refused)).toMatchObject({ profile: 'rejected biostar2.field-refused' })
  expect(await server.lock('42')).toMatchObject({ lock: 'applied' })
})

test('sessions that die during a lock-out are renewed once, for all of its requests together', async () => {
  await using server = await connected()
  await server.put('42', three)
  server.simulator.restart()
  const known = await server.mustRead('42')
  server.simulator.restart()
  const before = server.simulator.requests.count
  expect(await server.lock('42', known)).toEqual({ lock: 'applied', validity: 'applied', ...allBlocked })
  const logins = server.simulator.requests.find({ path: '^/api/login$' }).filter(({ n }) => n > before)
  expect(logins).toHaveLength(1)
})

test('cancelling a lock-out passes the reason on', async () => {
  await using server = await connected()
  await server.put('42', three)
  server.simulator.faults.add({ kind: 'hang', method: 'PUT' })
  const cancel = new AbortController()
  setTimeout(() => cancel.abort(new Error('enough')), 50)
  const change = { kind: 'lock', externalId: '42', known: null, at: new Date() } as const
  await expect(server.accounts.apply(change, cancel.signal)).rejects.toThrow('enough')
  await expect(server.accounts.read('42', never)).resolves.not.toBeNull()
})
