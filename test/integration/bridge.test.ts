/** The shipped bridge between two door systems, as shipped: AEOS says who holds what, and BioStar 2 follows within seconds. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bridge, badge, firstContact, openBridge } from '../support/bridge.ts'
import { until } from '../support/servers.ts'

/** From a change at AEOS until it is read back in BioStar 2. */
const limitMs = 5_000

let bridge: Bridge
const figures: { readonly what: string; readonly ms: number }[] = []

beforeAll(async () => {
  bridge = await openBridge()
}, 120_000)

afterAll(async () => {
  process.stdout.write(figures.map(({ what, ms }) => `bridge: ${what}: read back after ${ms} ms\n`).join(''))
  await bridge[Symbol.asyncDispose]()
})

/** Makes a change at AEOS, and notes how long it took until BioStar 2 has it and it was read back. */
async function followed(what: string, number: string, change: () => unknown, isThere: () => boolean): Promise<void> {
  const begun = performance.now()
  change()
  await until(what, async () => isThere() && (await bridge.isSettled(number)), 30_000)
  figures.push({ what, ms: Math.round(performance.now() - begun) })
}

test('first contact: who is enrolled keeps their user, nothing is written before it is released, and then all is there', async () => {
  await firstContact(bridge)
  const { groups, user } = bridge
  expect(groups('5001')).toEqual(['Main Entrance'])
  expect(groups('5002')).toEqual(['Main Entrance', 'Server Room'])
  expect(user('5001')).toMatchObject({ fingerprints: 2, disabled: false })
}, 120_000)

test('what happens at the doors of AEOS is kept, each event once', async () => {
  const before = await bridge.logged()
  for (const number of [101, 102, 999]) bridge.opens(number)
  await until('they are in the log', async () => (await bridge.logged()) >= before + 3)
  expect(await bridge.logged()).toBe(before + 3)
}, 60_000)

test('a change at AEOS is read back in BioStar 2 within five seconds', async () => {
  const { aeos, carrier, user, card, groups } = bridge
  await followed(
    'a badge is blocked',
    '5001',
    () => aeos.hand({ action: 'block-badge', badge: badge(101) }),
    () => card('5001', 101)?.blocked === true,
  )
  await followed(
    'a badge is unblocked',
    '5001',
    () => aeos.hand({ action: 'unblock-badge', badge: badge(101) }),
    () => card('5001', 101)?.blocked === false,
  )
  await followed(
    'a badge is withdrawn',
    '5002',
    () => aeos.hand({ action: 'withdraw', carrier: carrier('5002'), badge: badge(102) }),
    () => user('5002')?.cards.length === 0,
  )
  await followed(
    'a badge is replaced by taking one and giving another',
    '5003',
    () => {
      aeos.hand({ action: 'withdraw', carrier: carrier('5003'), badge: badge(103) })
      aeos.hand({ action: 'assign', carrier: carrier('5003'), badge: badge(203) })
    },
    () => card('5003', 203)?.blocked === false && card('5003', 103) === undefined,
  )
  await followed(
    'a right is given',
    '5004',
    () => aeos.hand({ action: 'grant', carrier: carrier('5004'), template: 'Warehouse' }),
    () => groups('5004').includes('Warehouse'),
  )
  await followed(
    'a right is taken',
    '5004',
    () => aeos.hand({ action: 'revoke', carrier: carrier('5004'), template: 'Main Entrance' }),
    () => !groups('5004').includes('Main Entrance'),
  )
  await followed(
    'a rule takes a right',
    '5006',
    () => aeos.hand({ action: 'revoke-by-rule', carrier: carrier('5006'), template: 'Server Room' }),
    () => !groups('5006').includes('Server Room'),
  )
  await followed(
    'a carrier is blocked',
    '5005',
    () => aeos.hand({ action: 'block', carrier: carrier('5005') }),
    () => user('5005')?.disabled === true,
  )
  await followed(
    'a carrier is unblocked',
    '5005',
    () => aeos.hand({ action: 'unblock', carrier: carrier('5005') }),
    () => user('5005')?.disabled === false,
  )
  await followed(
    'a leave date is now',
    '5007',
    () =>
      aeos.hand({
        action: 'change',
        carrier: carrier('5007'),
        fields: { LeaveDateTime: new Date(aeos.clock.now() - 60_000).toISOString() },
      }),
    () => user('5007')?.disabled === true,
  )
  await followed(
    'a leave date comes a second later',
    '5004',
    () =>
      aeos.hand({
        action: 'change',
        carrier: carrier('5004'),
        fields: { LeaveDateTime: new Date(aeos.clock.now() + 1_000).toISOString() },
      }),
    () => user('5004')?.disabled === true,
  )
  await followed(
    'a carrier is removed',
    '5008',
    () => aeos.hand({ action: 'delete', carrier: carrier('5008') }),
    () => user('5008')?.disabled === true,
  )
  await followed(
    'somebody new comes',
    '5050',
    () =>
      aeos.hand({
        action: 'create',
        carrier: {
          lastName: 'Newcomer',
          personnelNo: '5050',
          badges: [badge(150)],
          templates: ['Main Entrance'],
        },
      }),
    () => groups('5050').includes('Main Entrance') && card('5050', 150) !== undefined,
  )
  expect(figures.filter(({ ms }) => ms >= limitMs)).toEqual([])
  expect((await bridge.person('5008')).lockouts.map(({ cause }) => cause)).toEqual(['record'])
}, 120_000)

