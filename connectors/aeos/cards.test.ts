import { expect, test } from 'vitest'
import { csn, h10301 } from '../../src/model/card.ts'
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
  type Script,
  states,
  type TokenShown,
  tokens,
} from './testing.ts'

const card = h10301(20, 10_000)
const part = `card ${card.raw}`
const on = desiredAccount({ cards: [{ card, state: 'on' }] })
const none = { levels: [], cards: [] }

/** The carrier 7 with these badges, and what the server finds of the card's number. */
async function given(found: readonly TokenShown[], script: Script = {}, held: readonly TokenShown[] = []) {
  const target = await connected({ IdentifierSearchInfo: owned(...found), CarrierIdToken: tokens(...held), ...script })
  const actual = await target.mustRead()
  const { length } = target.roots()
  // Asked once in ten minutes: badge-limits.test.ts is about it.
  const sent = () =>
    target
      .roots()
      .slice(length)
      .filter((root) => root !== 'IdentifierTypeSearchInfo')
  return { target, actual, sent }
}

test.each([
  ['that nobody knows', []],
  ['that is free', [{ number: '10000', status: 0 }]],
  ['of which only a longer number is known', [{ number: '100001', status: 1, owner: '8' }]],
  ['of which only another type is known', [{ number: '10000', status: 1, type: '9', owner: '8' }]],
])('a badge %s is looked up and given', async (_what, found) => {
  const { target, actual, sent } = await given(found)
  expect(await target.put(on, { actual })).toMatchObject({ [part]: 'applied' })
  expect(sent()).toEqual(['IdentifierSearchInfo', 'IdentifierAdd'])
  expect(target.bodies('IdentifierSearchInfo').map(fieldsOf)).toEqual([
    'BadgeNumber=10000 IdentifierType=2 startRecordNo=0 nrOfRecords=500',
  ])
  expect(target.bodies('IdentifierAdd').map(fieldsOf)).toEqual(['CarrierId=7 IdentifierType=2 BadgeNumber=10000'])
})

test('a badge that an earlier try gave already is not given again', async () => {
  const { target, actual, sent } = await given([{ number: '10000', status: 1, owner: '7' }])
  expect(await target.put(on, { actual })).toMatchObject({ [part]: 'applied' })
  expect(sent()).toEqual(['IdentifierSearchInfo'])
})

test('a badge that an earlier try gave and blocked already is told as it is wanted', async () => {
  const blocked = desiredAccount({ cards: [{ card, state: 'blocked' }] })
  const shut = await given([{ number: '10000', status: 3, reason: '4', owner: '7' }])
  expect(await shut.target.put(blocked, { actual: shut.actual })).toMatchObject({ [part]: 'applied' })
  expect(shut.sent()).toEqual(['IdentifierSearchInfo'])
  const open = await given([{ number: '10000', status: 1, owner: '7' }])
  expect(await open.target.put(blocked, { actual: open.actual })).toMatchObject({ [part]: 'applied' })
  expect(open.sent()).toEqual(['IdentifierSearchInfo', 'IdentifierBlock'])
})

test('a badge of somebody else stays theirs, though they are blocked; so does one that was given meanwhile', async () => {
  const { target, actual, sent } = await given([{ number: '10000', status: 1, owner: '8' }])
  expect(await target.put(on, { actual })).toMatchObject({ [part]: 'conflict aeos.card-taken', lock: 'unchanged' })
  expect(sent()).not.toContain('IdentifierAdd')
  const raced = await given([], {
    IdentifierAdd: fault(113),
    IdentifierSearchInfo: [owned(), owned({ number: '10000', status: 1, owner: '8' })],
  })
  expect(await raced.target.put(on, { actual: raced.actual })).toMatchObject({ [part]: 'conflict aeos.card-taken' })
})

test('a refused number is told for the badge alone, unless it turns out to be given', async () => {
  const { target, actual } = await given([], { IdentifierAdd: fault(113, 'out of range') })
  expect(await target.put({ ...on, levels: ['11'] }, { actual })).toMatchObject({
    [part]: 'rejected aeos.card-refused',
    'level 11': 'applied',
  })
  const done = await given([], {
    IdentifierAdd: fault(113),
    IdentifierSearchInfo: [owned(), owned({ number: '10000', status: 1, owner: '7' })],
  })
  expect(await done.target.put(on, { actual: done.actual })).toMatchObject({ [part]: 'applied' })
})

