/** The table of error codes, held against every operation that is carried out; and the codes that belong to none. */
import { expect, test } from 'vitest'
import { start } from './client-for-tests.ts'
import { operationsOf } from './sample-for-tests.ts'

/** As the manual, v33, lists them, by operation. */
const table: Readonly<Record<string, number>> = {
  ...family('Department', 10),
  ...family('Unit', 15),
  ...family('Entrance', 25),
  ...family('EntranceGroup', 30),
  ...family('Template', 50),
  ...family('Employee', 60),
  ...family('Contractor', 65),
  ...family('Visitor', 70),
  ...family('Car', 75),
  ...family('DayTimeSchedule', 80),
  findPerson: 55,
  findPersonId: 55,
  findIdentifierType: 85,
  findBlockReason: 86,
  findCarrierStates: 100,
  findCarrierProfile: 101,
  findCarrierVerification: 102,
  findCarrierToken: 103,
  findCarrierImage: 104,
  findCarrierByToken: 105,
  findToken: 108,
  ...Object.fromEntries(
    [
      'blockCarrier',
      'unblockCarrier',
      'changeCarrierAttribute',
      'activateAPBOnCarrier',
      'deactivateAPBOnCarrier',
      'activateAutoBlockOnCarrier',
      'deactivateAutoBlockOnCarrier',
      'setCarrierSpecial',
      'resetCarrierSpecial',
      'setCarrierInvisible',
      'resetCarrierInvisible',
    ].map((name) => [name, 110]),
  ),
  changeCarrierProfile: 111,
  changeCarrierVerification: 112,
  assignToken: 113,
  addCarrierImage: 114,
  removeCarrierImage: 115,
  addCarrierAuthorizations: 116,
  addCarriersAuthorization: 116,
  removeCarrierAuthorizations: 117,
  removeCarriersAuthorization: 117,
  releaseBlockedToken: 121,
  replaceToken: 122,
  blockToken: 123,
  unblockToken: 124,
  withdrawToken: 125,
  withdrawAndBlockToken: 126,
  findFreeFieldDefinition: 130,
  findFreeFieldCategory: 131,
  findEventType: 150,
  findEvent: 151,
  findLogType: 160,
  findLog: 161,
  addToken: 242,
  findAccessPoint: 245,
  changeAccessPoint: 247,
}

function family(kind: string, first: number): Record<string, number> {
  return Object.fromEntries(['find', 'add', 'change', 'remove'].map((verb, at) => [`${verb}${kind}`, first + at]))
}

test('every operation fails with its own code', async () => {
  await using client = await start({ quirks: { schemaFaults: 'status-info' } })
  const codes: Record<string, number | null> = {}
  for (const { name, request } of operationsOf('2024-08')) {
    if (name === 'getVersion') continue
    codes[name] = (await client.send(request.root, '<Nonsense/>')).code
  }
  expect(codes).toEqual(table)
})

test.each([
  ['a configuration error', 9],
  ['a wrong function', 904],
  ['a system error', 990],
])('%s is made on demand', async (what, code) => {
  await using client = await start()
  client.simulator.faults.add({ kind: 'fault', code, message: what, times: 1 })
  const reply = await client.send('VersionSearchInfo')
  expect([reply.status, reply.code, reply.fault]).toEqual([500, code, what])
})

test('what is not authorised, not licensed and not implemented comes before everything else', async () => {
  await using client = await start()
  client.simulator.setUser('outside', 'secret', { lacks: ['External calls'] })
  expect((await client.as('outside', 'secret').send('EmployeeAdd', '<Nonsense/>')).code).toBe(901)
  client.simulator.quirks.unlicensed = ['addEmployee']
  expect((await client.send('EmployeeAdd', '<Nonsense/>')).code).toBe(902)
  expect((await client.send('HolidayAdd', '<Nonsense/>')).code).toBe(903)
})
