/** Authorisations: added beside what is there, replaced as a whole, taken away by what they open; what the rule engine gave stays. */
import { expect, test } from 'vitest'
import { type Client, start, text, texts } from './client-for-tests.ts'
import type { SimulatorOptions } from './options.ts'

const dateFrom = '<DateFrom>2026-07-01T08:00:00</DateFrom>'

function template(id: number, more = ''): string {
  return `<TemplateAuthorisation><Enabled>true</Enabled>${more}<TemplateId>${id}</TemplateId>${dateFrom}</TemplateAuthorisation>`
}

const online = (inside: string) => `<CarrierId>1</CarrierId><AuthorisationOnline>${inside}</AuthorisationOnline>`
const removal = (inside: string) => `<CarrierId>1</CarrierId><AuthorisationOnlineId>${inside}</AuthorisationOnlineId>`
const removed = (id: number, more = '') =>
  removal(`<TemplateAuthorisation><TemplateId>${id}</TemplateId>${more}</TemplateAuthorisation>`)
const held = 'AuthorisationOnline/TemplateAuthorisation/TemplateId'

async function withSample(options: SimulatorOptions = {}): Promise<Client> {
  const client = await start(options)
  client.simulator.seed({ carriers: [{ lastName: 'Sample', badges: ['1'] }] })
  return client
}

test('adding leaves what is there, gives each entry an id, and allows the same twice', async () => {
  await using client = await withSample()
  const first = await client.send('ProfileAdd', online(template(1)))
  expect([first.root, texts(first.body, held)]).toEqual(['ProfileResult', ['1']])
  const second = await client.send('ProfileAdd', online(template(2) + template(1)))
  expect(texts(second.body, held)).toEqual(['1', '2', '1'])
  const ids = texts(second.body, 'AuthorisationOnline/TemplateAuthorisation/Id')
  expect(new Set(ids).size).toBe(3)
  expect(text(second.body, 'AuthorisationOnline/TemplateAuthorisation/DateFrom')).toBe('2026-07-01T08:00:00')
  expect(texts((await client.send('CarrierIdProfile', 1)).body, held)).toEqual(['1', '2', '1'])
})

test('changing replaces the whole profile but for what the rule engine gave, and a RuleId that is sent is ignored', async () => {
  await using client = await withSample()
  client.simulator.hand({ action: 'grant', carrier: 1, template: 'Warehouse' })
  client.simulator.hand({ action: 'grant-by-rule', carrier: 1, template: 'Server Room' })
  const rule = 'AuthorisationOnline/TemplateAuthorisation/RuleId'
  const changed = await client.send('ProfileChange', online(template(1, '<RuleId>1</RuleId>')))
  expect([texts(changed.body, held), texts(changed.body, rule)]).toEqual([['2', '1'], ['1']])
  const emptied = await client.send(
    'ProfileChange',
    '<CarrierId>1</CarrierId><AccessDuringHoliday>true</AccessDuringHoliday>',
  )
  expect([texts(emptied.body, held), text(emptied.body, 'AccessDuringHoliday')]).toEqual([['2'], 'true'])
  expect((await client.send('ProfileRemove', removed(2))).code).toBe(117)
  client.simulator.hand({ action: 'revoke-by-rule', carrier: 1, template: 'Server Room' })
  const bare = await client.send('CarrierIdProfile', 1)
  expect(bare.body.AuthorisationOnline).toBeUndefined()
  client.simulator.quirks.emptyBlocks = 'present'
  expect((await client.send('CarrierIdProfile', 1)).raw).toContain('<AuthorisationOnline/>')
})

test('an end of 2149-05-29 is no end', async () => {
  await using client = await withSample()
  const until = (moment: string) =>
    online(
      `<TemplateAuthorisation><Enabled>true</Enabled><TemplateId>1</TemplateId>${dateFrom}<DateUntil>${moment}</DateUntil></TemplateAuthorisation>`,
    )
  const path = 'AuthorisationOnline/TemplateAuthorisation/DateUntil'
  expect(texts((await client.send('ProfileChange', until('2149-05-29T00:00:00'))).body, path)).toEqual([])
  expect(texts((await client.send('ProfileChange', until('2027-01-01T00:00:00'))).body, path)).toEqual([
    '2027-01-01T00:00:00',
  ])
})

test('removing goes by the template and, where they are named, the dates; of several the first goes', async () => {
  await using client = await withSample()
  const dated = (month: number) => template(1).replace('2026-07', `2026-0${month}`)
  await client.send('ProfileAdd', online(dated(5) + dated(6) + dated(7)))
  const from = 'AuthorisationOnline/TemplateAuthorisation/DateFrom'
  const june = await client.send('ProfileRemove', removed(1, '<DateFrom>2026-06-01T08:00:00</DateFrom>'))
  expect(texts(june.body, from).map((moment) => moment.slice(5, 7))).toEqual(['05', '07'])
  const first = await client.send('ProfileRemove', removed(1))
  expect(texts(first.body, from).map((moment) => moment.slice(5, 7))).toEqual(['07'])
  const other = await client.send('ProfileRemove', removed(1, '<DateFrom>2026-06-01T08:00:00</DateFrom>'))
  expect(other.code).toBe(117)
})

