/** People: added with ids of the server, changed in part, found by the beginning of texts, removed. */
import { expect, test } from 'vitest'
import { addEmployee, assign, nodes, start, text, texts } from './client-for-tests.ts'

const ids = 'Employee/EmployeeInfo/Id'

test('an add ignores the Id that is sent, answers the whole object, and gives the next id', async () => {
  await using client = await start()
  const added = await client.send(
    'EmployeeAdd',
    '<Id>77</Id><LastName>Sample</LastName><PersonnelNo>4711</PersonnelNo>',
  )
  expect([added.status, added.root]).toEqual([200, 'EmployeeResult'])
  const { body } = added
  expect([text(body, 'Id'), text(body, 'CarrierType'), text(body, 'ReadOnly')]).toEqual(['1', 'Employee', 'false'])
  expect(text(body, 'ArrivalDateTime')).toBe('2026-07-01T14:00:00')
  expect(text(body, 'LeaveDateTime')).toBeUndefined()
  expect(text(body, 'FirstName')).toBeUndefined()
  expect(await addEmployee(client)).toBe(2)
})

test('carriers of all kinds share one row of ids, and each is found by its own find only', async () => {
  await using client = await start()
  const person = '<LastName>Sample</LastName>'
  const car = '<Identification>Sample car</Identification><LicenceNumber>AB-12</LicenceNumber>'
  for (const [at, [kind, fields]] of [
    ['Employee', person],
    ['Contractor', person],
    ['Visitor', person],
    ['Car', car],
  ].entries()) {
    const added = await client.send(`${kind}Add`, fields)
    expect([added.root, text(added.body, 'Id'), text(added.body, 'CarrierType')]).toEqual([
      `${kind}Result`,
      `${at + 1}`,
      kind,
    ])
    const found = await client.send(`${kind}SearchInfo`, `<${kind}Info/>`)
    expect(texts(found.body, `${kind}/${kind}Info/Id`)).toEqual([`${at + 1}`])
  }
  const changed = await client.send('VisitorChange', '<Id>1</Id><Company>Example</Company>')
  expect([changed.code, changed.fault]).toEqual([72, 'Visitor not found'])
  expect((await client.send('ContractorChange', '<Id>2</Id><Title>Dr</Title>')).root).toBe('ContractorResult')
  expect((await client.send('CarChange', '<Id>4</Id><CarNumber>7</CarNumber>')).root).toBe('CarResult')
  for (const [at, kind] of ['Employee', 'Contractor', 'Visitor', 'Car'].entries()) {
    const removed = await client.send(`${kind}Id`, at + 1)
    expect(removed.raw).toContain('xsi:type="xs:string">(null)</RemoveResult>')
  }
  expect(client.simulator.state.carrierCount).toBe(0)
})

test('a change writes what it names and leaves the rest; 0 clears a reference, 2149-05-29 a date, an empty text a text', async () => {
  await using client = await start()
  const id = await addEmployee(
    client,
    '<LeaveDateTime>2026-12-31T18:00:00</LeaveDateTime><LastName>Sample</LastName><FirstName>Ada</FirstName><Title>Dr</Title><DepartmentId>1</DepartmentId>',
  )
  const changed = await client.send('EmployeeChange', `<Id>${id}</Id><FirstName>Bea</FirstName>`)
  const { body } = changed
  expect(['LastName', 'FirstName', 'Title', 'DepartmentId', 'LeaveDateTime'].map((name) => text(body, name))).toEqual([
    'Sample',
    'Bea',
    'Dr',
    '1',
    '2026-12-31T18:00:00',
  ])
  const cleared = await client.send(
    'EmployeeChange',
    `<Id>${id}</Id><LeaveDateTime>2149-05-29T00:00:00</LeaveDateTime><Title></Title><DepartmentId>0</DepartmentId>`,
  )
  expect(['FirstName', 'Title', 'DepartmentId', 'LeaveDateTime'].map((name) => text(cleared.body, name))).toEqual([
    'Bea',
    undefined,
    undefined,
    undefined,
  ])
  expect(client.simulator.state.carrier(id)?.leave).toBeNull()
  const ownFields = await client.send(
    'EmployeeChange',
    `<Id>${id}</Id><CarrierType>Visitor</CarrierType><ReadOnly>true</ReadOnly>`,
  )
  expect([text(ownFields.body, 'CarrierType'), text(ownFields.body, 'ReadOnly')]).toEqual(['Employee', 'false'])
})

