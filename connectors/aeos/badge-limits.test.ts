/** A number that its identifier type does not take is refused before anything is written for it where that is sure, and told for that card alone. */
import { expect, test } from 'vitest'
import { type Card, cardOfValues, csn, h10301 } from '../../src/model/card.ts'
import { failures, first, type Simulated, simulated } from './simulated-for-tests.ts'
import { answer, connected, desiredAccount, fault, type Script } from './testing.ts'

const cards = (...given: readonly Card[]) => given.map((card) => ({ card, state: 'on' as const }))
const zero = h10301(20, 0)

const typeOf = (fields: string, id = '2') =>
  answer('IdentifierTypeList', `<Identifier><Id>${id}</Id><Name>Wiegand</Name>${fields}</Identifier>`)
const kind = (is: string, least = '', most = '') =>
  typeOf(
    [
      `<IdentificationType>${is}</IdentificationType>`,
      least && `<MinimumValue>${least}</MinimumValue>`,
      most && `<MaximumValue>${most}</MaximumValue>`,
    ].join(''),
  )

async function given(card: Card, script: Script, overrides = {}, now?: () => Date) {
  const target = await connected(script, overrides, now)
  const actual = await target.mustRead()
  return { target, give: () => target.put(desiredAccount({ cards: cards(card), levels: ['11'] }), { actual }) }
}

test.each([
  ['below the range', kind('Number', '1', '65535'), zero, 'rejected aeos.card-out-of-range'],
  ['above the range', kind('Number', '1', '9999'), h10301(20, 10_000), 'rejected aeos.card-out-of-range'],
  ['at its end', kind('Number', '1', '10000'), h10301(20, 10_000), 'applied'],
  ['at its beginning', kind('BCD', '10000', '20000'), h10301(20, 10_000), 'applied'],
  ['of a type without limits', kind('Number'), h10301(20, 10_000), 'applied'],
  ['of a type that says nothing', typeOf(''), zero, 'applied'],
  ['of a type of text', kind('String', 'A', 'B'), zero, 'applied'],
  ['of a type that is not shown', typeOf('<MaximumValue>1</MaximumValue>', '77'), zero, 'applied'],
  ['whose limits make no sense', kind('Number', '9', '1'), h10301(20, 5), 'applied'],
  ['whose limits are no numbers', kind('Number', '-', 'none'), h10301(20, 5), 'applied'],
])('a number %s', async (_what, types, card, expected) => {
  const { target, give } = await given(card, { IdentifierTypeSearchInfo: types })
  expect(await give()).toMatchObject({ [`card ${card.raw}`]: expected, 'level 11': 'applied' })
  expect(target.bodies('IdentifierAdd')).toHaveLength(expected === 'applied' ? 1 : 0)
  if (expected !== 'applied') expect(target.bodies('IdentifierSearchInfo')).toEqual([])
})

test('digits of another kind are refused; limits of a hexadecimal type in plain digits are read as whatever leaves more room', async () => {
  const settings = { identifier_types: [{ id: '2', format: 'CSN', bytes: 4, notation: 'hex' }] }
  const told = async (types: string, card: Card, IdentifierAdd: string | ReturnType<typeof fault>) => {
    const { give } = await given(card, { IdentifierTypeSearchInfo: types, IdentifierAdd }, settings)
    return (await give())[`card ${card.raw}`]
  }
  const card = csn('04A1B2C3')
  const taken = answer('IdentifierResult')
  expect(await told(kind('Number'), card, taken)).toBe('rejected aeos.card-digits')
  const outside = 'rejected aeos.card-out-of-range'
  for (const [least, most, each, expected] of [
    ['0', 'FFFFFFFF', card, 'rejected aeos.card-refused'],
    ['0', '3FFFFFF', card, outside],
    // 0x99999999 or 99,999,999; 0x100 or 100.
    ['100', '99999999', card, 'rejected aeos.card-refused'],
    ['100', '99999999', csn('000000A0'), 'rejected aeos.card-refused'],
    ['F0', '', csn('000000A0'), outside],
  ] as const) {
    const types = kind('Hexadecimal', least, most)
    expect(await told(types, each, fault(113))).toBe(expected)
    // No document says in which digits these limits are.
    expect(await told(types, each, taken)).toBe('applied')
  }
})

test('where the range may count the facility code, the number is sent, and the range explains a refusal alone', async () => {
  const narrow = kind('Number', '1', '9999')
  const joined = { identifier_types: [{ id: '2', format: 'H10301' }] }
  const alone = { identifier_types: [{ id: '2', format: 'H10301', facility: 20 }] }
  const both = { identifier_types: [...alone.identifier_types, ...joined.identifier_types] }
  // From 20 * 65,536 on: none of it can be a number alone.
  const counted = kind('Number', '1310721', '1376255')
  const card = h10301(20, 10_000)
  for (const [types, settings] of [
    [narrow, joined],
    [narrow, both],
    [counted, alone],
  ] as const)
    for (const [answered, expected] of [
      [answer('IdentifierResult'), 'applied'],
      [fault(113), 'rejected aeos.card-out-of-range'],
    ] as const) {
      const { target, give } = await given(card, { IdentifierTypeSearchInfo: types, IdentifierAdd: answered }, settings)
      expect(await give()).toMatchObject({ [`card ${card.raw}`]: expected, 'level 11': 'applied' })
      expect(target.bodies('IdentifierAdd')).toHaveLength(1)
    }
})

