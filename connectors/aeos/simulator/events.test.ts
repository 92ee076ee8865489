/** What happens at a door, why a badge does not open, and both logs by polling. */
import { expect, test } from 'vitest'
import { type Client, start, text, texts } from './client-for-tests.ts'
import type { SimulatorOptions } from './options.ts'

const since = '<FromDateTime>2026-01-01T00:00:00</FromDateTime>'

async function withSample(options: SimulatorOptions = {}): Promise<Client> {
  const client = await start(options)
  client.simulator.seed({
    carriers: [
      {
        lastName: 'Sample',
        firstName: 'Ada',
        personnelNo: '5',
        badges: ['1'],
        templates: ['Main Entrance'],
        arrival: '2026-01-01T00:00:00Z',
        department: 'General',
      },
      { kind: 'Visitor', lastName: 'Other', badges: ['2'] },
    ],
  })
  return client
}

function events(client: Client, criteria = '', more = '') {
  return client.send(
    'EventSearchInfo',
    `<EventSearch>${criteria.includes('FromDateTime') ? criteria : criteria + since}</EventSearch>${more}`,
  )
}

test('an access and a denial, with direction and reason in IntValue', async () => {
  await using client = await withSample()
  const { simulator } = client
  expect(simulator.swipe({ badge: '1', entrance: 'Front Door' })).toEqual({
    granted: true,
    reason: 0,
    attribute: null,
    eventId: 1,
  })
  simulator.swipe({ badge: '1', entrance: 'Server Room', direction: 'out' })
  const { body } = await events(client)
  expect(texts(body, 'Event/EventTypeName')).toEqual(['BadgeAccessEvent', 'BadgeNoAccessEvent'])
  expect(texts(body, 'Event/IntValue')).toEqual(['1', String(100 * 256 + 2)])
  const seen = ['DateTime', 'HostName', 'EntranceName', 'Identifier', 'CarrierId', 'CarrierFullName'].map((name) =>
    text(body, `Event/${name}`),
  )
  expect(seen).toEqual(['2026-07-01T14:00:00', 'aepu1', 'Front Door', '1', '1', 'Sample, Ada'])
})

test('why a badge does not open', async () => {
  await using client = await withSample()
  const { simulator } = client
  const why = (badge = '1', entrance = 'Front Door') => {
    const { granted, reason, attribute } = simulator.swipe({ badge, entrance })
    return granted ? 'open' : [reason, attribute]
  }
  expect(why('99')).toEqual([100, null])
  expect(why('2')).toEqual([100, null])
  simulator.hand({ action: 'block-badge', badge: '1' })
  expect(why()).toEqual([100, 'B<=>12'])
  simulator.hand({ action: 'unblock-badge', badge: '1' })
  simulator.hand({ action: 'block', carrier: 1 })
  expect(why()).toEqual([100, 'P<=>1|||D<=>Carrier blocked'])
  simulator.hand({ action: 'unblock', carrier: 1 })
  simulator.hand({ action: 'change', carrier: 1, fields: { ArrivalDateTime: '2026-08-01T00:00:00Z' } })
  expect(why()).toEqual([100, 'A<=>1'])
  simulator.hand({
    action: 'change',
    carrier: 1,
    fields: { ArrivalDateTime: null, LeaveDateTime: '2026-07-01T12:00:00Z' },
  })
  expect(why()).toEqual([100, 'E<=>1'])
  simulator.hand({ action: 'change', carrier: 1, fields: { LeaveDateTime: null } })
  expect(why()).toBe('open')
  expect(simulator.state.openNow()).toEqual([1])
})

test('dates and schedules of an authorisation count', async () => {
  await using client = await withSample()
  const { simulator } = client
  const opens = (badge = '2') => simulator.swipe({ badge, entrance: 'Server Room' })
  // Weekdays from eight to six; 1 July 2026 is a Wednesday, and it is two o'clock.
  const day = (at: number) =>
    `<DayPeriod><StartDay>${at}</StartDay><StartHour>8</StartHour><StartMinute>0</StartMinute><EndDay>${at}</EndDay><EndHour>18</EndHour><EndMinute>0</EndMinute></DayPeriod>`
  await client.send(
    'DayTimeScheduleAdd',
    `<Name>Office hours</Name><Type>Week</Type>${[0, 1, 2, 3, 4].map(day).join('')}`,
  )
  const entry = (from: string, until: string) =>
    `<CarrierId>2</CarrierId><AuthorisationOnline><EntranceAuthorisation><Enabled>true</Enabled><EntranceId>3</EntranceId><DateTimeScheduleId>2</DateTimeScheduleId><DateFrom>${from}T00:00:00</DateFrom><DateUntil>${until}T00:00:00</DateUntil></EntranceAuthorisation></AuthorisationOnline>`
  await client.send('ProfileChange', entry('2026-07-02', '2026-07-10'))
  expect(opens()).toMatchObject({ granted: false, attribute: 'A<=>1' })
  simulator.clock.advance(24 * 3_600_000)
  expect(opens().granted).toBe(true)
  simulator.clock.advance(5 * 3_600_000)
  expect(opens()).toMatchObject({ granted: false, reason: 201 })
  simulator.clock.set(Date.parse('2026-07-04T10:00:00Z'))
  expect(opens()).toMatchObject({ granted: false, reason: 201 })
  simulator.clock.set(Date.parse('2026-07-13T10:00:00Z'))
  expect(opens()).toMatchObject({ granted: false, attribute: 'E<=>1' })
})

