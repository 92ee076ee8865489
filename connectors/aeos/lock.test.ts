import { expect, test } from 'vitest'
import { csn, h10301 } from '../../src/model/card.ts'
import { connected, desiredAccount, fault, fieldsOf, never, owned, people, states, tokens } from './testing.ts'

const card = h10301(20, 10_000)
const serial = csn('84A1B2C3')
const held = tokens(
  { number: '10000', status: 1 },
  { number: '84A1B2C3', type: '5', status: 4 },
  { number: '777', type: '9', status: 1 },
  { number: '778', type: '9', status: 3, replaced: true },
)
const notFound = fault(110, 'Carrier not found')
const gone = fault(100, 'Carrier not found')

test('a known account is shut by its carrier first, every badge that is on, and the end of its dates: five requests', async () => {
  const target = await connected({ CarrierIdToken: held })
  const known = await target.mustRead()
  const { length } = target.roots()
  expect(await target.lock(known)).toEqual({
    lock: 'applied',
    validity: 'applied',
    [`card ${card.raw}`]: 'applied',
    [`card ${serial.raw}`]: 'applied',
  })
  const roots = target.roots().slice(length)
  expect(roots[0]).toBe('CarrierIdBlock')
  expect(roots.toSorted()).toEqual(['CarrierIdBlock', 'EmployeeChange', ...Array(3).fill('IdentifierBlock')])
  expect(target.bodies('CarrierIdBlock').map(fieldsOf)).toEqual(['CarrierId=7 Reason=3'])
  expect(target.bodies('EmployeeChange').map(fieldsOf)).toEqual(['Id=7 LeaveDateTime=2026-11-26T10:00:00'])
  // One that waits while another stands in for it is blocked already, and never given back.
  expect(target.bodies('IdentifierBlock').map(fieldsOf)).toEqual([
    'IdentifierType=2 BadgeNumber=10000 Reason=4',
    'IdentifierType=5 BadgeNumber=84A1B2C3 Reason=4',
    'IdentifierType=9 BadgeNumber=777 Reason=4',
  ])
})

test('an account that was never seen is found first; its carrier is blocked before its badges are known', async () => {
  const target = await connected({ CarrierIdToken: held })
  expect(await target.lock()).toMatchObject({ lock: 'applied', validity: 'applied', [`card ${card.raw}`]: 'applied' })
  expect(target.roots().slice(0, 2)).toEqual(['PersonSearchInfo', 'CarrierIdBlock'])
  expect(target.bodies('IdentifierBlock')).toHaveLength(3)
})

test('a start that lies ahead moves back with the end', async () => {
  const target = await connected({
    PersonSearchInfo: people({ id: '7', number: '4711', arrival: '2027-01-01T00:00:00' }),
  })
  await target.lock()
  expect(target.bodies('EmployeeChange').map(fieldsOf)).toEqual([
    'Id=7 ArrivalDateTime=2000-01-01T00:00:01 LeaveDateTime=2026-11-26T10:00:00',
  ])
})

test('every carrier of that very number is shut, and none of a number that only begins so', async () => {
  const target = await connected({
    PersonSearchInfo: people(
      { id: '7', number: '4711' },
      { id: '8', number: '47110' },
      { id: '9', number: '4711', type: 'Contractor' },
    ),
  })
  expect(await target.lock()).toEqual({ lock: 'applied', validity: 'applied' })
  expect(target.bodies('CarrierIdBlock').map(fieldsOf)).toEqual(['CarrierId=7 Reason=3', 'CarrierId=9 Reason=3'])
  expect(target.bodies('ContractorChange')).toHaveLength(1)
})

test('who is not there is out already; so is who was removed since they were seen', async () => {
  const nobody = await connected({ PersonSearchInfo: people() })
  expect(await nobody.lock()).toEqual({ lock: 'unchanged' })
  expect(await nobody.lock(null, [card])).toEqual({})

  const target = await connected({
    PersonSearchInfo: [people({ id: '7', number: '4711' }), people()],
    CarrierIdStates: [states(false), gone],
    CarrierIdBlock: notFound,
    EmployeeChange: fault(62, 'Employee not found'),
  })
  expect(await target.lock(await target.mustRead())).toEqual({ lock: 'unchanged' })
})

test('a reason that is not found is no carrier that is gone: the lock-out is not done', async () => {
  const target = await connected({ CarrierIdBlock: fault(110, 'Block reason not found') })
  for (const known of [await target.mustRead(), null])
    expect(await target.lock(known)).toEqual({ lock: 'rejected aeos.block-refused', validity: 'applied' })
})