test('types are asked for once in ten minutes, and again before a card is refused and after AEOS refused one', async () => {
  let at = Date.parse('2026-11-26T09:00:00Z')
  const narrow = kind('Number', '1', '9999')
  const wide = kind('Number', '1', '65535')
  const asked = (target: Awaited<ReturnType<typeof connected>>) => target.bodies('IdentifierTypeSearchInfo').length

  const { target, give } = await given(first, { IdentifierTypeSearchInfo: [narrow, wide] }, {}, () => new Date(at))
  const part = `card ${first.raw}`
  expect(await give()).toMatchObject({ [part]: 'rejected aeos.card-out-of-range' })
  expect(asked(target)).toBe(1)
  at += 60_000
  // Somebody widened the range meanwhile.
  expect(await give()).toMatchObject({ [part]: 'applied' })
  expect(asked(target)).toBe(2)
  at += 9 * 60_000
  await give()
  expect(asked(target)).toBe(2)
  at += 2 * 60_000
  await give()
  expect(asked(target)).toBe(3)

  const refused = await given(first, { IdentifierTypeSearchInfo: [wide, narrow], IdentifierAdd: fault(113) })
  expect(await refused.give()).toMatchObject({ [part]: 'rejected aeos.card-out-of-range' })
  expect(asked(refused.target)).toBe(2)
})

test('where AEOS does not say what its types are, it is left to refuse the number itself', async () => {
  for (const answered of [fault(901), fault(85)]) {
    const { give } = await given(zero, { IdentifierTypeSearchInfo: answered })
    expect(await give()).toMatchObject({ [`card ${zero.raw}`]: 'applied' })
  }
  const { give } = await given(zero, { IdentifierTypeSearchInfo: fault(990) })
  expect(await give()).toMatchObject({ [`card ${zero.raw}`]: 'transient aeos.system-error', 'level 11': 'applied' })
})

/** One type of each kind beside those of the site, and cards around their limits. */
const identifierTypes = [
  { name: 'Short hexadecimal', identification: 'Hexadecimal', least: 'A0', most: 'FFFFFF' },
  { name: 'BCD', identification: 'BCD', least: '100', most: '9999999999' },
]
const settings = {
  identifier_types: [
    { id: '4', format: 'H10301', facility: 20 },
    { id: '5', format: 'CSN', bytes: 4, notation: 'hex' },
    { id: '6', format: 'H10302' },
    { id: '6', format: 'CSN', bytes: 5, notation: 'hex' },
    { id: '3', format: 'H10301', facility: 21 },
  ],
}
const tried = [
  ...[zero, h10301(20, 1), h10301(20, 65_535)],
  ...['0000009F', '000000A0', '00FFFFFF', '01000000'].map(csn),
  ...[99n, 100n, 9_999_999_999n, 10_000_000_000n].map((number) => cardOfValues('H10302', { number })),
  ...['0123456789', '01234567AB'].map(csn),
  h10301(21, 0),
]

async function tells(target: Simulated, card: Card) {
  const before = target.simulator.requests.find({ operation: '^assignToken$' }).length
  const told = Object.values(failures(await target.put(desiredAccount({ cards: cards(card) }))))
  const isSent = target.simulator.requests.find({ operation: '^assignToken$' }).length > before
  return { told, isSent }
}

test('what is refused is what the simulator refuses by itself, and nothing else; of it nothing is sent where that is sure', async () => {
  await using target = await simulated({}, settings)
  target.simulator.seed({ identifierTypes })
  // One whose system user may not ask.
  await using other = await simulated({}, settings)
  other.simulator.seed({ identifierTypes })
  other.simulator.faults.add({ kind: 'fault', operation: '^findIdentifierType$', code: 901 })
  const refusedHere: string[] = []
  for (const card of tried) {
    const { told, isSent } = await tells(target, card)
    const alone = await tells(other, card)
    expect(alone.isSent).toBe(true)
    expect([card.raw, told.length]).toEqual([card.raw, alone.told.length])
    if (told.length > 0) refusedHere.push(`${told[0]}${isSent ? ' by AEOS' : ''}`)
    else expect(isSent).toBe(true)
  }
  expect(refusedHere.toSorted()).toEqual([
    'rejected aeos.card-digits',
    'rejected aeos.card-out-of-range',
    ...Array(4).fill('rejected aeos.card-out-of-range by AEOS'),
  ])
  expect((await target.health()).problems.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
    'warning aeos.identifier-type-range',
    'warning aeos.identifier-type-range',
    'error aeos.identifier-type-notation',
  ])
})