test('a schedule that ends at 0:00 of its day ends at midnight, and a free one goes round from its start', async () => {
  await using client = await withSample({ nowMs: Date.parse('2026-07-01T21:59:00Z') })
  const { simulator } = client
  const period = (startDay: number, startHour: number) =>
    `<DayPeriod><StartDay>${startDay}</StartDay><StartHour>${startHour}</StartHour><StartMinute>0</StartMinute><EndDay>${startDay}</EndDay><EndHour>0</EndHour><EndMinute>0</EndMinute></DayPeriod>`
  await client.send('DayTimeScheduleAdd', `<Name>Evening</Name><Type>Week</Type>${period(2, 20)}`)
  await client.send(
    'DayTimeScheduleAdd',
    `<Name>Every other day</Name><Type>Free</Type><StartDate>2026-07-01</StartDate><LengthInDays>2</LengthInDays>${period(1, 0)}`,
  )
  const give = (entrance: number, schedule: number) =>
    `<EntranceAuthorisation><Enabled>true</Enabled><EntranceId>${entrance}</EntranceId><DateTimeScheduleId>${schedule}</DateTimeScheduleId><DateFrom>2026-01-01T00:00:00</DateFrom></EntranceAuthorisation>`
  await client.send(
    'ProfileAdd',
    `<CarrierId>2</CarrierId><AuthorisationOnline>${give(3, 2)}${give(4, 3)}</AuthorisationOnline>`,
  )
  const opens = () => simulator.state.carrier(2)?.opens
  expect(opens()).toEqual(['Server Room'])
  simulator.clock.advance(60_000)
  expect(opens()).toEqual(['Loading Dock'])
  simulator.clock.advance(24 * 3_600_000)
  expect(opens()).toEqual([])
})

test('templates hold entrances, groups and templates, also in a circle', async () => {
  await using client = await withSample()
  await client.send(
    'EntranceGroupAdd',
    '<Name>Both</Name><UnitOfAuthType>OnLine</UnitOfAuthType><EntranceIdList><EntranceId>3</EntranceId><EntranceId>4</EntranceId></EntranceIdList>',
  )
  const item = (kind: string, subject: number) =>
    `<TemplateItem><SubjectId>${subject}</SubjectId><ScheduleId>1</ScheduleId><AuthorisationType>${kind}</AuthorisationType></TemplateItem>`
  const all = await client.send(
    'TemplateAdd',
    `<Name>All</Name><UnitOfAuthType>OnLine</UnitOfAuthType>${item('EntranceGroup', 1)}${item('Template', 1)}`,
  )
  expect(text(all.body, 'Id')).toBe('4')
  await client.send(
    'TemplateChange',
    `<Id>1</Id><UnitOfAuthType>OnLine</UnitOfAuthType>${item('Entrance', 1)}${item('Template', 4)}`,
  )
  client.simulator.hand({ action: 'grant', carrier: 2, template: 'All' })
  expect(client.simulator.state.carrier(2)?.opens).toEqual(['Front Door', 'Server Room', 'Loading Dock'])
})