test('texts are found by their beginning, whatever the case; other criteria exactly; and some are read over', async () => {
  await using client = await start()
  client.simulator.seed({
    carriers: [
      { lastName: 'Sample', firstName: 'Ada', personnelNo: '10' },
      { lastName: 'Sampleton', firstName: 'Bea', personnelNo: '100', email: 'bea@example.org' },
      { lastName: 'Other', firstName: 'Ada', personnelNo: '1000', freeFields: { 'Employee reference': 'abc' } },
    ],
  })
  const find = async (criteria: string) =>
    texts((await client.send('EmployeeSearchInfo', `<EmployeeInfo>${criteria}</EmployeeInfo>`)).body, ids)
  expect(await find('')).toEqual(['1', '2', '3'])
  expect(await find('<LastName>sample</LastName>')).toEqual(['1', '2'])
  expect(await find('<PersonnelNo>10</PersonnelNo>')).toEqual(['1', '2', '3'])
  expect(await find('<PersonnelNo>100</PersonnelNo>')).toEqual(['2', '3'])
  expect(await find('<LastName>Sample</LastName><FirstName>B</FirstName>')).toEqual(['2'])
  expect(await find('<Id>2</Id>')).toEqual(['2'])
  expect(await find('<Id>99</Id>')).toEqual([])
  expect(await find('<Email>nobody</Email>')).toEqual(['1', '2', '3'])
  expect(await find('<LastName>S_mple</LastName>')).toEqual(['1', '2'])
  expect(await find('<LastName>%ton</LastName>')).toEqual(['2'])
  expect(await find('<Freefield><DefinitionId>1</DefinitionId><value>ab</value></Freefield>')).toEqual(['3'])
  expect(await find('<Freefield><DefinitionId>2</DefinitionId><value>ab</value></Freefield>')).toEqual([])
  client.simulator.quirks.likeWildcards = false
  client.simulator.quirks.caseSensitive = true
  expect(await find('<LastName>S_mple</LastName>')).toEqual([])
  expect(await find('<LastName>sample</LastName>')).toEqual([])
  expect(await find('<PersonnelNo>100</PersonnelNo>')).toEqual(['2', '3'])
})

test('ranges of dates and templates narrow a search', async () => {
  await using client = await start()
  client.simulator.seed({
    carriers: [
      { lastName: 'One', arrival: '2026-01-01T00:00:00Z', leave: '2026-08-01T00:00:00Z', templates: ['Warehouse'] },
      { lastName: 'Two', arrival: '2026-03-01T00:00:00Z', templates: ['Main Entrance'] },
    ],
  })
  client.simulator.clock.advance(60_000)
  await client.send('EmployeeChange', '<Id>2</Id><Title>Dr</Title>')
  const find = async (criteria: string) =>
    texts((await client.send('EmployeeSearchInfo', `<EmployeeInfo>${criteria}</EmployeeInfo>`)).body, ids)
  const range = (name: string, from: string, until: string) =>
    `<${name}Range><From>${from}</From><Until>${until}</Until></${name}Range>`
  expect(await find(range('ArrivalDateTime', '2026-02-01T00:00:00', '2026-04-01T00:00:00'))).toEqual(['2'])
  expect(await find(range('LeaveDateTime', '2026-02-01T00:00:00', '2026-09-01T00:00:00'))).toEqual(['1'])
  expect(await find('<ModificationDateRange><From>2026-07-01T14:00:30</From></ModificationDateRange>')).toEqual(['2'])
  expect(await find('<AuthorizationTemplateIdList><TemplateId>3</TemplateId></AuthorizationTemplateIdList>')).toEqual([
    '1',
  ])
})

