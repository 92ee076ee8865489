import { expect, test } from 'vitest'
import { answer, connected, fault, never, people, type Script } from './testing.ts'

const reason = (id: string, carrier: boolean, token: boolean, withdraw = token, replaced = token) =>
  `<BlockReason><Id>${id}</Id><Description>Gatehouse</Description><CarrierBlockReason>${carrier}</CarrierBlockReason><IdentifierBlockReason>${token}</IdentifierBlockReason><IdentifierWithdrawReason>${withdraw}</IdentifierWithdrawReason><IdentifierWithdrawReplacedReason>${replaced}</IdentifierWithdrawReplacedReason><IdentifierReplacementReason>false</IdentifierReplacementReason></BlockReason>`

const well: Script = {
  PersonSearchInfo: people(),
  BlockReasonSearch: answer('BlockReasonList', reason('3', true, false) + reason('4', false, true)),
  IdentifierTypeSearchInfo: answer(
    'IdentifierTypeList',
    '<Identifier><Id>2</Id></Identifier><Identifier><Id>5</Id></Identifier>',
  ),
  FreeFieldDefinitionSearchInfo: answer(
    'FreeFieldDefinitionList',
    '<FreeFieldDefinition><Id>12</Id></FreeFieldDefinition>',
  ),
}

async function problemsOf(script: Script, overrides: Parameters<typeof connected>[1] = {}) {
  const target = await connected({ ...well, ...script }, overrides)
  const { problems } = await target.health(never)
  return problems.map(({ severity, code }) => `${severity} ${code}`)
}

test('a server that fits the settings has no problems, and says what it is', async () => {
  const target = await connected(well)
  expect(await target.health(never)).toEqual({
    product: 'Nedap AEOS',
    version: '2023.2',
    reach: 'read-back',
    problems: [],
  })
})

test('ids that the server does not know are told, with what there is', async () => {
  expect(await problemsOf({}, { block_reasons: { carrier: '4', token: '9' } })).toEqual(
    Array(2).fill('error aeos.block-reason'),
  )
  expect(await problemsOf({ IdentifierTypeSearchInfo: answer('IdentifierTypeList') })).toEqual([
    'error aeos.identifier-type-unknown',
  ])
  const fields = { free_fields: [{ definition_id: '13', fact: 'title' }] }
  expect(await problemsOf({}, fields)).toEqual(['error aeos.free-field-unknown'])
  expect(await problemsOf({}, { identifier_types: [] })).toEqual(['warning aeos.no-identifier-types'])
})

test('a reason that is for blocking badges alone is told: badges are withdrawn for it as well', async () => {
  for (const flags of [
    [false, true],
    [true, false],
  ] as const) {
    const reasons = reason('3', true, false) + reason('4', false, true, ...flags)
    expect(await problemsOf({ BlockReasonSearch: answer('BlockReasonList', reasons) })).toEqual([
      'error aeos.block-reason',
    ])
  }
})

test('of the reasons those that would do come first, by id and name', async () => {
  const reasons = reason('3', true, false) + reason('4', false, true) + reason('8', false, true, false, false)
  const script = { ...well, BlockReasonSearch: answer('BlockReasonList', reasons) }
  const messages = async (block_reasons: { carrier: string; token: string }, shown: Script = script) =>
    (await (await connected(shown, { block_reasons })).health(never)).problems.map(({ message }) => message)
  expect(await messages({ carrier: '3', token: '8' })).toEqual([
    'block_reasons.token 8 is no reason for withdrawing badges, withdrawing badges that were replaced. These would do: 4 Gatehouse. These are for something else: 3 Gatehouse, 8 Gatehouse.',
  ])
  expect(await messages({ carrier: '9', token: '4' })).toEqual([
    'block_reasons.carrier 9 is no reason for blocking carriers. These would do: 3 Gatehouse. These are for something else: 4 Gatehouse, 8 Gatehouse.',
  ])
  const onlyCarriers = { ...well, BlockReasonSearch: answer('BlockReasonList', reason('3', true, false)) }
  expect(await messages({ carrier: '3', token: '4' }, onlyCarriers)).toEqual([
    'block_reasons.token 4 is no reason for blocking badges, withdrawing badges, withdrawing badges that were replaced. AEOS has none that would do. These are for something else: 3 Gatehouse.',
  ])
})

