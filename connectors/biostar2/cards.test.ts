/** Proves whose cards are given out, blocked, unblocked and taken away, and whose are not. */
import { expect, test } from 'vitest'
import { csn } from '../../src/model/card.ts'
import { connected, desiredAccount } from './testing.ts'

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