test('findPerson tells by xsi:type what each is, leaves out cars, and findPersonId gives ids', async () => {
  await using client = await start()
  client.simulator.seed({
    carriers: [
      { lastName: 'Sample', personnelNo: '5' },
      { kind: 'Visitor', lastName: 'Sample', personnelNo: '55' },
      { kind: 'Contractor', lastName: 'Other', personnelNo: '6' },
    ],
  })
  await client.send('CarAdd', '<Identification>Sample</Identification><LicenceNumber>A</LicenceNumber>')
  const found = await client.send('PersonSearchInfo', '<PersonInfo><LastName>Samp</LastName></PersonInfo>')
  expect(nodes(found.body, 'Person').map(({ type }) => type)).toEqual(['EmployeeInfo', 'VisitorInfo'])
  expect(found.raw).toContain('<Person xsi:type="EmployeeInfo">')
  const byNumber = await client.send('PersonIdSearchInfo', '<PersonnelNo>5</PersonnelNo>')
  expect(texts(byNumber.body, 'PersonId/Id')).toEqual(['1', '2'])
  const visitors = await client.send('PersonIdSearchInfo', '<CarrierType>Visitor</CarrierType>')
  expect(texts(visitors.body, 'PersonId/CarrierType')).toEqual(['Visitor'])
})

test('pages: an offset from zero and a length; 1,000 at most without one; behind the end there is nothing', async () => {
  await using client = await start()
  client.simulator.seed({ count: 1203 })
  const page = async (range: string) => {
    const { body } = await client.send('EmployeeSearchInfo', `<EmployeeInfo/>${range}`)
    return { found: texts(body, ids), total: text(body, 'SearchResultInfo/totalSize') }
  }
  const range = (at: number, many: number) =>
    `<SearchRange><startRecordNo>${at}</startRecordNo><nrOfRecords>${many}</nrOfRecords></SearchRange>`
  expect((await page('')).found).toHaveLength(1000)
  expect((await page('<SearchRange><startRecordNo>1100</startRecordNo></SearchRange>')).found).toHaveLength(103)
  const last = await page(range(1200, 100))
  expect(last).toEqual({ found: ['1201', '1202', '1203'], total: '1203' })
  expect((await page(range(1203, 100))).found).toEqual([])
  expect((await page(range(0, 5000))).found).toHaveLength(1000)
  client.simulator.quirks.pageMax = 5000
  expect((await page(range(0, 5000))).found).toHaveLength(1203)
  client.simulator.quirks.findCap = 50
  expect((await page('')).found).toHaveLength(50)
})

test('an undefined order gives pages that overlap and leave out, a defined one does not', async () => {
  await using client = await start({ quirks: { pageOrder: 'unstable' } })
  client.simulator.seed({ count: 200 })
  const collect = async (order: string) => {
    const seen = new Set<string>()
    for (const at of [0, 50, 100, 150]) {
      const range = `<SearchRange><startRecordNo>${at}</startRecordNo><nrOfRecords>50</nrOfRecords></SearchRange>`
      for (const id of texts((await client.send('EmployeeSearchInfo', `<EmployeeInfo/>${range}${order}`)).body, ids))
        seen.add(id)
    }
    return seen.size
  }
  expect(await collect('')).toBeLessThan(200)
  expect(await collect('<SortOrder><Order>A</Order><FieldName>PersonnelNo</FieldName></SortOrder>')).toBe(200)
})

test('sorting by fields, up and down; a field twice is 302', async () => {
  await using client = await start()
  client.simulator.seed({ carriers: ['Beta', 'alpha', 'Gamma'].map((lastName) => ({ lastName })) })
  const order = (...orders: string[]) =>
    client.send(
      'EmployeeSearchInfo',
      `<EmployeeInfo/>${orders.map((one) => `<SortOrder><Order>${one[0]}</Order><FieldName>${one.slice(1)}</FieldName></SortOrder>`).join('')}`,
    )
  const names = 'Employee/EmployeeInfo/LastName'
  expect(texts((await order('ALastName')).body, names)).toEqual(['alpha', 'Beta', 'Gamma'])
  expect(texts((await order('AGender', 'DLastName')).body, names)).toEqual(['Gamma', 'Beta', 'alpha'])
  expect((await order('ALastName', 'DLastName')).code).toBe(302)
  client.simulator.quirks.schemaChecked = false
  expect((await order('XLastName')).code).toBe(303)
})