test('who was removed and made anew since they were seen is shut under the new id', async () => {
  const target = await connected({
    PersonSearchInfo: [people({ id: '7', number: '4711' }), people({ id: '12', number: '4711' })],
    CarrierIdStates: [states(false), gone],
    CarrierIdBlock: [notFound, states(true)],
    EmployeeChange: [fault(62, 'Employee not found'), fault(62, 'dates')],
  })
  expect(await target.lock(await target.mustRead())).toEqual({
    lock: 'applied',
    validity: 'rejected aeos.fields-refused',
  })
  expect(target.bodies('CarrierIdBlock').at(-1)).toContain('<CarrierId>12</CarrierId>')
})

test('nothing that fails keeps anything else open', async () => {
  const target = await connected({
    CarrierIdToken: held,
    CarrierIdBlock: fault(990),
    EmployeeChange: fault(990),
    IdentifierBlock: [fault(990), '', ''],
  })
  expect(await target.lock(await target.mustRead())).toEqual({
    lock: 'transient aeos.system-error',
    validity: 'transient aeos.system-error',
    [`card ${card.raw}`]: 'transient aeos.system-error',
    [`card ${serial.raw}`]: 'applied',
  })
})

test('badges that can not be read keep the lock-out open, although the carrier is blocked', async () => {
  const target = await connected({ CarrierIdToken: fault(103) })
  expect(await target.lock()).toEqual({ lock: 'transient aeos.find-failed', validity: 'applied' })
  expect(target.bodies('CarrierIdBlock')).toHaveLength(1)
})

test('a badge of unknown format that can not be blocked keeps the lock-out as a whole open', async () => {
  const target = await connected({
    CarrierIdToken: tokens({ number: '777', type: '9', status: 1 }),
    IdentifierBlock: fault(990),
  })
  expect(await target.lock()).toMatchObject({ lock: 'transient aeos.system-error' })
})

test('a block that somebody else made keeps its reason: it is looked at, not written again', async () => {
  const target = await connected({ CarrierIdStates: states(true, '88') })
  expect(await target.lock(await target.mustRead())).toMatchObject({ lock: 'unchanged' })
  expect(target.bodies('CarrierIdBlock')).toEqual([])
  // Made since it was seen.
  const since = await connected({ CarrierIdStates: [states(false), states(true, '88')] })
  expect(await since.lock(await since.mustRead())).toMatchObject({ lock: 'unchanged', validity: 'applied' })
  expect(since.bodies('CarrierIdBlock')).toEqual([])
  // Lifted since it was seen.
  const lifted = await connected({ CarrierIdStates: [states(true, '88'), states(false)] })
  expect(await lifted.lock(await lifted.mustRead())).toMatchObject({ lock: 'applied' })
})

test('a look that fails or takes too long keeps nobody in; where it would be a sixth request nobody looks', async () => {
  const failing = await connected({ CarrierIdStates: [states(false), fault(990)] })
  expect(await failing.lock(await failing.mustRead())).toEqual({ lock: 'applied', validity: 'applied' })
  const full = await connected({ CarrierIdStates: [states(false), states(true, '88')], CarrierIdToken: held })
  expect(await full.lock(await full.mustRead())).toMatchObject({ lock: 'applied' })
})

test('what is blocked already may be refused, and counts as done', async () => {
  const target = await connected({
    CarrierIdBlock: fault(110),
    CarrierIdStates: [states(false), states(false), states(true)],
    CarrierIdToken: tokens({ number: '10000', status: 1 }),
    IdentifierBlock: fault(123),
    IdentifierSearchInfo:
      '<IdentifierAndCarrierIdList xmlns="http://www.nedap.com/aeosws/schema"><IdentifierAndCarrierId><Identifier><Id>1</Id><IdentifierType>2</IdentifierType><BadgeNumber>10000</BadgeNumber><Blocked>true</Blocked></Identifier><CarrierId>7</CarrierId></IdentifierAndCarrierId></IdentifierAndCarrierIdList>',
  })
  expect(await target.lock(await target.mustRead())).toMatchObject({
    lock: 'unchanged',
    [`card ${card.raw}`]: 'unchanged',
  })
})

test('a leave date that has passed is not moved', async () => {
  const target = await connected({
    PersonSearchInfo: people({ id: '7', number: '4711', leave: '2026-11-25T10:00:00' }),
    CarrierIdStates: states(true),
  })
  expect(await target.lock(await target.mustRead())).toEqual({ lock: 'unchanged', validity: 'unchanged' })
  expect(target.bodies('EmployeeChange')).toEqual([])
})

