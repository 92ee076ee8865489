import { expect, test } from 'vitest'
import {
  answer,
  connected,
  desiredAccount,
  facts,
  fault,
  fieldsOf,
  never,
  owned,
  people,
  profile,
  states,
  template,
  tokens,
} from './testing.ts'

const external = { carriers: { external: 'contractor' } }
const validity = { from: '2026-12-01T08:00:00.000Z', until: '2030-06-30T22:00:00.000Z' }
const dates = { arrival: '2026-12-01T09:00:00', leave: '2030-07-01T00:00:00' }

// ---------------------------------------------------------------- reading

test('an account is read with its lock, dates, badges and rights, side by side', async () => {
  const target = await connected(
    {
      PersonSearchInfo: people({
        id: '7',
        number: '4711',
        ...dates,
        more: '<Freefield><DefinitionId>12</DefinitionId><value>Keeper</value></Freefield>',
      }),
      CarrierIdStates: states(true),
      CarrierIdToken: tokens({ number: '10000', status: 1 }, { number: '1', type: '9', status: 3, reason: '4' }),
      CarrierIdProfile: profile(template('11') + template('12', { rule: '5' })),
      CarrierIdVerification: answer(
        'VerificationList',
        '<Verification><CarrierId>7</CarrierId><Type>Pincode</Type><From>2020-01-01</From></Verification>',
      ),
    },
    { free_fields: [{ definition_id: '12', fact: 'title' }] },
  )
  expect(await target.mustRead()).toMatchObject({
    externalId: '4711',
    lock: 'closed',
    validity,
    profile: {
      Id: '7',
      PersonnelNo: '4711',
      LastName: 'Quillfeather',
      FullName: 'Zyphora Quillfeather',
      CarrierType: 'employee',
      'Freefield 12': 'Keeper',
    },
    cards: [
      { card: { format: 'H10301' }, ref: '2 10000', state: 'on' },
      { card: null, ref: '9 1', state: 'blocked' },
    ],
    levels: ['11'],
    inheritedLevels: ['12'],
    pin: true,
    untouchable: false,
  })
  expect(target.roots()).toHaveLength(5)
})

test('only the very number counts, of all that begin so', async () => {
  const target = await connected({
    PersonSearchInfo: people({ id: '8', number: '47110' }, { id: '9', number: '4711a' }),
  })
  expect(await target.accounts.read('4711', never)).toBeNull()
  expect(target.bodies('PersonSearchInfo').map(fieldsOf)).toEqual(['PersonnelNo=4711 startRecordNo=0 nrOfRecords=500'])
})

test('a carrier that is removed while it is read is not there', async () => {
  const target = await connected({
    CarrierIdProfile: fault(101, 'Carrier not found'),
    PersonSearchInfo: [people({ id: '7', number: '4711' }), people()],
  })
  expect(await target.accounts.read('4711', never)).toBeNull()
})

test.each([
  ['CarrierIdProfile', 101, 'Schedule not found'],
  ['CarrierIdToken', 103, 'Identifier not found'],
  ['CarrierIdStates', 100, 'not found'],
])('what %s does not find proves nobody gone who is still shown', async (root, code, text) => {
  const target = await connected({ [root]: fault(code, text) })
  await expect(target.accounts.read('4711', never)).rejects.toMatchObject({
    kind: 'transient',
    code: 'aeos.find-failed',
    vendorText: text,
  })
})

test('a blank before a number belongs to it, though a server finds it by none: its carrier bears its id; one behind does not count', async () => {
  const target = await connected({
    PersonSearchInfo: people(
      { id: '1', number: ' 4711' },
      { id: '2', number: '4711 ' },
      { id: '3', number: '47[12' },
      { id: '4', number: 'EXT_0012' },
    ),
  })
  expect((await Array.fromAsync(target.accounts.list(never))).flat().map(({ externalId }) => externalId)).toEqual([
    '#1',
    '4711',
    '#3',
    'EXT_0012',
  ])
  expect(await target.mustRead()).toMatchObject({ profile: { Id: '2', PersonnelNo: '4711' } })
})

