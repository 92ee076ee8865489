/** Proves whose cards are given out, blocked, unblocked and taken away, and whose are not. */
import { expect, test } from 'vitest'
import { type Card, csn, h10301, readCard } from '../../src/model/card.ts'
import { connected, desiredAccount, never } from './testing.ts'

const chip = csn('04A1B2C3')
const chipNumber = '77705923'
const withChip = desiredAccount({ levels: ['1'], cards: [{ card: chip, state: 'on' }] })

/** A card that somebody blocked in the console and took from its holder. */
async function blockedByHand() {
  const server = await connected({ deviceDelayMs: 0 })
  server.simulator.seed({ users: [{ id: '7', name: 'Other', cards: [chipNumber] }] })
  server.simulator.hand({ action: 'block', card: chipNumber })
  server.simulator.hand({ action: 'unassign', user: '7', card: chipNumber })
  return Object.assign(server, {
    code: () => server.simulator.swipe({ card_id: chipNumber, door: 'Front Door' }).code,
  })
}

test('a spare card that somebody blocked is not given out, and the rest of the account is written', async () => {
  await using server = await blockedByHand()
  for (const state of ['on', 'blocked'] as const) {
    const desired = desiredAccount({ levels: ['1'], cards: [{ card: chip, state }] })
    expect(await server.put('42', desired)).toMatchObject({
      'level 1': state === 'on' ? 'applied' : 'unchanged',
      [`card ${chip.raw}`]: 'conflict biostar2.card-unusable',
    })
    expect(server.simulator.state.card(chipNumber)).toMatchObject({ blocked: true, owner: null })
  }
  expect(server.code()).toBe(6404)
})

test('a spare card whose block is ours is given out', async () => {
  await using server = await blockedByHand()
  expect(await server.put('42', withChip, {}, [chip])).toMatchObject({ [`card ${chip.raw}`]: 'applied' })
  expect(server.code()).toBe(4102)
})

test('our block leaves a card with the account that it is taken from, so that somebody else can have it', async () => {
  await using server = await connected({ deviceDelayMs: 0 })
  await server.put('42', withChip)
  await server.lock('42')
  const shut = desiredAccount({ lock: 'closed' })
  const requests = await server.requestsOf(async () => {
    expect(await server.put('42', shut, { cards: [chip] }, [chip])).toMatchObject({ [`card ${chip.raw}`]: 'applied' })
  })
  // First off the account, then unblocked: in between it would open doors.
  const writes = requests.filter((request) => !request.startsWith('GET'))
  expect(writes).toEqual(['PUT /api/users/42', 'DELETE /api/cards/blacklist'])
  expect(await server.put('43', withChip)).toMatchObject({ [`card ${chip.raw}`]: 'applied' })
})

test('a block that is not ours stays on a card that is taken away', async () => {
  await using server = await connected()
  await server.put('42', withChip)
  server.simulator.hand({ action: 'block', card: chipNumber })
  await server.put('42', desiredAccount(), { cards: [chip] })
  expect(server.simulator.state.card(chipNumber)).toMatchObject({ blocked: true, owner: null })
})

test('a block stays on a card that could not be taken away, and a block that could not be lifted is told', async () => {
  await using server = await connected()
  await server.put('42', desiredAccount({ cards: [{ card: chip, state: 'blocked' }] }))
  const take = () => server.put('42', desiredAccount(), { cards: [chip] }, [chip])
  server.simulator.faults.add({ kind: 'http', status: 400, code: '408', method: 'PUT', times: 1 })
  expect(await take()).toMatchObject({ [`card ${chip.raw}`]: 'conflict biostar2.card-taken' })
  expect(server.simulator.state.card(chipNumber)).toMatchObject({ blocked: true, owner: '42' })
  server.simulator.faults.add({ kind: 'http', method: 'DELETE', path: 'blacklist', times: 1 })
  expect(await take()).toMatchObject({ [`card ${chip.raw}`]: 'transient biostar2.server-fault' })
  expect(server.simulator.state.card(chipNumber)).toMatchObject({ blocked: true, owner: null })
})

const wiegand = h10301(20, 10_000)
const wiegandNumber = '1320720'
const withWiegand = desiredAccount({ cards: [{ card: wiegand, state: 'on' }] })

test('a spare card is found behind a page of longer numbers that hold its own', async () => {
  await using server = await connected({ quirks: { cardQuery: 'contains', cardPageMax: 50 } })
  const others = Array.from({ length: 120 }, (_, n) => ({
    id: `${100 + n}`,
    name: 'X',
    cards: [`${wiegandNumber}${100 + n}`],
  }))
  server.simulator.seed({ users: others })
  server.simulator.seed({ users: [{ id: '7', name: 'Other', cards: [{ number: wiegandNumber, wiegandFormat: 0 }] }] })
  server.simulator.hand({ action: 'delete', user: '7' })
  expect(await server.put('42', withWiegand)).toMatchObject({ [`card ${wiegand.raw}`]: 'applied' })
  expect(server.simulator.state.card(wiegandNumber)?.owner).toBe('42')
})