test('a badge that is replaced opens no more, the one in its place does: for good, and for as long as it is only forgotten', async () => {
  const { aeos, carrier, user, card, opens } = bridge
  const both = (is: boolean) => ({ aeos: is, biostar: is })
  const shown = (number: string) => user(number)?.cards.map(({ blocked }) => (blocked ? 'blocked' : 'works'))
  const replace = (number: string, from: number, by: number, reason: string) =>
    aeos.hand({ action: 'replace', carrier: carrier(number), badge: badge(from), by: badge(by), reason })
  const withdraw = (number: string, from: number, restoreReplaced: boolean) =>
    aeos.hand({ action: 'withdraw', carrier: carrier(number), badge: badge(from), restoreReplaced })

  const forGood = async () => {
    await followed(
      'a lost badge is replaced for good',
      '5003',
      () => replace('5003', 203, 303, 'Lost'),
      () => card('5003', 303)?.blocked === false && card('5003', 203) === undefined,
    )
    expect([opens(203), opens(303)]).toEqual([both(false), both(true)])
  }
  const comesBack = async () => {
    await followed(
      'a forgotten badge is replaced, and waits',
      '5010',
      () => replace('5010', 110, 210, 'Forgotten'),
      () => card('5010', 210)?.blocked === false && card('5010', 110)?.blocked === true,
    )
    expect([opens(110), opens(210)]).toEqual([both(false), both(true)])
    await followed(
      'the replacement is blocked while the badge waits',
      '5010',
      () => aeos.hand({ action: 'block-badge', badge: badge(210) }),
      () => card('5010', 210)?.blocked === true,
    )
    expect([opens(110), opens(210)]).toEqual([both(false), both(false)])
    await followed(
      'the replacement is unblocked',
      '5010',
      () => aeos.hand({ action: 'unblock-badge', badge: badge(210) }),
      () => card('5010', 210)?.blocked === false,
    )
    await followed(
      'the replacement is withdrawn, and the badge is back',
      '5010',
      () => withdraw('5010', 210, true),
      () => card('5010', 110)?.blocked === false && card('5010', 210) === undefined,
    )
    expect([opens(110), opens(210)]).toEqual([both(true), both(false)])
  }
  const isNeverFound = async () => {
    await followed(
      'a forgotten badge is replaced, and never found',
      '5012',
      () => replace('5012', 112, 212, 'Forgotten'),
      () => card('5012', 212)?.blocked === false && card('5012', 112)?.blocked === true,
    )
    await followed(
      'the replacement is withdrawn, and the badge stays blocked',
      '5012',
      () => withdraw('5012', 212, false),
      () => card('5012', 212) === undefined,
    )
    expect([opens(112), opens(212), shown('5012')]).toEqual([both(false), both(false), ['blocked']])
    await followed(
      'the badge is found after all, and unblocked',
      '5012',
      () => aeos.hand({ action: 'unblock-badge', badge: badge(112) }),
      () => card('5012', 112)?.blocked === false,
    )
    expect(opens(112)).toEqual(both(true))
  }
  await Promise.all([forGood(), comesBack(), isNeverFound()])
  expect(figures.filter(({ ms }) => ms >= limitMs)).toEqual([])
}, 120_000)