test('a carrier without a personnel number is read by its own id', async () => {
  const target = await connected({ PersonSearchInfo: people({ id: '7' }) })
  expect(await target.mustRead('#7')).toMatchObject({ externalId: '#7', profile: { Id: '7' } })
  expect(target.bodies('PersonSearchInfo').map(fieldsOf)).toEqual(['Id=7 startRecordNo=0 nrOfRecords=500'])
})

test('of two carriers with one number, one that nobody gets in with does not count', async () => {
  const target = await connected({
    PersonSearchInfo: people({ id: '7', number: '4711', type: 'Contractor' }, { id: '9', number: '4711' }),
    CarrierIdStates: (body) => states(body.includes('7')),
  })
  expect(await target.mustRead()).toMatchObject({ lock: 'open', profile: { Id: '9', CarrierType: 'employee' } })
})

test('two open carriers with one number are as open as both together, and are never written', async () => {
  const target = await connected({
    PersonSearchInfo: people({ id: '7', number: '4711' }, { id: '9', number: '4711' }),
    CarrierIdToken: (body) => tokens({ number: body.includes('7') ? '10000' : '10001', status: 1 }),
  })
  const actual = await target.mustRead()
  expect(actual.cards).toHaveLength(2)
  expect(actual.profile).not.toHaveProperty('Id')
  await expect(target.put(desiredAccount(), { actual })).rejects.toMatchObject({
    kind: 'conflict',
    code: 'aeos.person-ambiguous',
  })
  await expect(target.remove()).rejects.toMatchObject({ code: 'aeos.person-ambiguous' })
  await target.lock(actual)
  expect(target.bodies('CarrierIdBlock')).toHaveLength(2)
})

test('of two carriers with one number, one that others shut is not removed with the account: they may be two people', async () => {
  const script = (reason: string) => ({
    PersonSearchInfo: people({ id: '7', number: '4711', type: 'Contractor' }, { id: '9', number: '4711' }),
    CarrierIdStates: (body: string) => states(body.includes('7'), reason),
  })
  const strange = await connected(script('88'))
  await expect(strange.remove()).rejects.toMatchObject({ code: 'aeos.person-ambiguous' })
  expect([...strange.bodies('EmployeeId'), ...strange.bodies('ContractorId')]).toEqual([])
  const ours = await connected(script('3'))
  expect(await ours.remove()).toEqual({ lock: 'applied' })
  expect([ours.bodies('EmployeeId'), ours.bodies('ContractorId')].map(({ length }) => length)).toEqual([1, 1])
})

test('everybody is listed once, under a number or an id; blocks are not told, but who has left is', async () => {
  const target = await connected({
    PersonSearchInfo: people(
      { id: '1', number: '4711', type: 'Contractor', leave: '2026-01-01T00:00:00' },
      { id: '2', number: '4711' },
      { id: '3' },
      { id: '4', number: '4712', readOnly: true },
    ),
  })
  const listed = (await Array.fromAsync(target.accounts.list(never))).flat()
  expect(listed.map(({ externalId, lock, untouchable }) => [externalId, lock, untouchable])).toEqual([
    ['4711', 'open', false],
    ['#3', 'open', false],
    ['4712', 'open', true],
    ['#1', 'closed', false],
  ])
  expect(listed.every(({ told }) => told?.cards === true && !told.lock && told.levels.size === 0)).toBe(true)
})

// ---------------------------------------------------------------- creating

test('a joiner is there before the start, and can not come in: by the dates, and by the rights themselves', async () => {
  const target = await connected({ PersonSearchInfo: people() }, { unit_id: '6' })
  expect(await target.put(desiredAccount({ validity, levels: ['11'] }))).toEqual({
    lock: 'applied',
    validity: 'applied',
    profile: 'applied',
    'level 11': 'applied',
  })
  expect(target.bodies('EmployeeAdd').map(fieldsOf)).toEqual([
    'UnitId=6 ArrivalDateTime=2026-12-01T09:00:00 LeaveDateTime=2030-07-01T00:00:00 LastName=Quillfeather PersonnelNo=4711 FirstName=Zyphora',
  ])
  expect(target.bodies('ProfileAdd').map(fieldsOf)).toEqual([
    'CarrierId=7 Enabled=true TemplateId=11 DateFrom=2026-12-01T09:00:00',
  ])
})