test.each([
  ['removeAmbiguous', 'all', null, 0],
  ['removeAmbiguous', 'refused', 117, 2],
] as const)('with %s %s', async (quirk, value, code, left) => {
  await using client = await withSample({ quirks: { [quirk]: value } })
  await client.send('ProfileAdd', online(template(1) + template(1)))
  expect((await client.send('ProfileRemove', removed(1))).code).toBe(code)
  expect(client.simulator.state.carrier(1)?.authorisations).toHaveLength(left)
})

test('what is not there is a fault and nothing is removed, or it is read over', async () => {
  await using client = await withSample()
  await client.send('ProfileAdd', online(template(1)))
  const both = removal(
    '<TemplateAuthorisation><TemplateId>1</TemplateId></TemplateAuthorisation><TemplateAuthorisation><TemplateId>2</TemplateId></TemplateAuthorisation>',
  )
  expect((await client.send('ProfileRemove', both)).code).toBe(117)
  expect(client.simulator.state.carrier(1)?.authorisations).toHaveLength(1)
  client.simulator.quirks.removeMissing = 'ignored'
  expect((await client.send('ProfileRemove', both)).status).toBe(200)
  expect(client.simulator.state.carrier(1)?.authorisations).toEqual([])
})

test('entrances and groups are authorised under a schedule, and must be of the technology', async () => {
  await using client = await withSample()
  await client.send(
    'EntranceGroupAdd',
    '<Name>All</Name><UnitOfAuthType>OnLine</UnitOfAuthType><EntranceIdList><EntranceId>1</EntranceId><EntranceId>3</EntranceId></EntranceIdList>',
  )
  const group = `<EntranceGroupAuthorisation><Enabled>true</Enabled><EntranceGroupId>1</EntranceGroupId><DateTimeScheduleId>1</DateTimeScheduleId>${dateFrom}</EntranceGroupAuthorisation>`
  const entrance = (id: number, schedule: number) =>
    `<EntranceAuthorisation><Enabled>true</Enabled><EntranceId>${id}</EntranceId><DateTimeScheduleId>${schedule}</DateTimeScheduleId>${dateFrom}</EntranceAuthorisation>`
  expect((await client.send('ProfileAdd', online(group + entrance(4, 1)))).status).toBe(200)
  expect(client.simulator.state.carrier(1)?.opens).toEqual(['Front Door', 'Server Room', 'Loading Dock'])
  expect((await client.send('ProfileAdd', online(entrance(99, 1)))).fault).toBe('Entrance not found')
  expect((await client.send('ProfileAdd', online(entrance(1, 99)))).fault).toBe('Schedule not found')
  await client.send('EntranceAdd', '<Name>Far away</Name><UnitOfAuthType>OffLine</UnitOfAuthType>')
  expect((await client.send('ProfileAdd', online(entrance(5, 1)))).fault).toBe('Entrance not found')
  expect((await client.send('ProfileChange', online(template(99)))).code).toBe(111)
  expect((await client.send('ProfileAdd', online(template(99)))).code).toBe(116)
  expect((await client.send('ProfileAdd', online(template(1)).replace('>1<', '>9<'))).fault).toBe('Carrier not found')
  const taken = removal('<EntranceAuthorisation><EntranceId>4</EntranceId></EntranceAuthorisation>')
  await client.send('ProfileRemove', taken)
  expect(client.simulator.state.carrier(1)?.opens).toEqual(['Front Door', 'Server Room'])
})

test('in bulk: who was given or not, and why', async () => {
  await using client = await withSample()
  const give = '<CarrierIds>1</CarrierIds><CarrierIds>9</CarrierIds><TemplateId>1</TemplateId>'
  const given = await client.send('CarriersAuthorizationAdd', give + dateFrom)
  expect([
    texts(given.body, 'successfullyId'),
    text(given.body, 'IdWithError/Id'),
    text(given.body, 'IdWithError/ErrorInfo'),
  ]).toEqual([['1'], '9', 'Carrier not found'])
  expect(client.simulator.state.carrier(1)?.opens).toEqual(['Front Door', 'Back Door'])
  const take = '<CarrierIds>1</CarrierIds><TemplateId>1</TemplateId>'
  expect(texts((await client.send('CarriersAuthorizationRemove', take)).body, 'successfullyId')).toEqual(['1'])
  expect(texts((await client.send('CarriersAuthorizationRemove', take)).body, 'skippedId')).toEqual(['1'])
})
