/** Badges go through their states as the manual's table says, and through no other way. */
import { expect, test } from 'vitest'
import { addEmployee, assign, type Client, nodes, pair, start, text, texts } from './client-for-tests.ts'
import type { SimulatorOptions } from './options.ts'

// Ids of the reasons that every simulator starts with.
const [carrierBlocked, lost, forgotten, outOfService] = [11, 12, 14, 15]

type Step = (
  client: Client,
  number: string,
) => Promise<{ status: number; code: number | null; root: string; raw: string }>

const steps = {
  assign: (client, number) => assign(client, 1, number),
  withdraw: (client, number) => client.send('IdentifierWithdraw', pair(number)),
  restore: (client, number) =>
    client.send('IdentifierWithdraw', `${pair(number)}<RestoreReplaced>true</RestoreReplaced>`),
  block: (client, number) => client.send('IdentifierBlock', `${pair(number)}<Reason>${lost}</Reason>`),
  unblock: (client, number) => client.send('IdentifierUnblock', pair(number)),
  withdrawAndBlock: (client, number) =>
    client.send('IdentifierWithdrawAndBlock', `${pair(number)}<Reason>${lost}</Reason>`),
  release: (client, number) => client.send('IdentifierRelease', pair(number)),
  replaceForgotten: (client, number) => replace(client, number, forgotten),
  replaceLost: (client, number) => replace(client, number, lost),
} satisfies Record<string, Step>

function replace(client: Client, number: string, reason: number) {
  const from = `<IdentifierTypeFrom>1</IdentifierTypeFrom><BadgeNumberFrom>${number}</BadgeNumberFrom>`
  const to = `<IdentifierTypeTo>1</IdentifierTypeTo><BadgeNumberTo>9${number}</BadgeNumberTo>`
  return client.send('IdentifierReplace', `<CarrierId>1</CarrierId>${from}${to}<Reason>${reason}</Reason>`)
}

type StepName = keyof typeof steps

/** How to bring badge 500 (or 9500, the replacement of 500) into a state. */
const ways: Record<string, { number: string; by: [StepName, string][] }> = {
  unknown: { number: '500', by: [] },
  free: {
    number: '500',
    by: [
      ['assign', '500'],
      ['withdraw', '500'],
    ],
  },
  'in use': { number: '500', by: [['assign', '500']] },
  'permanently blocked': {
    number: '500',
    by: [
      ['assign', '500'],
      ['withdrawAndBlock', '500'],
    ],
  },
  'temporarily blocked': {
    number: '500',
    by: [
      ['assign', '500'],
      ['block', '500'],
    ],
  },
  waiting: {
    number: '500',
    by: [
      ['assign', '500'],
      ['replaceForgotten', '500'],
    ],
  },
  replacement: {
    number: '9500',
    by: [
      ['assign', '500'],
      ['replaceForgotten', '500'],
    ],
  },
}

/** Status afterwards, or the code of the fault; the state stays what it was then. */
const table: Record<string, Partial<Record<StepName, number>>> = {
  unknown: {
    assign: 1,
    withdraw: 125,
    block: 123,
    unblock: 124,
    withdrawAndBlock: 126,
    release: 121,
    replaceLost: 122,
  },
  free: { assign: 1, withdraw: 125, block: 123, unblock: 124, withdrawAndBlock: 126, release: 121, replaceLost: 122 },
  'in use': {
    assign: 113,
    withdraw: 0,
    block: 3,
    unblock: 124,
    withdrawAndBlock: 2,
    release: 121,
    replaceLost: 2,
    replaceForgotten: 3,
  },
  'permanently blocked': {
    assign: 113,
    withdraw: 125,
    block: 123,
    unblock: 124,
    withdrawAndBlock: 126,
    release: 0,
    replaceLost: 122,
  },
  'temporarily blocked': {
    assign: 113,
    withdraw: 125,
    block: 123,
    unblock: 1,
    withdrawAndBlock: 126,
    release: 121,
    replaceLost: 122,
  },
  waiting: {
    assign: 113,
    withdraw: 125,
    block: 123,
    unblock: 124,
    withdrawAndBlock: 126,
    release: 121,
    replaceLost: 122,
  },
  replacement: {
    assign: 113,
    withdraw: 0,
    block: 3,
    unblock: 124,
    withdrawAndBlock: 2,
    release: 121,
    replaceLost: 122,
  },
}

