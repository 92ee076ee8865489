/** A short number among 5,000 that begin like it: the very badge is found with a few requests, and nobody else's is taken for it. */
import { expect, test } from 'vitest'
import { cardOfValues } from '../../src/model/card.ts'
import { failures, type Simulated, simulated } from './simulated-for-tests.ts'
import { type Snapshot, snapshots } from './simulator/index.ts'
import { desiredAccount, facts } from './testing.ts'

const type = '1'
const identifier_types = [{ id: type, format: 'H10302' }]
const card = cardOfValues('H10302', { number: 7n })
const part = `card ${card.raw}`
const on = { card, state: 'on' } as const
const own = desiredAccount({ cards: [on] })
const count = 5000

/** 5,000 badges whose numbers begin with 7; then one employee without any. */
async function crowded(snapshot: Snapshot = '2024-08', overrides = {}, quirks = {}) {
  const target = await simulated({ snapshot, quirks }, { identifier_types, ...overrides })
  target.simulator.seed({ count })
  expect(target.simulator.state.badge({ type: Number(type), number: '700100001' })).not.toBeNull()
  await target.put(desiredAccount())
  return target
}

/** The requests of one order about badges; the read before it, and what the types are, left out. */
async function asked(target: Simulated, order: () => Promise<unknown>): Promise<string[]> {
  const before = target.simulator.requests.find().length
  await order()
  const sent = target.simulator.requests.find().slice(before)
  return sent
    .map(({ operation }) => operation ?? '')
    .slice(1 + 4)
    .filter((operation) => operation !== 'findIdentifierType')
}

test.each(snapshots)(
  'at the interface of %s one that nobody has is looked for among all before it is given, since it may be blocked for good',
  async (snapshot) => {
    await using target = await crowded(snapshot)
    const [found, holder, ...others] = await asked(target, () => target.put(own))
    expect([found, holder, others.pop()]).toEqual(['findToken', 'findCarrierByToken', 'assignToken'])
    expect(new Set(others)).toEqual(new Set(['findToken']))
    expect(others.length).toBeLessThanOrEqual(count / 480 + 2)
    expect(target.inside()).toMatchObject([{ badges: [{ number: '7', status: 1 }] }])
  },
)

test('one that somebody else has stays theirs, and one that is our own is only blocked and unblocked', async () => {
  await using target = await crowded()
  const theirs = desiredAccount({ cards: [on], facts: facts({ employeeNumber: '4712' }) })
  expect(failures(await target.put(theirs, {}, '4712'))).toEqual({})
  let told: Record<string, string> = {}
  const give = async () => {
    told = failures(await target.put(own))
  }
  expect(await asked(target, give)).toEqual(['findToken', 'findCarrierByToken', 'findCarrierToken', 'findPerson'])
  expect(told).toEqual({ [part]: 'conflict aeos.card-taken' })
  const shut = { ...theirs, cards: [{ card, state: 'blocked' as const }] }
  expect(await asked(target, () => target.put(shut, {}, '4712'))).toEqual(['blockToken'])
  expect(await asked(target, () => target.put(theirs, {}, '4712'))).toEqual([
    ...['findToken', 'findCarrierByToken', 'findCarrierToken', 'unblockToken'],
  ])
  expect(target.inside('4712')).toMatchObject([{ badges: [{ number: '7', status: 1 }] }])
  expect(target.inside()).toMatchObject([{ badges: [] }])
})

test.each([
  ['Lost', 'refused'],
  ['Lost', 'taken'],
  ['Stolen', 'refused'],
  ['Stolen', 'taken'],
] as const)(
  'one that is blocked for good (%s) is found behind all others, and only ours is released, whether AEOS would give it (%s) or not',
  async (reason, deadBadge) => {
    await using target = await crowded('2024-08', {}, { deadBadge })
    await target.put(own)
    target.simulator.hand({ action: 'block-badge', badge: { type: Number(type), number: '7' }, reason })
    await target.say('unblockToken', { IdentifierType: type, BadgeNumber: '7' })
    const id = reason === 'Lost' ? '12' : '13'
    expect(await target.say('withdrawAndBlockToken', { IdentifierType: type, BadgeNumber: '7', Reason: id })).toBe(200)
    expect(failures(await target.put(own))).toEqual({ [part]: 'conflict aeos.card-unusable' })
    const told = failures(await target.put(own, { lift: [card] }))
    expect(told).toEqual(reason === 'Lost' ? {} : { [part]: 'conflict aeos.card-unusable' })
    const status = target.simulator.state.badge({ type: Number(type), number: '7' })?.status
    expect(status).toBe(reason === 'Lost' ? 1 : 2)
  },
)

