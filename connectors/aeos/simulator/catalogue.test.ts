/** The plain things of a site: found by prefix, changed in part, lists replaced as a whole, technologies never mixed. */
import { expect, test } from 'vitest'
import { start, text, texts } from './client-for-tests.ts'

const onLine = '<UnitOfAuthType>OnLine</UnitOfAuthType>'

test('templates are found by technology and the beginning of their names, with their items', async () => {
  await using client = await start()
  const find = (criteria: string) => client.send('TemplateSearchInfo', `<TemplateInfo>${criteria}</TemplateInfo>`)
  const all = await find(onLine)
  expect(texts(all.body, 'Template/Name')).toEqual(['Main Entrance', 'Server Room', 'Warehouse'])
  expect(texts(all.body, 'Template/TemplateItem/AuthorisationType')).toEqual(Array(4).fill('Entrance'))
  expect(texts((await find(`<Name>ware</Name>${onLine}`)).body, 'Template/Id')).toEqual(['3'])
  expect(texts((await find('<UnitOfAuthType>OffLine</UnitOfAuthType>')).body, 'Template/Id')).toEqual([])
  expect((await find('<UnitOfAuthType>Telepathic</UnitOfAuthType>')).code).toBe(301)
})

test('an older server knows the technologies and takes no other', async () => {
  await using client = await start({ snapshot: '2021-10' })
  const find = (type: string) =>
    client.send('TemplateSearchInfo', `<TemplateInfo><UnitOfAuthType>${type}</UnitOfAuthType></TemplateInfo>`)
  expect((await find('OnLine')).status).toBe(200)
  expect((await find('Telepathic')).code).toBeNull()
  expect((await find('Locker')).status).toBe(500)
})

test('a list that a change names takes the place of the whole list, one that it leaves out stays', async () => {
  await using client = await start()
  const item = (entrance: number) =>
    `<TemplateItem><SubjectId>${entrance}</SubjectId><ScheduleId>1</ScheduleId><AuthorisationType>Entrance</AuthorisationType></TemplateItem>`
  const subjects = 'TemplateItem/SubjectId'
  const renamed = await client.send('TemplateChange', `<Id>1</Id><Name>Entrance</Name>${onLine}`)
  expect(texts(renamed.body, subjects)).toEqual(['1', '2'])
  const replaced = await client.send('TemplateChange', `<Id>1</Id>${onLine}${item(4)}`)
  expect([text(replaced.body, 'Name'), texts(replaced.body, subjects)]).toEqual(['Entrance', ['4']])

  const ids = (...some: number[]) =>
    `<EntranceIdList>${some.map((id) => `<EntranceId>${id}</EntranceId>`).join('')}</EntranceIdList>`
  const added = await client.send('EntranceGroupAdd', `<Name>Group</Name>${onLine}${ids(1, 2)}`)
  expect(texts(added.body, 'EntranceIdList/EntranceId')).toEqual(['1', '2'])
  const fewer = await client.send('EntranceGroupChange', `<Id>1</Id>${onLine}${ids(3)}`)
  expect(texts(fewer.body, 'EntranceIdList/EntranceId')).toEqual(['3'])
})

test('what is of another technology counts as not there', async () => {
  await using client = await start()
  await client.send('EntranceAdd', '<Name>Far away</Name><UnitOfAuthType>OffLine</UnitOfAuthType>')
  const group = await client.send(
    'EntranceGroupAdd',
    `<Name>Mixed</Name>${onLine}<EntranceIdList><EntranceId>5</EntranceId></EntranceIdList>`,
  )
  expect([group.code, group.fault]).toEqual([31, 'entrance not found'])
  const template = await client.send(
    'TemplateAdd',
    `<Name>Mixed</Name>${onLine}<TemplateItem><SubjectId>5</SubjectId><AuthorisationType>Entrance</AuthorisationType></TemplateItem>`,
  )
  expect([template.code, template.fault]).toEqual([51, 'entrance not found'])
})

test('a template that is removed takes its authorisations with it', async () => {
  await using client = await start()
  client.simulator.seed({ carriers: [{ lastName: 'Sample', badges: ['1'], templates: ['Warehouse', 'Server Room'] }] })
  expect(client.simulator.state.templates().map(({ entries }) => entries)).toEqual([0, 1, 1])
  expect((await client.send('TemplateId', 3)).raw).toContain('(null)')
  expect(client.simulator.state.carrier(1)?.authorisations.map(({ name }) => name)).toEqual(['Server Room'])
  expect((await client.send('TemplateId', 3)).code).toBe(53)
})

