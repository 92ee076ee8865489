/** Who may call and what each sees: login, functions of the role, units, entrances, free fields, licences. */
import { expect, test } from 'vitest'
import { pair, start, text, texts } from './client-for-tests.ts'

test('a wrong name, a wrong password and none at all are 401 without SOAP', async () => {
  await using client = await start()
  const { username, password } = client.simulator
  for (const [name, secret] of [
    [username, `${password}x`],
    ['somebody', password],
    [username, ''],
  ] as const) {
    const reply = await client.as(name, secret).send('VersionSearchInfo')
    expect([reply.status, reply.raw, reply.headers['www-authenticate']]).toEqual([401, '', 'Basic realm="aeosws"'])
  }
  expect((await client.get('wsdl', { authorization: '' })).status).toBe(401)
  expect((await client.send('VersionSearchInfo')).status).toBe(200)
  client.simulator.removeUser(username)
  expect((await client.send('VersionSearchInfo')).status).toBe(401)
})

test('without External calls nothing works, without a function its carriers do not', async () => {
  await using client = await start()
  client.simulator.seed({ carriers: [{ lastName: 'Sample' }, { kind: 'Visitor', lastName: 'Sample' }] })
  client.simulator.setUser('outside', 'secret', { lacks: ['External calls'] })
  client.simulator.setUser('reception', 'secret', { lacks: ['Employee'] })
  expect((await client.as('outside', 'secret').send('VersionSearchInfo')).code).toBe(901)
  const reception = client.as('reception', 'secret')
  expect((await reception.send('EmployeeSearchInfo', '<EmployeeInfo/>')).code).toBe(901)
  expect((await reception.send('EmployeeAdd', '<LastName>Sample</LastName>')).code).toBe(901)
  expect((await reception.send('VisitorSearchInfo', '<VisitorInfo/>')).status).toBe(200)
  const persons = await reception.send('PersonSearchInfo', '<PersonInfo/>')
  expect(texts(persons.body, 'Person/CarrierType')).toEqual(['Visitor'])
})

test('a filter of units hides carriers, badges and departments of others as if they were not there', async () => {
  await using client = await start()
  client.simulator.seed({
    units: ['Annex'],
    departments: [{ name: 'Far', unit: 'Annex' }],
    carriers: [
      { lastName: 'Here', badges: ['1'] },
      { lastName: 'There', unit: 'Annex', badges: ['2'] },
    ],
  })
  client.simulator.setUser('local', 'secret', { units: [1] })
  const local = client.as('local', 'secret')
  expect(
    texts((await local.send('EmployeeSearchInfo', '<EmployeeInfo/>')).body, 'Employee/EmployeeInfo/LastName'),
  ).toEqual(['Here'])
  expect((await local.send('CarrierIdProfile', 2)).fault).toBe('Carrier not found')
  expect((await local.send('EmployeeChange', '<Id>2</Id><Title>Dr</Title>')).code).toBe(62)
  expect((await local.send('IdentifierWithdraw', pair('2'))).code).toBe(125)
  expect((await local.send('EmployeeAdd', '<UnitId>2</UnitId><LastName>Sample</LastName>')).code).toBe(61)
  expect(texts((await local.send('UnitSearchInfo')).body, 'Unit/Name')).toEqual(['Headquarters'])
  expect(texts((await local.send('DepartmentSearchInfo', '<DepartmentInfo/>')).body, 'Department/Name')).toEqual([
    'General',
  ])
  client.simulator.swipe({ badge: '1', entrance: 'Front Door' })
  client.simulator.swipe({ badge: '2', entrance: 'Front Door' })
  const events = await local.send(
    'EventSearchInfo',
    '<EventSearch><FromDateTime>2026-01-01T00:00:00</FromDateTime></EventSearch>',
  )
  expect(texts(events.body, 'Event/CarrierId')).toEqual(['1'])
})

test('a filter of entrances hides doors from finds, authorisations and events', async () => {
  await using client = await start()
  client.simulator.seed({ carriers: [{ lastName: 'Sample', badges: ['1'] }] })
  client.simulator.setUser('guard', 'secret', { entrances: [1] })
  const guard = client.as('guard', 'secret')
  const found = await guard.send(
    'EntranceSearchInfo',
    '<EntranceInfo><UnitOfAuthType>OnLine</UnitOfAuthType></EntranceInfo>',
  )
  expect(texts(found.body, 'Entrance/Name')).toEqual(['Front Door'])
  const entrance =
    '<EntranceAuthorisation><Enabled>true</Enabled><EntranceId>2</EntranceId><DateTimeScheduleId>1</DateTimeScheduleId><DateFrom>2026-07-01T00:00:00</DateFrom></EntranceAuthorisation>'
  expect(
    (await guard.send('ProfileAdd', `<CarrierId>1</CarrierId><AuthorisationOnline>${entrance}</AuthorisationOnline>`))
      .code,
  ).toBe(116)
  client.simulator.swipe({ badge: '1', entrance: 'Back Door' })
  const events = await guard.send(
    'EventSearchInfo',
    '<EventSearch><FromDateTime>2026-01-01T00:00:00</FromDateTime></EventSearch>',
  )
  expect(texts(events.body, 'Event/Id')).toEqual([])
})

test('a free field that is not assigned to the role is neither seen nor written, and is not lost by a change', async () => {
  await using client = await start()
  client.simulator.seed({
    carriers: [{ lastName: 'Sample', freeFields: { 'Employee reference': 'abc', 'Employee note': 'old' } }],
  })
  client.simulator.setUser('partial', 'secret', { freeFields: [2] })
  const partial = client.as('partial', 'secret')
  expect(texts((await partial.send('FreeFieldDefinitionSearchInfo')).body, 'FreeFieldDefinition/Id')).toEqual(['2'])
  const field = (id: number, value: string) =>
    `<Freefield><DefinitionId>${id}</DefinitionId><value>${value}</value></Freefield>`
  const { body } = await partial.send('EmployeeChange', `<Id>1</Id>${field(1, 'stolen')}${field(2, 'new')}`)
  expect(texts(body, 'Freefield/value')).toEqual(['new'])
  expect(client.simulator.state.carrier(1)?.freeFields).toEqual({ 'Employee reference': 'abc', 'Employee note': 'new' })
  const search = `<EmployeeInfo>${field(1, 'abc')}</EmployeeInfo>`
  expect(texts((await partial.send('EmployeeSearchInfo', search)).body, 'Employee/EmployeeInfo/Id')).toEqual([])
})

test('what the licence leaves out is 902', async () => {
  await using client = await start({ quirks: { unlicensed: ['findEvent'] } })
  const events = await client.send(
    'EventSearchInfo',
    '<EventSearch><FromDateTime>2026-01-01T00:00:00</FromDateTime></EventSearch>',
  )
  expect([events.status, events.code]).toEqual([500, 902])
  expect(text((await client.send('VersionSearchInfo')).body, 'WebServiceBuild')).toBe('2024-08')
})