test('a badge that is blocked for good is released when the block is ours, and left when it is not', async () => {
  const dead = [{ number: '10000', status: 2, reason: '4' }]
  const { target, actual, sent } = await given(dead)
  expect(await target.put(on, { actual })).toMatchObject({ [part]: 'conflict aeos.card-unusable' })
  expect(sent()).toEqual(['IdentifierSearchInfo'])
  expect(await target.put(on, { actual, lift: [card] })).toMatchObject({ [part]: 'applied' })
  expect(sent().slice(1)).toEqual(['IdentifierSearchInfo', 'IdentifierRelease', 'IdentifierAdd'])
})

test('a badge that is blocked for good for a reason that is not ours is never released', async () => {
  for (const reason of ['88', undefined]) {
    const dead = { number: '10000', status: 2, ...(reason === undefined ? {} : { reason }) }
    const { target, actual, sent } = await given([dead])
    expect(await target.put(on, { actual, lift: [card] })).toMatchObject({ [part]: 'conflict aeos.card-unusable' })
    expect(sent()).toEqual(['IdentifierSearchInfo'])
  }
})

test('a badge that shall be blocked is given while its carrier is shut: the server blocks none that nobody has but for good', async () => {
  const { target, actual, sent } = await given([])
  expect(await target.put(desiredAccount({ cards: [{ card, state: 'blocked' }] }), { actual })).toMatchObject({
    [part]: 'applied',
    validity: 'applied',
    lock: 'unchanged',
  })
  expect(sent()).toEqual([
    'IdentifierSearchInfo',
    'EmployeeChange',
    'IdentifierAdd',
    'IdentifierBlock',
    'EmployeeChange',
  ])
  expect(target.bodies('EmployeeChange').map(fieldsOf)).toEqual([
    'Id=7 LeaveDateTime=2026-11-25T10:00:00',
    'Id=7 ArrivalDateTime=2000-01-01T00:00:01 LeaveDateTime=2149-05-29T00:00:00',
  ])
})

test('the dates that open the carrier again go alone, and what else is to be written after them', async () => {
  const { target, actual, sent } = await given([])
  const cards = [{ card, state: 'blocked' as const }]
  const validity = { from: '2027-01-01T00:00:00Z', until: '2027-12-31T23:00:00Z' }
  await target.put(desiredAccount({ cards, validity, facts: facts({ familyName: 'Thistledown' }) }), { actual })
  expect(sent().filter((root) => root === 'EmployeeChange')).toHaveLength(3)
  expect(target.bodies('EmployeeChange').map(fieldsOf)).toEqual([
    'Id=7 LeaveDateTime=2026-11-25T10:00:00',
    'Id=7 ArrivalDateTime=2027-01-01T01:00:00 LeaveDateTime=2028-01-01T00:00:00',
    'Id=7 LastName=Thistledown',
  ])
})

test('nobody stays shut for a field that fails, neither in the order that shut them nor in the next one', async () => {
  const shutEarlier = { PersonSearchInfo: people({ id: '7', number: '4711', leave: '2026-11-25T10:00:00' }) }
  const opened = 'Id=7 ArrivalDateTime=2000-01-01T00:00:01 LeaveDateTime=2149-05-29T00:00:00'
  for (const [state, before] of [
    ['blocked', {}],
    ['on', shutEarlier],
  ] as const)
    for (const code of [9, 990, 62]) {
      const EmployeeChange = (body: string) =>
        body.includes('<Email>') ? fault(code) : answer('EmployeeResult', '<Id>7</Id>')
      const { target, actual } = await given([], { EmployeeChange, ...before })
      const desired = desiredAccount({ cards: [{ card, state }], facts: facts({ email: 'zyphora@example.org' }) })
      const told = target.put(desired, { actual })
      if (code === 62)
        expect(await told).toMatchObject({ validity: 'applied', profile: 'rejected aeos.fields-refused' })
      else await expect(told).rejects.toMatchObject({ kind: 'transient' })
      const sent = target.bodies('EmployeeChange').map(fieldsOf)
      expect(sent.slice(state === 'on' ? 0 : 1)).toEqual([opened, 'Id=7 Email=zyphora@example.org'])
    }
})

