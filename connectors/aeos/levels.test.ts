import { expect, test } from 'vitest'
import {
  answer,
  connected,
  desiredAccount,
  fault,
  fieldsOf,
  never,
  people,
  profile,
  states,
  template,
} from './testing.ts'

const none = { levels: [], cards: [] }
const entrance = (id: string, schedule: string) =>
  `<EntranceAuthorisation><Id>9${id}</Id><Enabled>true</Enabled><EntranceId>${id}</EntranceId><DateTimeScheduleId>${schedule}</DateTimeScheduleId><DateFrom>2020-01-01T00:00:00</DateFrom></EntranceAuthorisation>`
const lists = {
  TemplateSearchInfo: answer(
    'TemplateList',
    '<Template><Id>11</Id><Name>Main doors</Name><UnitOfAuthType>OnLine</UnitOfAuthType></Template><Template><Id>12</Id><UnitOfAuthType>OnLine</UnitOfAuthType></Template>',
  ),
  EntranceSearchInfo: answer(
    'EntranceList',
    '<Entrance><Id>21</Id><Name>Back door</Name><UnitOfAuthType>OnLine</UnitOfAuthType></Entrance>',
  ),
  EntranceGroupSearchInfo: answer(
    'EntranceGroupList',
    '<EntranceGroup><Id>31</Id><Name>Main doors</Name><UnitOfAuthType>OnLine</UnitOfAuthType><EntranceIdList><EntranceId>21</EntranceId></EntranceIdList></EntranceGroup><EntranceGroup><Id>32</Id><UnitOfAuthType>OnLine</UnitOfAuthType></EntranceGroup>',
  ),
}

test('templates are levels; entrances and groups of entrances too, where the settings have a schedule for them', async () => {
  const templates = [
    { externalId: '11', name: 'Main doors' },
    { externalId: '12', name: '12' },
  ]
  const plain = await connected(lists)
  expect(await plain.accounts.discover(never)).toEqual(templates)
  expect(plain.bodies('TemplateSearchInfo').map(fieldsOf)).toEqual([
    'UnitOfAuthType=OnLine startRecordNo=0 nrOfRecords=100',
  ])
  const both = await connected(lists, { entrance_schedule: '5' })
  expect(await both.accounts.discover(never)).toEqual([
    ...templates,
    { externalId: 'entrance:21', name: 'Back door' },
    { externalId: 'group:31', name: 'Main doors (entrance group)' },
    { externalId: 'group:32', name: '32 (entrance group)' },
  ])
  expect(both.bodies('EntranceGroupSearchInfo').map(fieldsOf)).toEqual([
    'UnitOfAuthType=OnLine startRecordNo=0 nrOfRecords=100',
  ])
})

test('what is switched off, over, or begins only after the carrier may come in, is not held; what a rule gave is inherited', async () => {
  const target = await connected(
    {
      CarrierIdProfile: profile(
        [
          template('11'),
          template('11'),
          template('12', { rule: '4' }),
          template('13').replace('>true<', '>false<'),
          template('14', { more: '<DateUntil>2026-01-01T00:00:00</DateUntil>' }),
          template('15', { more: '<DateUntil>2027-01-01T00:00:00</DateUntil>' }),
          template('16', { from: '2027-01-01T00:00:00' }),
          entrance('21', '5'),
          entrance('22', '6'),
        ].join(''),
      ),
    },
    { entrance_schedule: '5' },
  )
  expect(await target.mustRead()).toMatchObject({
    levels: ['11', '15', 'entrance:21', 'entrance:22@6'],
    inheritedLevels: ['12'],
  })
})

test('who is shut out still holds what was given by hand and opens nothing yet: it can be taken, and opens no door one day', async () => {
  const future = template('16', { from: '2027-01-01T00:00:00' })
  const online = [
    future,
    template('13').replace('>true<', '>false<'),
    template('14', { more: '<DateUntil>2026-01-01T00:00:00</DateUntil>' }),
    template('17', { rule: '4', from: '2027-01-01T00:00:00' }),
  ].join('')
  for (const shut of [
    { CarrierIdStates: states(true) },
    { PersonSearchInfo: people({ id: '7', number: '4711', leave: '2026-11-25T10:00:00' }) },
  ]) {
    const target = await connected({ CarrierIdProfile: profile(online), ...shut })
    const actual = await target.mustRead()
    expect(actual).toMatchObject({ levels: ['16', '13'], inheritedLevels: [] })
    const desired = desiredAccount({ lock: 'closed' })
    expect(await target.put(desired, { actual, revoke: { ...none, levels: ['16'] } })).toMatchObject({
      'level 16': 'applied',
    })
    expect(target.bodies('ProfileRemove')).toHaveLength(1)
  }
})