test.each([
  ['Department', '<Name>Research</Name><UnitId>1</UnitId>', '<Name>R</Name>', 10, '<DepartmentInfo/>'],
  ['Unit', '<Name>Annex</Name><Location>Far</Location>', '<Name>Annex 2</Name>', 15, ''],
  [
    'Entrance',
    `<Name>Gate</Name>${onLine}`,
    `<Name>Gate 2</Name>${onLine}`,
    25,
    `<EntranceInfo>${onLine}</EntranceInfo>`,
  ],
  [
    'EntranceGroup',
    `<Name>Gates</Name>${onLine}`,
    `<Name>Gates 2</Name>${onLine}`,
    30,
    `<EntranceGroupInfo>${onLine}</EntranceGroupInfo>`,
  ],
  [
    'Template',
    `<Name>Gates</Name>${onLine}`,
    `<Name>Gates 2</Name>${onLine}`,
    50,
    `<TemplateInfo>${onLine}</TemplateInfo>`,
  ],
  ['DayTimeSchedule', '<Name>Night</Name><Type>Week</Type>', '<Name>Night 2</Name>', 80, ''],
])('%s: added, found, changed, removed, and refused with its own codes', async (kind, added, changed, code, search) => {
  await using client = await start()
  const reply = await client.send(`${kind}Add`, added)
  expect([reply.status, reply.root]).toEqual([200, `${kind}Result`])
  const id = text(reply.body, 'Id')
  const path = kind === 'DayTimeSchedule' ? 'DayTimeSchedule' : kind
  const names = async () => texts((await client.send(`${kind}SearchInfo`, search)).body, `${path}/Name`)
  expect((await names()).at(-1)).toBe(/<Name>(.*)<\/Name>/.exec(added)?.[1])
  expect((await client.send(`${kind}Change`, `<Id>${id}</Id>${changed}`)).status).toBe(200)
  expect((await names()).at(-1)).toBe(/<Name>(.*)<\/Name>/.exec(changed)?.[1])
  expect((await client.send(`${kind}Id`, id)).raw).toContain('(null)')
  expect(
    (await client.send(`${kind}Add`, changed.replace(/<Name>.*<\/Name>/, `<Name>${'x'.repeat(151)}</Name>`))).code,
  ).toBe(code + 1)
  expect((await client.send(`${kind}Change`, `<Id>99</Id>${changed}`)).code).toBe(code + 2)
  expect((await client.send(`${kind}Id`, 99)).code).toBe(code + 3)
})

test('0 clears a reference, and an empty text a text unless the switch says otherwise', async () => {
  await using client = await start()
  const cleared = await client.send('DepartmentChange', '<Id>1</Id><UnitId>0</UnitId>')
  expect([text(cleared.body, 'UnitId'), text(cleared.body, 'Name')]).toEqual([undefined, 'General'])
  await client.send('EntranceChange', `<Id>1</Id><Location>North</Location>${onLine}`)
  expect(
    text((await client.send('EntranceChange', `<Id>1</Id><Location></Location>${onLine}`)).body, 'Location'),
  ).toBeUndefined()
  client.simulator.quirks.emptyTexts = 'ignored'
  await client.send('EntranceChange', `<Id>1</Id><Location>North</Location>${onLine}`)
  expect(text((await client.send('EntranceChange', `<Id>1</Id><Location></Location>${onLine}`)).body, 'Location')).toBe(
    'North',
  )
})

test('access points tie doors to hardware', async () => {
  await using client = await start()
  const find = async (criteria: string) =>
    texts(
      (await client.send('AccessPointSearchInfo', `<AccessPointInfo>${criteria}</AccessPointInfo>`)).body,
      'AccessPoint/Id',
    )
  expect(await find('<EntranceId>3</EntranceId>')).toEqual(['3'])
  expect(await find('<HostName>aepu1</HostName>')).toEqual(['1', '2', '3', '4'])
  const changed = await client.send('AccessPointChange', '<Id>3</Id><EntranceId>0</EntranceId>')
  expect([text(changed.body, 'Id'), text(changed.body, 'EntranceId')]).toEqual(['3', undefined])
  expect(await find('<Attached>false</Attached>')).toEqual(['3'])
  expect(await find('<Attached>true</Attached>')).toEqual(['1', '2', '4'])
})

test('free fields have definitions in categories, one for each kind of carrier', async () => {
  await using client = await start()
  const categories = await client.send('FreeFieldCategorySearchInfo', '<Name>Vis</Name>')
  expect([
    texts(categories.body, 'FreeFieldCategory/Id'),
    text(categories.body, 'FreeFieldCategory/CarrierType'),
  ]).toEqual([['3'], 'Visitor'])
  const definitions = await client.send('FreeFieldDefinitionSearchInfo', '<Name>employee</Name>')
  expect(texts(definitions.body, 'FreeFieldDefinition/Name')).toEqual(['Employee reference', 'Employee note'])
})