test('who is let in again is so before other fields are written, and by the dates first', async () => {
  const closed = {
    CarrierIdStates: states(true),
    PersonSearchInfo: people({ id: '7', number: '4711', leave: '2026-11-25T10:00:00' }),
  }
  const { target, actual, sent } = await given([], closed)
  await target.put(desiredAccount({ facts: facts({ email: 'zyphora@example.org' }) }), { actual })
  expect(sent()).toEqual(['EmployeeChange', 'CarrierIdStates', 'CarrierIdUnBlock', 'EmployeeChange'])
})

test('a badge that shall be blocked is not given where the carrier can not be shut for it', async () => {
  const { target, actual, sent } = await given([], { EmployeeChange: fault(62) })
  expect(await target.put(desiredAccount({ cards: [{ card, state: 'blocked' }] }), { actual })).toMatchObject({
    [part]: 'rejected aeos.fields-refused',
    validity: 'unchanged',
  })
  expect(sent()).toEqual(['IdentifierSearchInfo', 'EmployeeChange'])
})

test('a carrier that is shut for good needs not be shut for a badge; one that somebody opened meanwhile does', async () => {
  const cards = [{ card, state: 'blocked' as const }]
  for (const isOpened of [false, true]) {
    const { target, actual, sent } = await given([], { CarrierIdStates: [states(true), states(!isOpened)] })
    await target.put(desiredAccount({ cards, lock: 'closed' }), { actual })
    const dates = isOpened ? ['EmployeeChange'] : []
    expect(sent()).toEqual([
      ...['IdentifierSearchInfo', 'CarrierIdStates', ...dates, 'IdentifierAdd', 'IdentifierBlock', ...dates],
    ])
  }
})

test('our block is lifted; a block for a reason that is not ours, and a forgotten card that waits, are not', async () => {
  const shown = (some: Partial<TokenShown>) => ({ number: '10000', status: 3, owner: '7', ...some })
  const cases = [
    [shown({ reason: '4' }), 'applied'],
    [shown({}), 'conflict aeos.card-unusable'],
    [shown({ status: 1 }), 'unchanged'],
    [shown({ reason: '88' }), 'conflict aeos.card-unusable'],
    [shown({ reason: '4', replaced: true }), 'conflict aeos.card-replaced'],
  ] as const
  for (const [found, outcome] of cases) {
    const { target, actual } = await given([found], {}, [shown({})])
    expect(await target.put(on, { actual }), outcome).toMatchObject({ [part]: outcome })
    expect(target.bodies('IdentifierUnblock')).toHaveLength(outcome === 'applied' ? 1 : 0)
  }
})

test('a badge that is taken away is free, stays blocked, or is freed of our block', async () => {
  const revoke = { levels: [], cards: [card] }
  const took = async (held: TokenShown, lift: boolean) => {
    const { target, actual, sent } = await given([{ ...held, owner: '7' }], {}, [held])
    expect(await target.put(desiredAccount(), { actual, revoke, ...(lift ? { lift: [card] } : {}) })).toMatchObject({
      [part]: 'applied',
    })
    return sent()
  }
  expect(await took({ number: '10000', status: 1 }, false)).toEqual(['IdentifierWithdraw'])
  expect(await took({ number: '10000', status: 3, reason: '4' }, false)).toEqual(['IdentifierWithdrawAndBlock'])
  expect(await took({ number: '10000', status: 3, reason: '4' }, true)).toEqual([
    'IdentifierSearchInfo',
    'IdentifierWithdraw',
  ])
})

test('a block that somebody put in the place of ours is not lifted by taking the badge away', async () => {
  const held = { number: '10000', status: 3, reason: '88', owner: '7' }
  const order = { revoke: { ...none, cards: [card] }, lift: [card] }
  const { target, actual, sent } = await given([held], {}, [held])
  expect(await target.put(desiredAccount(), { actual, ...order })).toMatchObject({
    [part]: 'conflict aeos.card-unusable',
  })
  expect(sent()).toEqual(['IdentifierSearchInfo'])
})