async function inState(state: string, options: SimulatorOptions = {}): Promise<Client & { number: string }> {
  const client = await start(options)
  await addEmployee(client)
  const way = ways[state]
  for (const [step, number] of way?.by ?? []) await steps[step](client, number)
  return { ...client, number: way?.number ?? '' }
}

const cases = Object.entries(table).flatMap(([state, row]) =>
  Object.entries(row).map(([step, outcome]) => [state, step as StepName, outcome] as const),
)

test.each(cases)('%s, %s: %i', async (state, step, outcome) => {
  await using client = await inState(state)
  const before = client.simulator.state.badge(client.number)
  const reply = await steps[step](client, client.number)
  const after = client.simulator.state.badge(client.number)
  if (outcome > 4) {
    expect(reply.code).toBe(outcome)
    expect(after).toEqual(before)
  } else {
    expect([reply.status, after?.status]).toEqual([200, outcome])
    expect(after?.blocked).toBe(outcome === 2 || outcome === 3)
    expect(after?.carrier).toBe(outcome === 0 || outcome === 2 ? null : 1)
  }
})

test('block and unblock answer an empty body, the others the identifier or the text (null)', async () => {
  await using client = await inState('unknown')
  const assigned = await steps.assign(client, '500')
  expect([assigned.root, assigned.raw.includes('<Status>1</Status>')]).toEqual(['IdentifierResult', true])
  expect((await steps.block(client, '500')).raw).toContain('<soap:Body/>')
  const blocked = await client.send('CarrierIdToken', 1)
  expect(
    ['Status', 'Blocked', 'BlockReason', 'DateBlocked'].map((name) => text(blocked.body, `Identifier/${name}`)),
  ).toEqual(['3', 'true', `${lost}`, '2026-07-01T14:00:00'])
  expect((await steps.unblock(client, '500')).raw).toContain('<soap:Body/>')
  expect((await steps.withdraw(client, '500')).raw).toContain('(null)')
  client.simulator.quirks.blockAnswers = 'identifier'
  await steps.assign(client, '500')
  expect((await steps.block(client, '500')).root).toBe('IdentifierResult')
  expect((await steps.unblock(client, '500')).root).toBe('IdentifierResult')
})

test('a forgotten card waits, and comes back when its replacement is withdrawn with RestoreReplaced', async () => {
  await using client = await inState('waiting')
  const badge = (number: string) => client.simulator.state.badge(number)
  expect(badge('500')).toMatchObject({ status: 3, replacedBy: badge('9500')?.id })
  expect(badge('9500')).toMatchObject({ status: 4, replaces: badge('500')?.id, carrier: 1 })
  const found = await client.send('CarrierIdToken', 1)
  expect(texts(found.body, 'Identifier/Replaced')).toEqual(['true', 'false'])
  expect(texts(found.body, 'Identifier/ReplacedBy')).toEqual([String(badge('9500')?.id)])
  await steps.block(client, '9500')
  await steps.unblock(client, '9500')
  expect(badge('9500')?.status).toBe(4)
  await steps.restore(client, '9500')
  expect(badge('500')).toMatchObject({ status: 1, replacedBy: null, blockReason: null })
  expect(badge('9500')).toMatchObject({ status: 0, carrier: null })
})

test('without RestoreReplaced it stays blocked, and waits for nothing any more', async () => {
  await using client = await inState('waiting')
  await steps.withdraw(client, '9500')
  expect(client.simulator.state.badge('500')).toMatchObject({ status: 3, replacedBy: null, carrier: 1 })
  await steps.unblock(client, '500')
  expect(client.simulator.state.badge('500')?.status).toBe(1)
})

test('a lost card is gone for good, and its replacement is an ordinary one', async () => {
  await using client = await inState('in use')
  const reply = await steps.replaceLost(client, '500')
  expect([reply.root, reply.raw.includes('<BadgeNumber>9500</BadgeNumber>')]).toEqual(['IdentifierResult', true])
  expect(client.simulator.state.badge('500')).toMatchObject({ status: 2, carrier: null, blockReason: lost })
  expect(client.simulator.state.badge('9500')).toMatchObject({ status: 1, carrier: 1, replaces: null })
})