test('no list is walked through while a carrier is shut for a badge, whether that is given, refused or dead', async () => {
  const blocked = desiredAccount({ cards: [{ card, state: 'blocked' }] })
  for (const code of [null, 113]) {
    await using target = await crowded()
    if (code !== null) target.simulator.faults.add({ kind: 'fault', operation: '^assignToken$', code })
    const told = await asked(target, async () => void (await target.put(blocked)))
    const [shut, opened] = [told.indexOf('changeEmployee'), told.lastIndexOf('changeEmployee')]
    expect(told.slice(0, shut).filter((operation) => operation === 'findToken').length).toBeGreaterThan(count / 500)
    const meanwhile = told.slice(shut + 1, opened)
    expect(meanwhile).toEqual(
      code === null
        ? ['assignToken', 'blockToken']
        : ['assignToken', 'findToken', 'findCarrierByToken', 'findCarrierToken'],
    )
  }
  await using target = await crowded('2024-08', {}, { deadBadge: 'taken' })
  await target.put(own)
  await target.say('withdrawAndBlockToken', { IdentifierType: type, BadgeNumber: '7', Reason: '13' })
  const told = await asked(target, async () => void (await target.put(blocked)))
  expect(told).not.toContain('changeEmployee')
  expect(target.simulator.state.badge({ type: Number(type), number: '7' })?.status).toBe(2)
})

test('where AEOS does not tell who has a badge, or shows no such carrier, every number that begins so is read', async () => {
  for (const quirks of [{ unlicensed: ['findCarrierByToken'] }, {}]) {
    await using target = await crowded('2024-08', {}, quirks)
    const theirs = desiredAccount({ cards: [on], facts: facts({ employeeNumber: '4712' }) })
    expect(failures(await target.put(theirs, {}, '4712'))).toEqual({})
    if (quirks.unlicensed === undefined)
      target.simulator.faults.add({ kind: 'fault', operation: '^findCarrierByToken$', code: 105, message: 'made up' })
    let told: Record<string, string> = {}
    const operations = await asked(target, async () => {
      told = failures(await target.put(own))
    })
    expect(told).toEqual({ [part]: 'conflict aeos.card-taken' })
    expect(operations.filter((operation) => operation === 'findToken').length).toBeGreaterThan(count / 500)
    expect(operations).not.toContain('assignToken')
  }
})

test('one that the same person had as another carrier is taken over, though AEOS does not name who left', async () => {
  const kinds = { carriers: { external: 'contractor' } }
  for (const isNamed of [true, false]) {
    await using target = await crowded('2024-08', kinds)
    const employee = desiredAccount({ cards: [on], facts: facts({ employeeNumber: '4713', kind: 'own' }) })
    const external = { ...employee, facts: facts({ employeeNumber: '4713', kind: 'external' }) }
    expect(failures(await target.put(external, {}, '4713'))).toEqual({})
    const message = 'Carrier not found'
    if (!isNamed) target.simulator.faults.add({ kind: 'fault', operation: '^findCarrierByToken$', code: 105, message })
    expect(failures(await target.put(employee, {}, '4713'))).toEqual({})
    expect(target.simulator.state.badge({ type: Number(type), number: '7' })).toMatchObject({ status: 1 })
    expect(target.inside('4713').map(({ kind, blocked, badges }) => [kind, blocked, badges.length])).toEqual([
      ['Contractor', true, 0],
      ['Employee', false, 1],
    ])
  }
})