const group =
  '<EntranceGroupAuthorisation><Id>71</Id><Enabled>true</Enabled><EntranceGroupId>31</EntranceGroupId><DateTimeScheduleId>5</DateTimeScheduleId><DateFrom>2020-01-01T00:00:00</DateFrom></EntranceGroupAuthorisation>'
const soaa =
  '<AuthorisationSoaa><EntranceAuthorisation><Id>72</Id><Enabled>true</Enabled><EntranceId>51</EntranceId><DateTimeScheduleId>5</DateTimeScheduleId><DateFrom>2020-01-01T00:00:00</DateFrom></EntranceAuthorisation></AuthorisationSoaa>'

test('a group of entrances is given with our schedule; where the settings have none, no group can be given', async () => {
  const target = await connected({}, { entrance_schedule: '5' })
  const desired = desiredAccount({ levels: ['11', 'group:31', 'entrance:21'] })
  expect(await target.put(desired, { actual: await target.mustRead() })).toMatchObject({
    'level 11': 'applied',
    'level group:31': 'applied',
    'level entrance:21': 'applied',
  })
  const from = 'DateFrom=2026-11-26T10:00:00'
  expect(target.bodies('ProfileAdd').map(fieldsOf)).toEqual([
    [
      `CarrierId=7 Enabled=true TemplateId=11 ${from}`,
      `Enabled=true EntranceGroupId=31 DateTimeScheduleId=5 ${from}`,
      `Enabled=true EntranceId=21 DateTimeScheduleId=5 ${from}`,
    ].join(' '),
  ])
  const without = await connected()
  expect(await without.put(desired, { actual: await without.mustRead() })).toMatchObject({
    'level 11': 'applied',
    'level group:31': 'rejected aeos.level-unknown',
  })
})

test('a group that is held with our schedule is the one that can be given; with another one it is a level of its own', async () => {
  const later = group.replace('71', '73').replace('>5<', '>6<')
  const target = await connected({ CarrierIdProfile: profile(group + later) }, { entrance_schedule: '5' })
  const actual = await target.mustRead()
  expect(actual.levels).toEqual(['group:31', 'group:31@6'])
  expect(
    await target.put(desiredAccount({ levels: ['group:31'] }), {
      actual,
      revoke: { ...none, levels: ['group:31@6'] },
    }),
  ).toMatchObject({ 'level group:31': 'unchanged', 'level group:31@6': 'applied' })
  expect(target.bodies('ProfileRemove').map(fieldsOf)).toEqual([
    'CarrierId=7 EntranceGroupId=31 DateTimeScheduleId=6 DateFrom=2020-01-01T00:00:00',
  ])
})

test('rights to entrance groups, and that there are some to other kinds of lock, are shown; of these only the former can be taken', async () => {
  const target = await connected({
    CarrierIdProfile: profile(group).replace('</ProfileResult>', `${soaa}</ProfileResult>`),
  })
  const actual = await target.mustRead()
  expect(actual.levels).toEqual(['group:31@5', 'soaa'])
  const told = await target.put(desiredAccount(), { actual, revoke: { ...none, levels: actual.levels } })
  expect(told).toMatchObject({ 'level group:31@5': 'applied', 'level soaa': 'rejected aeos.other-lock' })
  expect(target.bodies('ProfileRemove').map(fieldsOf)).toEqual([
    'CarrierId=7 EntranceGroupId=31 DateTimeScheduleId=5 DateFrom=2020-01-01T00:00:00',
  ])
})

test('an entry whose rule is empty was given by hand: it is shown, kept when the profile is written back, and taken', async () => {
  const byHand = (id: string) => template(id).replace('<TemplateId>', '<RuleId/><TemplateId>')
  const target = await connected({ wsdl: '', CarrierIdProfile: profile(byHand('11') + byHand('12')) })
  const actual = await target.mustRead()
  expect(actual.levels).toEqual(['11', '12'])
  await target.put(desiredAccount(), { actual, revoke: { ...none, levels: ['11'] } })
  expect(target.bodies('ProfileChange').map(fieldsOf)).toEqual([
    'CarrierId=7 Id=812 Enabled=true TemplateId=12 DateFrom=2020-01-01T00:00:00',
  ])
})

test('a server that does not show what it offers is asked again: it may have been starting', async () => {
  const offers = '<wsdl:operation name="removeCarrierAuthorizations"/>'
  const target = await connected({
    wsdl: [{ status: 503, headers: {}, text: '' }, offers],
    CarrierIdProfile: profile(template('11')),
  })
  for (const _ of [1, 2])
    await target.put(desiredAccount(), { actual: await target.mustRead(), revoke: { ...none, levels: ['11'] } })
  expect([target.bodies('ProfileChange').length, target.bodies('ProfileRemove').length]).toEqual([1, 1])
})