test('a person is made as what they are', async () => {
  const target = await connected({ PersonSearchInfo: people() }, external)
  await target.put(desiredAccount({ facts: facts({ kind: 'external' }) }))
  expect(target.bodies('ContractorAdd')).toHaveLength(1)
  await target.put(desiredAccount({ facts: facts({ kind: 'own' }) }))
  expect(target.bodies('EmployeeAdd')).toHaveLength(1)
})

test('who is made closed is blocked before anything else is given', async () => {
  const target = await connected({ PersonSearchInfo: people() })
  await target.put(desiredAccount({ lock: 'closed', levels: ['11'] }))
  expect(target.roots()).toEqual(
    ['PersonSearchInfo', 'PersonSearchInfo', 'EmployeeAdd', 'CarrierIdBlock', 'ProfileAdd'].slice(1),
  )
})

test('who is refused for a field that they can do without is made without it', async () => {
  const target = await connected({
    PersonSearchInfo: people(),
    EmployeeAdd: (body) => (body.includes('Email') ? fault(61) : answer('EmployeeResult', '<Id>7</Id>')),
    EmployeeChange: fault(62),
  })
  expect(await target.put(desiredAccount({ facts: facts({ email: 'wrong' }) }))).toEqual({
    lock: 'applied',
    validity: 'applied',
    profile: 'rejected aeos.fields-refused',
  })
})

// ---------------------------------------------------------------- changing

test('what is there already sends nothing', async () => {
  const target = await connected({ CarrierIdProfile: profile(template('11')) })
  const actual = await target.mustRead()
  const { length } = target.requests
  expect(new Set(Object.values(await target.put(desiredAccount({ levels: ['11'] }), { actual })))).toEqual(
    new Set(['unchanged']),
  )
  expect(target.requests).toHaveLength(length)
})

test('only what differs is written, and a refused field costs itself alone', async () => {
  const target = await connected({
    EmployeeChange: (body) => (body.includes('LastName') ? fault(62) : answer('EmployeeResult', '<Id>7</Id>')),
  })
  const actual = await target.mustRead()
  const desired = desiredAccount({ facts: facts({ familyName: 'Thistledown', email: 'z@example.org' }), validity })
  expect(await target.put(desired, { actual })).toEqual({
    lock: 'unchanged',
    validity: 'applied',
    profile: 'rejected aeos.fields-refused',
  })
  expect(target.bodies('EmployeeChange').map(fieldsOf)).toEqual([
    'Id=7 ArrivalDateTime=2026-12-01T09:00:00 LeaveDateTime=2030-07-01T00:00:00 LastName=Thistledown Email=z@example.org',
    'Id=7 LastName=Thistledown',
    'Id=7 Email=z@example.org',
    'Id=7 ArrivalDateTime=2026-12-01T09:00:00 LeaveDateTime=2030-07-01T00:00:00',
  ])
})

test('an end is taken away by the value that clears it', async () => {
  const target = await connected({
    PersonSearchInfo: people({ id: '7', number: '4711', leave: '2026-11-01T08:00:00' }),
  })
  await target.put(desiredAccount(), { actual: await target.mustRead() })
  expect(target.bodies('EmployeeChange').map(fieldsOf)).toEqual([
    'Id=7 ArrivalDateTime=2000-01-01T00:00:01 LeaveDateTime=2149-05-29T00:00:00',
  ])
})

test('a free field is written with those of others, in case the list is replaced', async () => {
  const target = await connected(
    {
      PersonSearchInfo: people({
        id: '7',
        number: '4711',
        more: '<Freefield><DefinitionId>3</DefinitionId><value>theirs</value></Freefield>',
      }),
    },
    { free_fields: [{ definition_id: '12', fact: 'title' }] },
  )
  await target.put(desiredAccount({ facts: facts({ title: 'Keeper' }) }), { actual: await target.mustRead() })
  expect(target.bodies('EmployeeChange').map(fieldsOf)).toEqual([
    'Id=7 DefinitionId=3 value=theirs DefinitionId=12 value=Keeper',
  ])
})

