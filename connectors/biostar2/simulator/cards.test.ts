/** Cards and their blacklist: kinds, owners, and calls that may not be repeated. */
import { expect, test } from 'vitest'
import { type Client, newCard, newUser, startLoggedIn } from './client-for-tests.ts'

function wiegand(client: Client, card_id: string, format: string) {
  const row = { card_id, card_type: { id: '1', type: '10' }, wiegand_format_id: { id: format } }
  return client.send('POST', '/api/cards', { CardCollection: { rows: [row] } })
}

test('a card has a row id and a number; it is found by number with its owner', async () => {
  await using client = await startLoggedIn()
  const made = (await client.send('POST', '/api/cards', newCard('4711'))).body.CardCollection.rows[0]
  expect(made).toMatchObject({ card_id: '4711', is_assigned: 'false', is_blocked: 'false' })
  await client.send('POST', '/api/users', newUser('5', { cards: [{ id: made.id }] }))
  const found = (await client.send('GET', '/api/cards?query=4711')).body.CardCollection.rows
  expect(found).toHaveLength(1)
  expect(found[0]).toMatchObject({ id: made.id, user_id: { user_id: '5' }, is_assigned: 'true' })
  expect((await client.send('GET', '/api/cards?query=471')).body.CardCollection.total).toBe('0')
  client.simulator.quirks.cardQuery = 'contains'
  expect((await client.send('GET', '/api/cards?query=471')).body.CardCollection.total).toBe('1')
})

test('a CSN number has digits, no leading zero and at most 32 of them, and exists once', async () => {
  await using client = await startLoggedIn()
  const code = async (number: string) => (await client.send('POST', '/api/cards', newCard(number))).code
  expect(await code('0101')).toBe('415')
  expect(await code('10A')).toBe('415')
  expect(await code('1'.repeat(33))).toBe('415')
  expect(await code('1'.repeat(32))).toBe('0')
  expect(await code('1'.repeat(32))).toBe('401')
})

test.each([
  ['0', (1n << 24n) - 1n, 1n << 24n],
  ['1', (1n << 35n) - 1n, 1n << 35n],
  ['2', (1n << 35n) - 1n, 1n << 35n],
  ['3', (1n << 32n) - 1n, 1n << 32n],
  ['4', (1n << 45n) - 1n, 1n << 45n],
])('Wiegand format %s takes %s and refuses %s', async (format, largest, tooLarge) => {
  await using client = await startLoggedIn()
  expect((await wiegand(client, String(largest), format)).code).toBe('0')
  expect((await wiegand(client, String(tooLarge), format)).code).toBe('30')
})

test('the documented 26 bit example, facility 20 and number 10000, is one decimal', async () => {
  await using client = await startLoggedIn()
  const answer = await wiegand(client, String(20 * 65_536 + 10_000), '0')
  expect(answer.body.CardCollection.rows[0]).toMatchObject({ card_id: '1320720', wiegand_format_id: { id: '0' } })
})

test('a card type that does not fit its number is refused', async () => {
  await using client = await startLoggedIn()
  const row = { card_id: '5', card_type: { id: '0', type: '10' } }
  expect((await client.send('POST', '/api/cards', { CardCollection: { rows: [row] } })).code).toBe('30')
})

test('a person holds eight cards, not nine', async () => {
  await using client = await startLoggedIn()
  const ids: { id: string }[] = []
  for (let number = 11; number < 20; number++) {
    ids.push({ id: (await client.send('POST', '/api/cards', newCard(String(number)))).body.CardCollection.rows[0].id })
  }
  expect((await client.send('POST', '/api/users', newUser('5', { cards: ids }))).code).toBe('30')
  expect((await client.send('POST', '/api/users', newUser('5', { cards: ids.slice(1) }))).code).toBe('0')
  expect((await client.send('PUT', '/api/users/5', { User: { cards: [] } })).code).toBe('0')
  expect(client.simulator.state.orphanCards()).toHaveLength(9)
})