test('what is missing is given in one request, for good, from now on; what is there, by hand or by rule, is not given again', async () => {
  const target = await connected(
    { CarrierIdProfile: profile(template('11') + template('12', { rule: '4' })) },
    { entrance_schedule: '5' },
  )
  const actual = await target.mustRead()
  const told = await target.put(desiredAccount({ levels: ['11', '12', '13', 'entrance:21'] }), { actual })
  expect(told).toMatchObject({
    'level 11': 'unchanged',
    'level 12': 'unchanged',
    'level 13': 'applied',
    'level entrance:21': 'applied',
  })
  expect(target.bodies('ProfileAdd').map(fieldsOf)).toEqual([
    'CarrierId=7 Enabled=true TemplateId=13 DateFrom=2026-11-26T10:00:00 Enabled=true EntranceId=21 DateTimeScheduleId=5 DateFrom=2026-11-26T10:00:00',
  ])
})

test('a level that is not there costs itself alone', async () => {
  const target = await connected({ ProfileAdd: (body) => (body.includes('>99<') ? fault(116) : profile()) })
  const told = await target.put(desiredAccount({ levels: ['11', '99', 'nonsense'] }), {
    actual: await target.mustRead(),
  })
  expect(told).toMatchObject({
    'level 11': 'applied',
    'level 99': 'rejected aeos.authorisation-refused',
    'level nonsense': 'rejected aeos.level-unknown',
  })
})

test('a carrier that went meanwhile is a conflict, not a level that is not there', async () => {
  const target = await connected({
    ProfileAdd: fault(116, 'Carrier not found'),
    CarrierIdProfile: [profile(), fault(101, 'Carrier not found')],
  })
  const put = target.put(desiredAccount({ levels: ['11', '12'] }), { actual: await target.mustRead() })
  await expect(put).rejects.toMatchObject({ kind: 'conflict', code: 'aeos.not-found' })
})

const twice =
  template('11') + template('11', { from: '2021-01-01T00:00:00', more: '<DateUntil>2030-01-01T00:00:00</DateUntil>' })

test('a level that was given twice is taken twice, each by its dates; the entry of a rule stays', async () => {
  const online = twice + template('11', { rule: '4', from: '2022-01-01T00:00:00' })
  const target = await connected({ CarrierIdProfile: profile(online) })
  const told = await target.put(desiredAccount(), {
    actual: await target.mustRead(),
    revoke: { ...none, levels: ['11', '12'] },
  })
  expect(told).toMatchObject({ 'level 11': 'applied', 'level 12': 'unchanged' })
  expect(target.bodies('ProfileRemove').map(fieldsOf)).toEqual([
    'CarrierId=7 TemplateId=11 DateFrom=2020-01-01T00:00:00 TemplateId=11 DateFrom=2021-01-01T00:00:00 DateUntil=2030-01-01T00:00:00',
  ])
})

const other =
  '<AuthorisationOffline><TemplateAuthorisation><Id>3</Id><Enabled>true</Enabled><TemplateId>44</TemplateId></TemplateAuthorisation><TemplateAuthorisation><Id>4</Id><Enabled>true</Enabled><RuleId>4</RuleId><TemplateId>45</TemplateId></TemplateAuthorisation></AuthorisationOffline><AccessDuringHoliday>true</AccessDuringHoliday>'

test.each([
  ['a version that can take none', ''],
  ['a server that does not show what it offers', { status: 404, headers: {}, text: '' }],
])('at %s the whole profile is written back without it, and without what a rule gave', async (_what, wsdl) => {
  const online = twice + template('12') + template('13', { rule: '4' }) + entrance('21', '5')
  const target = await connected({
    wsdl,
    CarrierIdProfile: profile(online).replace('</ProfileResult>', `${other}</ProfileResult>`),
  })
  await target.put(desiredAccount(), { actual: await target.mustRead(), revoke: { ...none, levels: ['11'] } })
  expect(target.bodies('ProfileRemove')).toEqual([])
  expect(target.bodies('ProfileChange').map(fieldsOf)).toEqual([
    [
      'CarrierId=7 Id=812 Enabled=true TemplateId=12 DateFrom=2020-01-01T00:00:00',
      'Id=921 Enabled=true EntranceId=21 DateTimeScheduleId=5 DateFrom=2020-01-01T00:00:00',
      'Id=3 Enabled=true TemplateId=44 AccessDuringHoliday=true',
    ].join(' '),
  ])
})

test('where the entry of a rule bears the same name as ours, the whole profile is written back: else the wrong one might go', async () => {
  const target = await connected({
    CarrierIdProfile: profile(template('11') + template('11', { rule: '4' }).replace('811', '899')),
  })
  await target.put(desiredAccount(), { actual: await target.mustRead(), revoke: { ...none, levels: ['11'] } })
  expect(target.bodies('ProfileRemove')).toEqual([])
  expect(target.bodies('ProfileChange').map(fieldsOf)).toEqual(['CarrierId=7'])
})