test('a badge that somebody blocked while it was taken stays blocked', async () => {
  const held = { number: '10000', status: 1, owner: '7' }
  const blocked = { ...held, status: 3, reason: '88' }
  const { target, actual, sent } = await given([blocked], { IdentifierWithdraw: fault(125) }, [held])
  expect(await target.put(desiredAccount(), { actual, revoke: { ...none, cards: [card] } })).toMatchObject({
    [part]: 'applied',
  })
  expect(sent().filter((root) => root.startsWith('Identifier') && root !== 'IdentifierSearchInfo')).toEqual([
    'IdentifierWithdraw',
    'IdentifierUnblock',
    'IdentifierWithdrawAndBlock',
  ])
})

test('a card that waits is never unblocked to be taken away', async () => {
  const held = { number: '10000', status: 3, reason: '14', replaced: true, owner: '7' }
  const { target, actual, sent } = await given([held], { IdentifierWithdrawAndBlock: fault(126) }, [held])
  expect(await target.put(desiredAccount(), { actual, revoke: { ...none, cards: [card] } })).toMatchObject({
    [part]: 'conflict aeos.card-replaced',
  })
  expect(sent()).toEqual(['IdentifierWithdrawAndBlock', 'IdentifierSearchInfo'])
})

test('a badge that went meanwhile is taken already', async () => {
  const { target, actual } = await given([], { IdentifierWithdraw: fault(125) }, [{ number: '10000', status: 1 }])
  expect(await target.put(desiredAccount(), { actual, revoke: { ...none, cards: [card] } })).toMatchObject({
    [part]: 'applied',
  })
})

test('where no blocked badge can be taken, its carrier is shut for so long as it takes to unblock and withdraw it', async () => {
  const held = { number: '10000', status: 3, reason: '4', owner: '7' }
  const script = { IdentifierWithdraw: [fault(125), answer('RemoveResult')] }
  const order = { revoke: { ...none, cards: [card] }, lift: [card] }
  const open = await given([held], script, [held])
  expect(await open.target.put(desiredAccount(), { actual: open.actual, ...order })).toMatchObject({
    [part]: 'applied',
    validity: 'applied',
  })
  expect(open.sent()).toEqual([
    'IdentifierSearchInfo',
    'IdentifierWithdraw',
    'IdentifierSearchInfo',
    'EmployeeChange',
    'IdentifierUnblock',
    'IdentifierWithdraw',
    'EmployeeChange',
  ])
  const shut = await given([held], { ...script, CarrierIdStates: states(true) }, [held])
  expect(await shut.target.put(desiredAccount({ lock: 'closed' }), { actual: shut.actual, ...order })).toMatchObject({
    [part]: 'applied',
  })
  expect(shut.sent()).not.toContain('EmployeeChange')
  expect(shut.sent()).not.toContain('CarrierIdUnBlock')
})

test('a card that can neither be taken nor blocked again keeps its carrier shut', async () => {
  const held = { number: '10000', status: 3, reason: '4', owner: '7' }
  const script = {
    IdentifierWithdraw: [fault(125), fault(990)],
    CarrierIdToken: [tokens(held), tokens({ ...held, status: 1 })],
  }
  const order = { revoke: { ...none, cards: [card] }, lift: [card] }
  for (const isBlockedAgain of [true, false]) {
    const block = isBlockedAgain ? '' : fault(990)
    const { target, actual, sent } = await given([held], { ...script, IdentifierBlock: block }, [held])
    const told = await target.put(desiredAccount(), { actual, ...order })
    expect(told).toMatchObject({
      [part]: 'transient aeos.system-error',
      validity: isBlockedAgain ? 'applied' : 'transient aeos.system-error',
    })
    expect(sent().filter((root) => root === 'EmployeeChange')).toHaveLength(isBlockedAgain ? 2 : 1)
  }
})

test('a card that no identifier type fits is refused before any call', async () => {
  const target = await connected()
  expect(() => target.accounts.checkCard(csn('04AABBCCDDEE80'))).toThrow(
    expect.objectContaining({ code: 'aeos.card-type-missing' }),
  )
  target.accounts.checkCard(card)
  expect(target.requests).toEqual([])
  expect(await target.accounts.read('4711', never)).not.toBeNull()
})