test('of departments with one name, that of our unit is taken', async () => {
  const one = (id: string, unit: string) =>
    `<Department><Id>${id}</Id><Name>Research</Name><UnitId>${unit}</UnitId></Department>`
  const script = { DepartmentSearchInfo: answer('DepartmentList', one('3', '1') + one('4', '6')) }
  const target = await connected(script, { departments: 'match', unit_id: '6' })
  await target.put(desiredAccount({ facts: facts({ department: 'Research' }) }), { actual: await target.mustRead() })
  expect(target.bodies('EmployeeChange').map(fieldsOf)).toEqual(['Id=7 DepartmentId=4'])
})

test('a middle name that AEOS keeps apart counts when people are compared', async () => {
  const more = '<MiddleName>van der</MiddleName>'
  const target = await connected({
    PersonSearchInfo: people({ id: '7', number: '4711', last: 'Quill' }).replace('</Person>', `${more}</Person>`),
  })
  expect(await target.mustRead()).toMatchObject({ profile: { LastName: 'Quill', FullName: 'Zyphora van der Quill' } })
})

test('a department is found by its very name; one that is not there is told for the profile alone', async () => {
  const lists = answer(
    'DepartmentList',
    '<Department><Id>3</Id><Name>Research</Name></Department><Department><Id>4</Id><Name>Research West</Name></Department>',
  )
  const target = await connected({ DepartmentSearchInfo: lists }, { departments: 'match' })
  const actual = await target.mustRead()
  await target.put(desiredAccount({ facts: facts({ department: 'Research' }) }), { actual })
  expect(target.bodies('EmployeeChange').map(fieldsOf)).toEqual(['Id=7 DepartmentId=3'])
  const told = await target.put(desiredAccount({ facts: facts({ department: 'Wyrms' }), levels: ['11'] }), { actual })
  expect(told).toMatchObject({ profile: 'rejected aeos.department-unknown', 'level 11': 'applied' })
  expect(target.bodies('DepartmentSearchInfo')).toHaveLength(1)
})

test('an account that went away meanwhile is a conflict', async () => {
  const order = desiredAccount({ facts: facts({ familyName: 'Thistledown' }) })
  const target = await connected({
    EmployeeChange: fault(62, 'Employee not found'),
    CarrierIdStates: [states(false), fault(100, 'Carrier not found')],
  })
  const put = target.put(order, { actual: await target.mustRead() })
  await expect(put).rejects.toMatchObject({ kind: 'conflict', code: 'aeos.not-found' })
  // It may as well be something else that is not found, which only costs its part.
  const other = await connected({ EmployeeChange: fault(62, 'Unit not found') })
  expect(await other.put(order, { actual: await other.mustRead() })).toMatchObject({
    profile: 'rejected aeos.fields-refused',
  })
})

test('our block is lifted, before new rights are given; a block of somebody else stays, and costs the lock alone', async () => {
  const ours = await connected({ CarrierIdStates: states(true) })
  const opened = await ours.put(desiredAccount({ levels: ['11'] }), { actual: await ours.mustRead() })
  expect(opened).toMatchObject({ lock: 'applied', 'level 11': 'applied' })
  expect(ours.roots().slice(-2)).toEqual(['CarrierIdUnBlock', 'ProfileAdd'])

  // Ours always has a reason.
  for (const reason of ['88', '']) {
    const theirs = await connected({ CarrierIdStates: [states(true), states(true, reason)] })
    const kept = await theirs.put(desiredAccount({ levels: ['11'] }), { actual: await theirs.mustRead() })
    expect(kept).toMatchObject({ lock: 'conflict aeos.blocked-by-others', 'level 11': 'applied' })
    expect(theirs.bodies('CarrierIdUnBlock')).toEqual([])
  }
})

test('a PIN is set from today on, and never otherwise', async () => {
  const target = await connected()
  const actual = await target.mustRead()
  expect(await target.put(desiredAccount({ pin: '2904' }), { actual })).toMatchObject({ pin: 'applied' })
  expect(target.bodies('VerificationChange').map(fieldsOf)).toEqual([
    'CarrierId=7 Type=Pincode From=2026-11-26 Value=2904',
  ])
  expect(() => target.accounts.checkPin('29a4')).toThrow(expect.objectContaining({ code: 'aeos.pin-refused' }))
  const without = await connected({}, { pins: false })
  expect(() => without.accounts.checkPin('2904')).toThrow(expect.objectContaining({ kind: 'rejected' }))
  await without.mustRead()
  expect(without.bodies('CarrierIdVerification')).toEqual([])
})