test('tailing: what has a greater id, page by page; every criterion narrows', async () => {
  await using client = await withSample()
  const { simulator } = client
  for (let at = 0; at < 5; at++) {
    simulator.swipe({ badge: '1', entrance: 'Front Door' })
    simulator.swipe({ badge: '2', entrance: 'Server Room' })
    simulator.clock.advance(60_000)
  }
  const ids = async (criteria: string, more = '') =>
    texts((await events(client, criteria, more)).body, 'Event/Id').map(Number)
  expect(await ids('')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(await ids('<GreaterThanId>7</GreaterThanId>')).toEqual([8, 9, 10])
  expect(
    await ids(
      '<GreaterThanId>2</GreaterThanId>',
      '<SearchRange><startRecordNo>1</startRecordNo><nrOfRecords>2</nrOfRecords></SearchRange>',
    ),
  ).toEqual([4, 5])
  expect(await ids('<EventType>5</EventType>')).toEqual([1, 3, 5, 7, 9])
  expect(await ids('<FromDateTime>2026-07-01T14:04:00</FromDateTime>')).toEqual([9, 10])
  expect(await ids(`${since}<UntilDateTime>2026-07-01T14:00:00</UntilDateTime>`)).toEqual([1, 2])
  expect(await ids(`<GreaterThanId>8</GreaterThanId>${since}<CarrierId>1</CarrierId>`)).toEqual([9])
  const odd = [1, 3, 5, 7, 9]
  for (const criterion of [
    '<EntranceId>1</EntranceId>',
    '<EntranceName>Front</EntranceName>',
    '<BadgeNumber>1</BadgeNumber>',
    '<CarrierType>Employee</CarrierType>',
    '<Department>Gen</Department>',
    '<PersonnelNo>5</PersonnelNo>',
  ]) {
    expect(await ids(since + criterion), criterion).toEqual(odd)
  }
  expect(await ids(`${since}<IdentifierTypeId>1</IdentifierTypeId>`)).toHaveLength(10)
  expect(await ids(`${since}<HostNameLike>aepu</HostNameLike>`)).toHaveLength(10)
  expect(await ids(`${since}<HostNamesEqual>aepu9</HostNamesEqual>`)).toEqual([])
  simulator.quirks.eventOrder = 'newest-first'
  expect(await ids('<GreaterThanId>7</GreaterThanId>')).toEqual([10, 9, 8])
})

test('a controller that was offline tells late: a greater id with an earlier time', async () => {
  await using client = await withSample()
  client.simulator.swipe({ badge: '1', entrance: 'Front Door' })
  client.simulator.swipe({ badge: '1', entrance: 'Back Door', agoMs: 3_600_000 })
  const { body } = await events(client)
  expect(texts(body, 'Event/DateTime')).toEqual(['2026-07-01T14:00:00', '2026-07-01T13:00:00'])
  expect(texts(body, 'Event/FormattedData/ServerTime')).toEqual(['2026-07-01T14:00:00', '2026-07-01T14:00:00'])
})

test('an id can come late: the event is found after one with a greater id', async () => {
  await using client = await withSample()
  client.simulator.swipe({ badge: '1', entrance: 'Front Door', shownAfterMs: 1000 })
  client.simulator.swipe({ badge: '1', entrance: 'Back Door' })
  const ids = async () => texts((await events(client)).body, 'Event/Id')
  expect(await ids()).toEqual(['2'])
  client.simulator.clock.advance(1000)
  expect(await ids()).toEqual(['1', '2'])
})

test('invisible carriers leave no events, and the log forgets', async () => {
  await using client = await withSample({ quirks: { eventsKept: 3 } })
  await client.send('CarrierIdSetInvisible', 1)
  expect(client.simulator.swipe({ badge: '1', entrance: 'Front Door' })).toMatchObject({ granted: true, eventId: null })
  for (let at = 0; at < 5; at++) client.simulator.swipe({ badge: '2', entrance: 'Front Door' })
  expect(texts((await events(client)).body, 'Event/Id')).toEqual(['3', '4', '5'])
})

test('the types are listed, whole or by name', async () => {
  await using client = await start()
  expect(texts((await client.send('EventTypeSearchInfo', '<Name>Badge</Name>')).body, 'EventType/Id')).toEqual([
    '5',
    '40',
    '93',
  ])
  const logTypes = await client.send('LogTypeSearchInfo', '<Name>blockToken</Name>')
  expect(text(logTypes.body, 'LogType/ResourceAlias')).toBe('log.blockToken')
})

test('the operators’ log tells who changed whom, by hand or through the service', async () => {
  await using client = await withSample()
  await client.send('EmployeeChange', '<Id>1</Id><Title>Dr</Title>')
  client.simulator.clock.advance(60_000)
  client.simulator.hand({ action: 'block', carrier: 2 })
  const log = async (criteria: string) =>
    (await client.send('LogSearchInfo', `<LogSearch>${criteria}</LogSearch>`)).body
  const all = await log(since)
  expect(texts(all, 'Log/UserName')).toEqual(['gateway', 'operator'])
  expect(texts(all, 'Log/MessageResourceAlias')).toEqual(['log.changeEmployee', 'log.blockCarrier'])
  expect(texts(all, 'Log/CarrierFullName')).toEqual(['Sample, Ada', 'Other'])
  expect(texts(all, 'Log/MessageDetails')).toEqual(['Id', 'Title'])
  const ids = async (criteria: string) => texts(await log(criteria), 'Log/Id')
  expect(await ids(`<GreaterThanId>1</GreaterThanId>${since}`)).toEqual(['2'])
  expect(await ids(`${since}<UserName>oper</UserName>`)).toEqual(['2'])
  expect(await ids(`${since}<CarrierId>1</CarrierId>`)).toEqual(['1'])
  expect(await ids('<FromDateTime>2026-07-01T14:00:30</FromDateTime>')).toEqual(['2'])
  expect(await ids(`${since}<UntilDateTime>2026-07-01T14:00:30</UntilDateTime>`)).toEqual(['1'])
  const type = texts(all, 'Log/LogTypeId')[1]
  expect(await ids(`<LogTypeId>${type}</LogTypeId>${since}`)).toEqual(['2'])
})