test('lengths, mandatory fields and references are checked', async () => {
  await using client = await start({ quirks: { mandatoryFields: ['LastName', 'PersonnelNo'] } })
  const add = async (fields: string, kind = 'Employee') => {
    const { code, fault } = await client.send(`${kind}Add`, fields)
    return [code, fault]
  }
  expect(await add('<PersonnelNo>1</PersonnelNo>', 'Visitor')).toEqual([
    71,
    'Visitor.lastName size must be between 1 and 50',
  ])
  expect(await add('<LastName></LastName><PersonnelNo>1</PersonnelNo>')).toEqual([
    61,
    'Employee.lastName size must be between 1 and 50',
  ])
  expect((await add('<LastName>Sample</LastName>'))[1]).toContain('personnelNo')
  expect((await add(`<LastName>${'x'.repeat(51)}</LastName><PersonnelNo>1</PersonnelNo>`))[1]).toContain('lastName')
  expect(
    (await add(`<LastName>x</LastName><PersonnelNo>1</PersonnelNo><FirstName>${'x'.repeat(41)}</FirstName>`))[1],
  ).toContain('firstName')
  expect((await add('<UnitId>9</UnitId><LastName>x</LastName><PersonnelNo>1</PersonnelNo>'))[1]).toBe('Unit not found')
  expect(
    (await add('<LastName>x</LastName><PersonnelNo>1</PersonnelNo><DepartmentId>9</DepartmentId>', 'Contractor'))[1],
  ).toBe('Department not found')
  const foreign =
    '<Freefield><DefinitionId>3</DefinitionId><value>x</value></Freefield><LastName>x</LastName><PersonnelNo>1</PersonnelNo>'
  expect((await add(foreign))[1]).toBe('Free field not found')
  expect(await add('<Identification>x</Identification>', 'Car')).toEqual([
    76,
    'Car.licenceNumber size must be between 1 and 50',
  ])
  expect(client.simulator.state.carrierCount).toBe(0)
})

test('free fields: their names come from the definitions, and a change replaces all of them', async () => {
  await using client = await start()
  const field = (id: number, value: string) =>
    `<Freefield><DefinitionId>${id}</DefinitionId><value>${value}</value></Freefield>`
  const id = await addEmployee(client, `${field(1, 'one')}${field(2, 'two')}<LastName>Sample</LastName>`)
  const read = async () => {
    const { body } = await client.send('EmployeeSearchInfo', '<EmployeeInfo/>')
    const all = 'Employee/EmployeeInfo/Freefield'
    return texts(body, `${all}/Name`).map((name, at) => `${name}: ${texts(body, `${all}/value`)[at]}`)
  }
  expect(await read()).toEqual(['Employee reference: one', 'Employee note: two'])
  await client.send('EmployeeChange', `<Id>${id}</Id>${field(2, 'three')}`)
  expect(await read()).toEqual(['Employee note: three'])
  await client.send('EmployeeChange', `<Id>${id}</Id><LastName>Other</LastName>`)
  expect(await read()).toEqual(['Employee note: three'])
  client.simulator.quirks.freeFields = 'merged'
  await client.send('EmployeeChange', `<Id>${id}</Id>${field(1, 'four')}`)
  expect(await read()).toEqual(['Employee note: three', 'Employee reference: four'])
  await client.send('EmployeeChange', `<Id>${id}</Id>${field(1, '')}`)
  expect(await read()).toEqual(['Employee note: three'])
})

test('two carriers may have one personnel number, unless the switch says otherwise', async () => {
  await using client = await start()
  const twin = '<LastName>Sample</LastName><PersonnelNo>7</PersonnelNo>'
  expect([await addEmployee(client, twin), await addEmployee(client, twin)]).toEqual([1, 2])
  expect(client.simulator.state.withPersonnelNo('7')).toHaveLength(2)
  client.simulator.quirks.personnelNoUnique = true
  expect((await client.send('EmployeeAdd', twin)).code).toBe(61)
  expect((await client.send('EmployeeChange', `<Id>1</Id>${twin}`)).code).toBe(62)
  expect((await client.send('EmployeeAdd', '<LastName>Sample</LastName><PersonnelNo>77</PersonnelNo>')).status).toBe(
    200,
  )
})