test('blocking twice is 262201 and unblocking twice is HTTP 500 with 262204', async () => {
  await using client = await startLoggedIn()
  const { id } = (await client.send('POST', '/api/cards', newCard('101'))).body.CardCollection.rows[0]
  const block = () => client.send('POST', '/api/cards/blacklist', { Blacklist: { card_id: { id } } })
  const unblock = () => client.send('DELETE', `/api/cards/blacklist?id=${id}`)
  expect((await block()).code).toBe('0')
  expect((await client.send('GET', '/api/cards/blacklist')).body.CardCollection.rows[0].card_id).toBe('101')
  expect((await block()).code).toBe('262201')
  expect((await unblock()).code).toBe('0')
  const again = await unblock()
  expect([again.status, again.code]).toEqual([500, '262204'])
  expect((await client.send('DELETE', '/api/cards/blacklist?id=99')).code).toBe('262202')
})

test('lists tell spare cards from held ones and filter by kind', async () => {
  await using client = await startLoggedIn()
  client.simulator.seed({ users: [{ id: '5', name: 'Ada Sample', cards: ['501'] }] })
  await client.send('POST', '/api/cards', newCard('101'))
  await wiegand(client, '202', '0')
  const numbers = async (path: string) => {
    const { CardCollection } = (await client.send('GET', path)).body
    return CardCollection.rows.map((row: { card_id: string }) => row.card_id)
  }
  expect(await numbers('/api/cards/assigned')).toEqual(['501'])
  expect(await numbers('/api/cards/unassigned')).toEqual(['101', '202'])
  expect(await numbers('/api/cards/unassigned?card_type=wiegand')).toEqual(['202'])
  expect(await numbers('/api/cards?card_type=csn+wiegand&limit=1&offset=1')).toEqual(['101'])
})

test('asking for one card by row id is not supported, and a row deleted by hand is gone', async () => {
  await using client = await startLoggedIn()
  client.simulator.seed({ users: [{ id: '5', name: 'Ada Sample', cards: ['501'] }] })
  const { id } = client.simulator.state.card('501') ?? { id: 0 }
  expect((await client.send('GET', `/api/cards/${id}`)).code).toBe('103')
  client.simulator.hand({ action: 'delete-card', card: '501' })
  expect((await client.send('PUT', '/api/users/5', { User: { cards: [{ id }] } })).code).toBe('400')
  expect((await client.send('GET', '/api/users/5')).body.User.cards).toEqual([])
})

test('every kind of card is told by its number and name, and only some are made by this call', async () => {
  await using client = await startLoggedIn()
  const types = (await client.send('GET', '/api/cards/types')).body.CardTypeCollection.rows
  expect(types.map(({ id }: { id: string }) => id)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
  const cards = [2, 3, 4, 5, 7].map((cardType) => ({ number: String(500 + cardType), cardType }))
  client.simulator.seed({ users: [{ id: '5', name: 'Ada Sample', cards }] })
  const { rows } = (await client.send('GET', '/api/cards/assigned')).body.CardCollection
  const seen = rows.map((row: { card_type: { id: string }; mobile_card: string }) => [
    row.card_type.id,
    row.mobile_card,
  ])
  expect(seen).toEqual([
    ['2', 'false'],
    ['3', 'false'],
    ['4', 'true'],
    ['5', 'true'],
    ['7', 'false'],
  ])
  const made = { card_id: '9', card_type: { id: '3', type: '3' } }
  expect((await client.send('POST', '/api/cards', { CardCollection: { rows: [made] } })).code).toBe('30')
})

test('an access-on-card is not taken back, neither alone nor with the others, but it can be blocked', async () => {
  await using client = await startLoggedIn({ quirks: { takenCards: 'moved' } })
  const { simulator } = client
  simulator.seed({
    users: [
      { id: '5', name: 'Ada', cards: ['501', { number: '5', cardType: 3 }], accessGroups: ['Main Entrance'] },
      { id: '6', name: 'Bob' },
    ],
  })
  const card = simulator.state.card('5') ?? { id: 0 }
  const plain = simulator.state.card('501') ?? { id: 0 }
  const put = (user: string, cards: { id: number }[]) => client.send('PUT', `/api/users/${user}`, { User: { cards } })
  for (const answer of [await put('5', []), await put('5', [plain]), await put('6', [card])]) {
    expect([answer.status, answer.code]).toEqual([400, '407'])
  }
  expect(simulator.state.user('5')?.cards).toHaveLength(2)
  expect((await put('5', [card])).code).toBe('0')
  await client.send('POST', '/api/cards/blacklist', { Blacklist: { card_id: { id: card.id } } })
  expect(simulator.swipe({ card_id: '5', door: 'Front Door' }).code).toBe(6404)
})