test('a spare card of the same number and another kind is not told as taken', async () => {
  await using server = await connected()
  server.simulator.seed({ users: [{ id: '7', name: 'Other', cards: [wiegandNumber] }] })
  server.simulator.hand({ action: 'delete', user: '7' })
  expect(await server.put('42', withWiegand)).toMatchObject({
    [`card ${wiegand.raw}`]: 'conflict biostar2.card-exists',
  })
})

test('a Wiegand card whose format is not told is no card that we know: it is neither given nor taken', async () => {
  await using server = await connected({ quirks: { wiegandFormatMissing: true } })
  server.simulator.seed({ users: [{ id: '42', name: 'Ada', cards: [{ number: wiegandNumber, wiegandFormat: 2 }] }] })
  expect((await server.mustRead('42')).cards).toMatchObject([{ card: null, state: 'on' }])
  expect(await server.put('42', withWiegand, { cards: [] })).toMatchObject({
    [`card ${wiegand.raw}`]: 'conflict biostar2.card-exists',
  })
  await server.put('42', desiredAccount(), { cards: [wiegand] })
  expect(server.simulator.state.card(wiegandNumber)).toMatchObject({ owner: '42', blocked: false })
})

test('a lost Wiegand card is blocked on its account although its format is not told', async () => {
  await using server = await connected({ quirks: { wiegandFormatMissing: true } })
  server.simulator.seed({
    users: [
      { id: '42', name: 'Ada', cards: [{ number: wiegandNumber, wiegandFormat: 0 }] },
      { id: '43', name: 'Bob', cards: [{ number: `9${wiegandNumber}`, wiegandFormat: 2 }] },
    ],
  })
  const block = async () => {
    const order = { kind: 'lock', externalId: '42', known: null, at: new Date(), cards: [wiegand, chip] } as const
    const { parts } = await server.accounts.apply(order, never)
    return parts.map(({ outcome }) => outcome).sort()
  }
  expect(await block()).toEqual(['applied'])
  expect(server.simulator.state.card(wiegandNumber)).toMatchObject({ owner: '42', blocked: true })
  expect(server.simulator.state.card(`9${wiegandNumber}`)).toMatchObject({ blocked: false })
  expect(await block()).toEqual(['unchanged'])
})

test('a card of a longer format is registered, blocked and taken away as what it is', async () => {
  await using server = await connected()
  const long = readCard('H10304:12345:345678') as Card
  const twin = readCard('H10302:6472681038') as Card
  const number = '6472681038'
  expect(await server.put('42', desiredAccount({ cards: [{ card: long, state: 'on' }] }))).toMatchObject({
    [`card ${long.raw}`]: 'applied',
  })
  expect((await server.mustRead('42')).cards).toMatchObject([{ card: long, state: 'on' }])
  // The same bits under another name are no second card.
  expect(await server.put('43', desiredAccount({ cards: [{ card: twin, state: 'on' }] }))).toMatchObject({
    [`card ${twin.raw}`]: 'conflict biostar2.card-exists',
  })
  await server.lock('42')
  expect(server.simulator.state.card(number)).toMatchObject({ owner: '42', blocked: true })
  await server.put('42', desiredAccount({ lock: 'closed' }), { cards: [long] }, [long])
  expect(server.simulator.state.card(number)).toMatchObject({ owner: null, blocked: false })
})

test('a lost card of a format that the server does not have is blocked where it was set up there by hand', async () => {
  await using server = await connected()
  const foreign = readCard('H10306:1234:56789') as Card
  const number = String(1234 * 65_536 + 56_789)
  server.simulator.seed({ users: [{ id: '42', name: 'Ada', cards: [{ number, wiegandFormat: 5 }] }] })
  const order = { kind: 'lock', externalId: '42', known: null, at: new Date(), cards: [foreign] } as const
  expect((await server.accounts.apply(order, never)).parts).toMatchObject([{ outcome: 'applied' }])
  expect(server.simulator.state.card(number)).toMatchObject({ owner: '42', blocked: true })
})

test('a card that is refused does not keep another one on the account', async () => {
  await using server = await connected()
  await server.put('42', withChip)
  const refusal = { kind: 'http', status: 400, code: '408', method: 'PUT', path: '^/api/users/42$' } as const
  server.simulator.faults.add({ ...refusal, times: 1 })
  expect(await server.put('42', withWiegand, { cards: [chip] })).toMatchObject({
    [`card ${wiegand.raw}`]: 'conflict biostar2.card-taken',
    [`card ${chip.raw}`]: 'applied',
  })
  expect(server.simulator.state.card(chipNumber)).toMatchObject({ owner: null })
  expect(server.simulator.state.user('42')?.cards).toEqual([])
})