test('a badge that was withdrawn and is given to the same person again waits until somebody says that it is theirs', async () => {
  const { aeos, carrier, card, groups, post, person, opens } = bridge
  aeos.hand({ action: 'assign', carrier: carrier('5002'), badge: badge(102) })
  aeos.hand({ action: 'grant', carrier: carrier('5002'), template: 'Warehouse' })
  await until('it was read', async () => groups('5002').includes('Warehouse') && (await bridge.isSettled('5002')))
  expect([card('5002', 102), opens(102)]).toEqual([undefined, { aeos: true, biostar: false }])
  const { id } = await person('5002')
  await post(`/v1/people/${id}/cards`, { card: 'H10301:10:102', reason: 'found again' })
  await until('it is there', () => card('5002', 102)?.blocked === false)
  expect(opens(102)).toEqual({ aeos: true, biostar: true })
}, 120_000)

test('a carrier becomes another type, which is another carrier: the user stays, and the fingers with it; a badge that was theirs waits', async () => {
  const { aeos, carrier, user, card, groups, person } = bridge
  const before = await person('5001')
  await followed(
    'the employee is removed',
    '5001',
    () => aeos.hand({ action: 'delete', carrier: carrier('5001') }),
    () => user('5001')?.disabled === true,
  )
  const contractor = { kind: 'Contractor', lastName: 'Family1', personnelNo: '5001' } as const
  await followed(
    'the contractor comes',
    '5001',
    () =>
      aeos.hand({
        action: 'create',
        carrier: { ...contractor, badges: [badge(101), badge(301)], templates: ['Server Room'] },
      }),
    () => user('5001')?.disabled === false && card('5001', 301)?.blocked === false,
  )
  expect(groups('5001')).toEqual(['Server Room'])
  expect(card('5001', 101)).toBeUndefined()
  expect(user('5001')).toMatchObject({ fingerprints: 2, name: 'Family1' })
  expect((await person('5001')).id).toBe(before.id)
  expect(figures.filter(({ ms }) => ms >= limitMs)).toEqual([])
}, 120_000)

test('AEOS is down for seconds: nobody is locked out by silence, and afterwards everything is right', async () => {
  const { aeos, carrier, user, card, groups, alarms } = bridge
  aeos.faults.add({ kind: 'down' })
  await until('it is told', async () => (await alarms()).includes('source.failed'), 30_000)
  aeos.hand({ action: 'delete', carrier: carrier('5009') })
  aeos.hand({ action: 'block-badge', badge: badge(110) })
  aeos.hand({ action: 'grant', carrier: carrier('5011'), template: 'Warehouse' })
  aeos.hand({ action: 'block', carrier: carrier('5012') })
  const open = ['5001', '5003', '5006', '5009', '5010', '5011', '5012', '5050']
  expect(open.filter((number) => user(number)?.disabled !== false)).toEqual([])
  aeos.faults.clear()
  await until(
    'all is right again',
    () =>
      user('5009')?.disabled === true &&
      user('5012')?.disabled === true &&
      card('5010', 110)?.blocked === true &&
      groups('5011').includes('Warehouse'),
    60_000,
  )
  await until('the alarm is over', async () => !(await alarms()).includes('source.failed'), 30_000)
  const left = ['5001', '5003', '5006', '5010', '5011', '5050']
  expect(left.filter((number) => user(number)?.disabled !== false)).toEqual([])
  expect((await bridge.person('5009')).lockouts.map(({ cause }) => cause)).toEqual(['record'])
  // The first user was enrolled all the while, and nothing was ever written into AEOS.
  expect(user('5001')?.fingerprints).toBe(2)
  const asked = new Set(aeos.requests.find({}).map(({ operation }) => operation))
  expect([...asked].filter((operation) => !/^(find|get|\?wsdl)/.test(operation ?? 'wsdl'))).toEqual([])
}, 120_000)