test('a contractor who becomes an employee is another carrier, which takes over the badge; the old one is shut for good', async () => {
  const badge = { number: '10000', status: 3, reason: '4', owner: '7' }
  const target = await connected(
    {
      PersonSearchInfo: people({ id: '7', number: '4711', type: 'Contractor' }),
      CarrierIdToken: tokens({ number: '10000', status: 1 }),
      IdentifierSearchInfo: owned(badge),
      CarrierIdStates: [states(false), states(false), states(true)],
      EmployeeAdd: answer('EmployeeResult', '<Id>9</Id>'),
    },
    external,
  )
  const actual = await target.mustRead()
  const [held] = actual.cards
  if (held?.card == null) throw new Error('the badge was not recognised')
  const desired = desiredAccount({
    facts: facts({ kind: 'own' }),
    cards: [{ card: held.card, state: 'on' }],
    levels: ['11'],
  })
  expect(await target.put(desired, { actual })).toEqual({
    lock: 'applied',
    validity: 'applied',
    profile: 'applied',
    [`card ${held.card.raw}`]: 'applied',
    'level 11': 'applied',
  })
  expect(target.bodies('CarrierIdBlock').map(fieldsOf)).toEqual(['CarrierId=7 Reason=3'])
  expect(target.bodies('ContractorChange').map(fieldsOf)).toEqual(['Id=7 LeaveDateTime=2026-11-26T10:00:00'])
  expect(target.bodies('EmployeeAdd')).toHaveLength(1)
  expect(target.bodies('IdentifierWithdraw').map(fieldsOf)).toEqual([
    'IdentifierType=2 BadgeNumber=10000 RestoreReplaced=false',
  ])
  expect(target.bodies('IdentifierAdd').map(fieldsOf)).toEqual(['CarrierId=9 IdentifierType=2 BadgeNumber=10000'])
})

test('who is to be shut stays what they are; so does a carrier that no number names, and says so', async () => {
  const target = await connected(
    { PersonSearchInfo: people({ id: '7', number: '4711', type: 'Contractor' }) },
    external,
  )
  const actual = await target.mustRead()
  const person = facts({ kind: 'own' })
  expect(await target.put(desiredAccount({ facts: person, lock: 'closed' }), { actual })).toMatchObject({
    lock: 'applied',
  })
  expect(await target.put(desiredAccount({ facts: person }), { actual, externalId: '#7' })).toMatchObject({
    profile: 'rejected aeos.type-fixed',
  })
  expect(target.bodies('EmployeeAdd')).toEqual([])
})

// ---------------------------------------------------------------- removing

test('a carrier is removed after its badges: one that is blocked stays blocked, the others are free', async () => {
  const target = await connected({
    CarrierIdToken: tokens({ number: '10000', status: 1 }, { number: '10001', status: 3, reason: '4' }),
  })
  expect(await target.remove()).toEqual({ lock: 'applied' })
  expect(target.roots()).toEqual([
    'PersonSearchInfo',
    'CarrierIdToken',
    'IdentifierWithdraw',
    'IdentifierWithdrawAndBlock',
    'EmployeeId',
  ])
  expect(target.bodies('EmployeeId')[0]).toMatch(/>7</)
})

test('who is not there is removed already, also when they went meanwhile; what AEOS still needs is told', async () => {
  const gone = await connected({ PersonSearchInfo: people() })
  expect(await gone.remove()).toEqual({ lock: 'unchanged' })
  const meanwhile = await connected({
    EmployeeId: fault(63, 'Employee not found'),
    PersonSearchInfo: [people({ id: '7', number: '4711' }), people()],
  })
  expect(await meanwhile.remove()).toEqual({ lock: 'applied' })
  const still = await connected({ EmployeeId: fault(63, 'Locker not found') })
  await expect(still.remove()).rejects.toMatchObject({ kind: 'transient', code: 'aeos.find-failed' })
  const needed = await connected({ EmployeeId: fault(63, 'has visits') })
  await expect(needed.remove()).rejects.toMatchObject({ kind: 'rejected', code: 'aeos.removal-refused' })
})