test('a replacement ends with its EndValidity', async () => {
  await using client = await inState('unknown')
  client.simulator.hand({ action: 'grant', carrier: 1, template: 'Main Entrance' })
  await steps.assign(client, '500')
  const from = '<IdentifierTypeFrom>1</IdentifierTypeFrom><BadgeNumberFrom>500</BadgeNumberFrom>'
  const to = '<IdentifierTypeTo>1</IdentifierTypeTo><BadgeNumberTo>501</BadgeNumberTo>'
  const end = '<EndValidity>2026-07-01T18:00:00</EndValidity>'
  await client.send('IdentifierReplace', `<CarrierId>1</CarrierId>${from}${to}<Reason>${forgotten}</Reason>${end}`)
  const swipe = () => client.simulator.swipe({ badge: '501', entrance: 'Front Door' })
  expect(swipe().granted).toBe(true)
  client.simulator.clock.advance(4 * 3_600_000)
  expect(swipe()).toMatchObject({ granted: false, reason: 101 })
})

test('tokens are found by criteria, of which there must be one, and their carriers by them', async () => {
  await using client = await start()
  client.simulator.seed({
    carriers: [
      { lastName: 'Sample', badges: ['10', '100'] },
      { kind: 'Visitor', lastName: 'Other', badges: ['1000'] },
    ],
  })
  const find = (criteria: string) => client.send('IdentifierSearchInfo', criteria)
  const numbers = 'IdentifierAndCarrierId/Identifier/BadgeNumber'
  const some = await find('<IdentifierSearch><BadgeNumber>100</BadgeNumber></IdentifierSearch>')
  expect(texts(some.body, numbers)).toEqual(['100', '1000'])
  expect(texts(some.body, 'IdentifierAndCarrierId/CarrierId')).toEqual(['1', '2'])
  const range = '<SearchRange><startRecordNo>1</startRecordNo><nrOfRecords>1</nrOfRecords></SearchRange>'
  expect(
    texts(
      (await find(`<IdentifierSearch><IdentifierType>1</IdentifierType></IdentifierSearch>${range}`)).body,
      numbers,
    ),
  ).toEqual(['100'])
  expect(texts((await find('<IdentifierSearch><Id>3</Id></IdentifierSearch>')).body, numbers)).toEqual(['1000'])
  for (const none of ['', '<IdentifierSearch/>', range]) expect((await find(none)).code).toBe(108)
  const carrier = await client.send(
    'AssignedIdentifierSearch',
    '<IdentifierTypeId>1</IdentifierTypeId><BadgeNumber>1000</BadgeNumber>',
  )
  expect([carrier.root, carrier.body.type, text(carrier.body, 'LastName')]).toEqual([
    'CarrierInfo',
    'VisitorInfo',
    'Other',
  ])
  const nobody = await client.send(
    'AssignedIdentifierSearch',
    '<IdentifierTypeId>1</IdentifierTypeId><BadgeNumber>1001</BadgeNumber>',
  )
  expect([nobody.code, nobody.fault]).toEqual([105, 'Carrier not found'])
  client.simulator.quirks.carrierByTokenTyped = false
  const bare = await client.send(
    'AssignedIdentifierSearch',
    '<IdentifierTypeId>1</IdentifierTypeId><BadgeNumber>1000</BadgeNumber>',
  )
  expect([bare.body.type, text(bare.body, 'LastName'), text(bare.body, 'Id')]).toEqual([null, undefined, '2'])
})

test('a badge number must fit its type', async () => {
  await using client = await inState('unknown')
  const give = async (number: string, type: number) => (await assign(client, 1, number, type)).code
  expect(await give('65535', 4)).toBeNull()
  expect(await give('65536', 4)).toBe(113)
  expect(await give('0', 4)).toBe(113)
  expect(await give('12a', 1)).toBe(113)
  expect(await give('04A1B2C3', 2)).toBeNull()
  expect(await give('04G1', 2)).toBe(113)
  expect(await give('any text', 3)).toBeNull()
  expect(await give('1'.repeat(33), 3)).toBe(113)
  expect(await give('1', 99)).toBe(113)
  client.simulator.quirks.rangeChecked = false
  expect(await give('70000', 4)).toBeNull()
  // One number under two types is two badges.
  expect(await give('70000', 1)).toBeNull()
  const types = await client.send('IdentifierTypeSearchInfo', '<Name>wieg</Name>')
  expect([text(types.body, 'Identifier/Id'), text(types.body, 'Identifier/MaximumValue')]).toEqual(['4', '65535'])
})