test.each([
  ['fits', { id: '2', format: 'H10301', facility: 20 }, 'Number 1 65535', []],
  ['fits text', { id: '2', format: 'CSN', bytes: 4, notation: 'hex' }, 'String 1 9', []],
  ['fits one that says nothing', { id: '2', format: 'CSN', bytes: 4, notation: 'hex' }, '', []],
  ['writes all bits', { id: '2', format: 'H10301', writes: 'bits' }, 'Number 1 67108863', []],
  [
    'writes facility and number',
    { id: '2', format: 'H10301', facility: 20, writes: 'joined' },
    'Number 1310720 1376255',
    [],
  ],
  [
    'writes hex where AEOS reads decimal',
    { id: '2', format: 'CSN', bytes: 4, notation: 'hex' },
    'Number',
    ['error notation'],
  ],
  ['writes decimal where AEOS reads hex', { id: '2', format: 'H10302' }, 'Hexadecimal', ['error notation']],
  ['writes hex where AEOS reads BCD', { id: '2', format: 'H10302', notation: 'hex' }, 'BCD', ['error notation']],
  ['writes more than AEOS takes', { id: '2', format: 'H10302' }, 'Number 1 65535', ['warning range']],
  ['writes less than AEOS takes', { id: '2', format: 'H10301', facility: 20 }, 'Number 1000 65535', ['warning range']],
  [
    'writes nothing that AEOS takes',
    { id: '2', format: 'H10301', facility: 20, writes: 'joined' },
    'Number 1 65535',
    ['error range'],
  ],
  ['writes nothing so low', { id: '2', format: 'H10301', facility: 20 }, 'Number 65536 99999', ['error range']],
  [
    'pads beyond the largest number',
    { id: '2', format: 'H10301', facility: 20, digits: 8 },
    'Number 1 65535',
    ['warning length'],
  ],
])('identifier_types %s', async (_what, type, said, expected) => {
  const [is, least, most] = said.split(' ')
  const fields = [
    is ? `<IdentificationType>${is}</IdentificationType>` : '',
    least ? `<MinimumValue>${least}</MinimumValue>` : '',
    most ? `<MaximumValue>${most}</MaximumValue>` : '',
  ].join('')
  const there = `<Identifier><Id>2</Id><Name>Main</Name>${fields}</Identifier>`
  const script = { IdentifierTypeSearchInfo: answer('IdentifierTypeList', there) }
  const told = (await problemsOf(script, { identifier_types: [type] })).map((each) =>
    each.replace('aeos.identifier-type-', ''),
  )
  expect(told).toEqual(expected)
})

test('what the system user may not do is told, and is no failure', async () => {
  expect(await problemsOf({ PersonSearchInfo: fault(901) })).toEqual(['error aeos.not-allowed'])
  expect(await problemsOf({ BlockReasonSearch: fault(901), IdentifierTypeSearchInfo: fault(902) })).toEqual([
    'warning aeos.reasons-unreadable',
  ])
})

test('each type of carrier that the settings name is asked for on its own; a licence that is missing is told as such', async () => {
  const carriers = { carriers: { guest: 'visitor', external: 'contractor' } }
  const closed = { VisitorSearchInfo: fault(901), ContractorSearchInfo: fault(902) }
  expect(await problemsOf(closed, carriers)).toEqual(['error aeos.not-allowed', 'error aeos.no-licence'])
  expect(await problemsOf(closed)).toEqual([])
})

test('a unit and a schedule that AEOS does not show are told', async () => {
  const set = { unit_id: '6', entrance_schedule: '5' }
  const none = { UnitSearchInfo: answer('UnitList'), DayTimeScheduleSearchInfo: answer('DayTimeScheduleList') }
  expect(await problemsOf(none, set)).toEqual(['error aeos.unit-unknown', 'error aeos.schedule-unknown'])
  const there = {
    UnitSearchInfo: answer('UnitList', '<Unit><Id>6</Id><Name>Annex</Name></Unit>'),
    DayTimeScheduleSearchInfo: answer('DayTimeScheduleList', '<DayTimeSchedule><Id>5</Id></DayTimeSchedule>'),
  }
  expect(await problemsOf(there, set)).toEqual([])
})

test('an older version, and one that does not show what it offers, are told', async () => {
  expect(await problemsOf({ wsdl: '<operation name="findPerson">' })).toEqual(['warning aeos.old-version'])
  expect(await problemsOf({ wsdl: '<html/>' })).toEqual(['warning aeos.description-unreadable'])
})

test('a server that fails has no health', async () => {
  const target = await connected({ ...well, BlockReasonSearch: fault(990) })
  await expect(target.health(never)).rejects.toMatchObject({ kind: 'transient' })
})

test('events that our user may not read are told', async () => {
  expect(await problemsOf({ EventSearchInfo: fault(901) })).toEqual(['warning aeos.events-closed'])
})