test('single cards are blocked and nothing else is touched, in one request of a known account and three of an unknown one', async () => {
  const target = await connected({ CarrierIdToken: held })
  const known = await target.mustRead()
  const { length } = target.roots()
  expect(await target.lock(known, [card, h10301(20, 9)])).toEqual({ [`card ${card.raw}`]: 'applied' })
  expect(target.roots().slice(length)).toEqual(['IdentifierBlock'])
  expect(await target.lock(null, [card])).toEqual({ [`card ${card.raw}`]: 'applied' })
  expect(target.roots().slice(length + 1)).toEqual(['PersonSearchInfo', 'CarrierIdToken', 'IdentifierBlock'])
})

test('a lock-out tells which badges it blocked itself, of every kind, and these alone are unblocked when they are named', async () => {
  const target = await connected({ CarrierIdToken: held })
  const order = { kind: 'lock', externalId: '4711', at: new Date('2026-11-26T09:00:00Z') } as const
  const known = await target.mustRead()
  for (const seen of [null, known]) {
    const { blocked } = await target.accounts.apply({ ...order, known: seen }, never)
    expect(blocked).toEqual(['2 10000', '5 84A1B2C3', '9 777'])
  }
  const shut = await connected({
    CarrierIdStates: states(true),
    CarrierIdToken: tokens({ number: '777', type: '9', status: 3 }, { number: '778', type: '9', status: 3 }),
    IdentifierSearchInfo: owned({ number: '777', type: '9', status: 3, reason: '4', owner: '7' }),
  })
  const actual = await shut.mustRead()
  expect((await shut.accounts.apply({ ...order, known: actual }, never)).blocked).toEqual([])
  expect(await shut.put(desiredAccount(), { actual, unblock: ['9 777'] })).toMatchObject({ lock: 'applied' })
  expect(shut.bodies('IdentifierUnblock').map(fieldsOf)).toEqual(['IdentifierType=9 BadgeNumber=777'])
})

test('one of several carriers that went meanwhile hides no failure of another', async () => {
  const target = await connected({
    PersonSearchInfo: [
      people({ id: '7', number: '4711' }, { id: '9', number: '4711' }),
      people({ id: '9', number: '4711' }),
    ],
    CarrierIdBlock: (body) => (body.includes('>7<') ? notFound : fault(990)),
    CarrierIdStates: gone,
  })
  expect(await target.lock()).toMatchObject({ lock: 'transient aeos.system-error' })
})

test('a carrier of which something is not found, and that is still shown, is not gone: what was shut of it counts', async () => {
  const target = await connected({ EmployeeChange: fault(62, 'Contact person not found'), CarrierIdStates: gone })
  expect(await target.lock()).toEqual({ lock: 'applied', validity: 'transient aeos.find-failed' })
})

test('a carrier that is not shown any more, whose badge is still its own, is hidden and not out', async () => {
  const script = (owner: string | undefined) => ({
    PersonSearchInfo: [people({ id: '7', number: '4711' }), people()],
    CarrierIdToken: tokens({ number: '10000', status: 1 }),
    CarrierIdStates: [states(false), gone],
    CarrierIdBlock: notFound,
    EmployeeChange: fault(62, 'Employee not found'),
    IdentifierSearchInfo: owned({ number: '10000', status: 1, ...(owner === undefined ? {} : { owner }) }),
  })
  const hidden = await connected(script('7'))
  const known = await hidden.mustRead()
  expect(await hidden.lock(known)).toEqual({ lock: 'rejected aeos.carrier-hidden' })
  expect(await hidden.lock(known, [card])).toEqual({ [`card ${card.raw}`]: 'applied' })
  for (const owner of [undefined, '12']) {
    const deleted = await connected(script(owner))
    expect(await deleted.lock(await deleted.mustRead())).toEqual({ lock: 'unchanged' })
  }
  const untold = await connected({ ...script('7'), IdentifierSearchInfo: fault(108) })
  expect(await untold.lock(await untold.mustRead())).toEqual({ lock: 'transient aeos.find-failed' })
})

test('of several carriers, one that is read-only keeps no other open, and the lock-out is not done', async () => {
  const target = await connected({
    PersonSearchInfo: people({ id: '7', number: '4711', readOnly: true }, { id: '9', number: '4711' }),
  })
  for (const known of [await target.mustRead(), null])
    expect(await target.lock(known)).toMatchObject({ lock: 'rejected aeos.read-only', validity: 'applied' })
  expect(target.bodies('CarrierIdBlock').map(fieldsOf)).toEqual(Array(2).fill('CarrierId=9 Reason=3'))
})
