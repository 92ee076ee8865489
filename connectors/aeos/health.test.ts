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