test.each([
  ['refused', 63, 1],
  ['freed', null, 0],
  ['blocked', null, 2],
] as const)('a carrier with badges is removed: %s', async (removeWithBadges, code, status) => {
  await using client = await start({ quirks: { removeWithBadges } })
  const id = await addEmployee(client)
  await assign(client, id, '500')
  expect((await client.send('EmployeeId', id)).code).toBe(code)
  expect(client.simulator.state.badge('500')?.status).toBe(status)
  expect(client.simulator.state.carrierCount).toBe(code === null ? 0 : 1)
})

test('what is read as nothing stays, where switches say so', async () => {
  await using client = await start({
    quirks: { emptyTexts: 'ignored', leaveDateClearable: false, arrivalDefaulted: false },
  })
  const id = await addEmployee(
    client,
    '<LeaveDateTime>2027-01-01T00:00:00</LeaveDateTime><LastName>Sample</LastName><Title>Dr</Title>',
  )
  expect(client.simulator.state.carrier(id)?.arrival).toBeNull()
  const { body } = await client.send(
    'EmployeeChange',
    `<Id>${id}</Id><LeaveDateTime>2149-05-29T00:00:00</LeaveDateTime><Title></Title>`,
  )
  expect([text(body, 'Title'), text(body, 'LeaveDateTime')]).toEqual(['Dr', '2027-01-01T00:00:00'])
})

test('findPerson can cut the dates of a person to midnight', async () => {
  await using client = await start({ quirks: { personDatesCut: true } })
  await addEmployee(client, '<ArrivalDateTime>2026-03-04T08:15:00</ArrivalDateTime><LastName>Sample</LastName>')
  const { body } = await client.send('PersonSearchInfo', '<PersonInfo/>')
  expect(text(body, 'Person/ArrivalDateTime')).toBe('2026-03-04T00:00:00')
})

test('signs that are not taken are refused where they are sent, and nowhere else', async () => {
  await using client = await start()
  const id = await addEmployee(client, '<LastName>Sample-Example</LastName>')
  client.simulator.quirks.refusedSigns = '-;'
  const refused = await client.send('EmployeeChange', `<Id>${id}</Id><FirstName>Ada;</FirstName>`)
  expect([refused.code, refused.fault]).toEqual([62, 'Employee.firstName contains invalid characters'])
  expect((await client.send('EmployeeChange', `<Id>${id}</Id><Title>Dr</Title>`)).status).toBe(200)
})

test('a carrier that is kept by something else is shown and not changed', async () => {
  await using client = await start()
  client.simulator.seed({ carriers: [{ lastName: 'Sample', readOnly: true }] })
  const { body } = await client.send('EmployeeSearchInfo', '<EmployeeInfo/>')
  expect(text(body, 'Employee/EmployeeInfo/ReadOnly')).toBe('true')
  const changed = await client.send('EmployeeChange', '<Id>1</Id><Title>Dr</Title>')
  expect([changed.code, changed.fault]).toEqual([62, 'Employee is read only'])
  expect((await client.send('EmployeeId', 1)).code).toBe(63)
})

test.each([
  ['fields', 1],
  ['everything', 3],
] as const)('ModificationDate is set by %s', async (modifiedBy, changes) => {
  await using client = await start({ quirks: { modifiedBy } })
  client.simulator.seed({ carriers: [{ lastName: 'Sample' }] })
  const dates = new Set<unknown>()
  const act = async (change: () => Promise<unknown> | unknown) => {
    client.simulator.clock.advance(60_000)
    await change()
    const { body } = await client.send('EmployeeSearchInfo', '<EmployeeInfo/>')
    dates.add(text(body, 'Employee/EmployeeInfo/ModificationDate'))
  }
  await act(() => client.send('EmployeeChange', '<Id>1</Id><Title>Dr</Title>'))
  await act(() => assign(client, 1, '500'))
  await act(() => client.simulator.hand({ action: 'block', carrier: 1 }))
  expect(dates.size).toBe(changes)
})

test('signs that XML knows come back as they were sent', async () => {
  await using client = await start()
  await addEmployee(client, '<LastName>Sm&amp;th &lt;Ö&#x1F600;&gt; "x"</LastName>')
  const { body } = await client.send(
    'EmployeeSearchInfo',
    '<EmployeeInfo><LastName>sm&amp;th</LastName></EmployeeInfo>',
  )
  expect(text(body, 'Employee/EmployeeInfo/LastName')).toBe('Sm&th <Ö😀> "x"')
})