test('a reason must be meant for what it is given for', async () => {
  await using client = await inState('in use')
  const block = async (reason: number) =>
    (await client.send('IdentifierBlock', `${pair('500')}<Reason>${reason}</Reason>`)).code
  expect([await block(carrierBlocked), await block(forgotten), await block(99)]).toEqual([123, 123, 123])
  expect((await client.send('CarrierIdBlock', `<CarrierId>1</CarrierId><Reason>${lost}</Reason>`)).code).toBe(110)
  expect(await block(outOfService)).toBeNull()
  const reasons = await client.send('BlockReasonSearch', '<Name>forg</Name>')
  expect(nodes(reasons.body, 'BlockReason')).toHaveLength(1)
  expect(text(reasons.body, 'BlockReason/IdentifierReplacementReason')).toBe('true')
  client.simulator.quirks.reasonsChecked = false
  expect((await client.send('CarrierIdBlock', '<CarrierId>1</CarrierId><Reason>99</Reason>')).status).toBe(200)
})

test.each<[keyof NonNullable<SimulatorOptions['quirks']>, unknown, string, StepName, number]>([
  ['blockTwice', 'taken', 'temporarily blocked', 'block', 3],
  ['blockTwice', 'taken', 'waiting', 'block', 3],
  ['unblockTwice', 'taken', 'in use', 'unblock', 1],
  ['unblockTwice', 'taken', 'replacement', 'unblock', 4],
  ['withdrawBlocked', 'taken', 'temporarily blocked', 'withdraw', 0],
  ['withdrawBlocked', 'taken', 'temporarily blocked', 'withdrawAndBlock', 2],
  ['replacementsBlockable', false, 'replacement', 'block', 123],
  ['replacementsBlockable', false, 'replacement', 'withdrawAndBlock', 126],
])('with %s %s: %s, %s: %i', async (quirk, value, state, step, outcome) => {
  await using client = await inState(state, { quirks: { [quirk]: value } })
  const reply = await steps[step](client, client.number)
  const status = client.simulator.state.badge(client.number)?.status
  expect(outcome > 4 ? reply.code : status).toBe(outcome)
})

test('a badge that somebody else has is refused, or moves, by the switch', async () => {
  await using client = await inState('in use')
  const other = await addEmployee(client)
  expect((await assign(client, other, '500')).code).toBe(113)
  client.simulator.quirks.takenBadge = 'moved'
  expect((await assign(client, other, '500')).status).toBe(200)
  expect(client.simulator.state.carrier(1)?.badges).toEqual([])
  expect(client.simulator.state.badge('500')?.carrier).toBe(other)
})

test('addToken makes a free badge once', async () => {
  await using client = await inState('unknown')
  const add = () =>
    client.send(
      'IdentifierWithAuthenticationKeyAdd',
      `<IdentifierData>${pair('500')}</IdentifierData><AuthenticationKey>AB</AuthenticationKey>`,
    )
  const added = await add()
  expect([text(added.body, 'Identifier/Status'), text(added.body, 'AuthenticationKey')]).toEqual(['0', 'AB'])
  expect((await add()).code).toBe(242)
  expect((await steps.assign(client, '500')).status).toBe(200)
})

test('a card is replaced only for the one who has it, by one that is free', async () => {
  await using client = await inState('in use')
  const other = await addEmployee(client)
  await assign(client, other, '600')
  const swap = async (carrier: number, from: string, to: string) => {
    const numbers = `<IdentifierTypeFrom>1</IdentifierTypeFrom><BadgeNumberFrom>${from}</BadgeNumberFrom><IdentifierTypeTo>1</IdentifierTypeTo><BadgeNumberTo>${to}</BadgeNumberTo>`
    return (
      await client.send('IdentifierReplace', `<CarrierId>${carrier}</CarrierId>${numbers}<Reason>${lost}</Reason>`)
    ).code
  }
  expect(await swap(other, '500', '501')).toBe(122)
  expect(await swap(1, '500', '600')).toBe(122)
  expect(await swap(99, '500', '501')).toBe(122)
  expect(await swap(1, '500', '501')).toBeNull()
})
