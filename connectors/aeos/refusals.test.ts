/** What a server refuses or fails at is told by a stable code, keeps nothing else from being done, and leaves nobody open who left. */
import { expect, test } from 'vitest'
import { failures, first, type Simulated, second, simulated } from './simulated-for-tests.ts'
import type { FaultSpec, Quirks, SimulatorOptions } from './simulator/index.ts'
import { desiredAccount, facts, never } from './testing.ts'

const card = `card ${first.raw}`
const on = { card: first, state: 'on' } as const

/** An employee with one badge and the right to the entrance. */
async function employed(target: Simulated) {
  const desired = desiredAccount({ cards: [on], levels: [target.levelOf('Main Entrance')] })
  expect(failures(await target.put(desired))).toEqual({})
  expect(target.swipe(first)).toBe(true)
  return desired
}

function expectOut(target: Simulated): void {
  expect(target.opens()).toEqual([])
  expect(target.swipe(first)).toBe(false)
}

// ---------------------------------------------------------------- switches that make something impossible

const refused: readonly (readonly [
  string,
  SimulatorOptions['quirks'],
  Record<string, unknown>,
  Record<string, string>,
])[] = [
  [
    'a field that is mandatory',
    { mandatoryFields: ['LastName', 'Title'] },
    {},
    { lock: 'rejected aeos.carrier-refused' },
  ],
  ['a sign that no name may hold', { refusedSigns: 'Q' }, {}, { lock: 'rejected aeos.carrier-refused' }],
  ['a unit that is not there', {}, { unit_id: '77' }, { lock: 'rejected aeos.carrier-refused' }],
  ['no licence for people', { unlicensed: ['addEmployee'] }, {}, { thrown: 'rejected aeos.no-licence' }],
  ['no licence for badges', { unlicensed: ['assignToken'] }, {}, { [card]: 'rejected aeos.no-licence' }],
  [
    'a badge number out of range',
    {},
    { identifier_types: [{ id: '4', format: 'H10301' }] },
    { [card]: 'rejected aeos.card-out-of-range' },
  ],
  ['a department that is not there', {}, { departments: 'match' }, { profile: 'rejected aeos.department-unknown' }],
]

test.each(refused)('%s costs what it must, and has a stable code', async (_what, quirks = {}, settings, expected) => {
  await using target = await simulated({ quirks }, settings)
  const desired = desiredAccount({ cards: [on], facts: facts({ department: 'Nowhere' }) })
  const told = await target.put(desired).catch(thrown)
  expect(failures(told)).toMatchObject(expected)
  // Nobody is there by half.
  if ('lock' in expected || 'thrown' in expected) expect(target.inside()).toEqual([])
  else expect(target.inside()).toMatchObject([{ blocked: false }])
  expect((await target.lock()).told).not.toMatchObject({ lock: expect.stringContaining('rejected') })
  expectOut(target)
})

const kept: readonly (readonly [string, Partial<Quirks>, Record<string, unknown>, Record<string, string>])[] = [
  [
    'block reasons of the settings that are none',
    {},
    { block_reasons: { carrier: '14', token: '14' } },
    { lock: 'rejected aeos.block-refused', [card]: 'rejected aeos.token-refused' },
  ],
  ['no licence to block carriers', { unlicensed: ['blockCarrier'] }, {}, { lock: 'rejected aeos.no-licence' }],
  ['no licence to block badges', { unlicensed: ['blockToken'] }, {}, { [card]: 'rejected aeos.no-licence' }],
  [
    'no licence for any block',
    { unlicensed: ['blockCarrier', 'blockToken'] },
    {},
    { lock: 'rejected aeos.no-licence', [card]: 'rejected aeos.no-licence' },
  ],
  ['no licence to change people', { unlicensed: ['changeEmployee'] }, {}, { validity: 'rejected aeos.no-licence' }],
]

test.each(kept)('a leaver is out in spite of %s, and it is told', async (_what, quirks, settings, expected) => {
  await using target = await simulated()
  await employed(target)
  Object.assign(target.simulator.quirks, quirks)
  const connection = await target.connect(settings)
  for (const known of [await connection.mustRead(), null]) {
    expect(failures((await connection.lock(known)).told)).toEqual(expected)
    expectOut(target)
  }
})

test('a badge that stands in for a forgotten one and can not be blocked is told; its carrier is shut all the same', async () => {
  for (const replacementsBlockable of [true, false]) {
    await using target = await simulated({ quirks: { replacementsBlockable } })
    await employed(target)
    await replaceForgotten(target)
    expect(target.badge(second)).toMatchObject({ status: 4 })
    expect(target.swipe(second)).toBe(true)
    const { told } = await target.lock(await target.mustRead())
    expect(failures(told)).toEqual(
      replacementsBlockable ? {} : { [`card ${second.raw}`]: 'rejected aeos.token-refused' },
    )
    expectOut(target)
    expect(target.swipe(second)).toBe(false)
  }
})

test('a forgotten card that waits is never given back, whatever is ordered of the one that stands in for it', async () => {
  await using target = await simulated()
  const desired = await employed(target)
  await replaceForgotten(target)
  expect(await target.put(desired)).toMatchObject({ [card]: 'conflict aeos.card-replaced' })
  expect(failures(await target.put({ ...desired, cards: [] }, { revoke: { levels: [], cards: [second] } }))).toEqual({})
  expect(target.badge(second)).toMatchObject({ status: 0, carrier: null })
  expect(target.badge(first)).toMatchObject({ blocked: true })
  expectOut(target)
})

/** What the desk does for somebody who left the card at home; no order of the engine does. */
async function replaceForgotten({ say, inside }: Simulated): Promise<void> {
  const carrier = { CarrierId: String(inside()[0]?.id), Reason: '14' }
  const from = { IdentifierTypeFrom: '4', BadgeNumberFrom: '48213' }
  const to = { IdentifierTypeTo: '4', BadgeNumberTo: '48214' }
  expect(await say('replaceToken', { ...carrier, ...from, ...to })).toBe(200)
}

test('a badge of somebody else stays theirs, though the server would move it', async () => {
  for (const takenBadge of ['refused', 'moved'] as const) {
    await using target = await simulated({ quirks: { takenBadge } })
    const [other] = target.simulator.seed({
      carriers: [{ lastName: 'Other', badges: [{ type: 4, number: '48213' }] }],
    }).carriers
    expect(await target.put(desiredAccount({ cards: [on] }))).toMatchObject({ [card]: 'conflict aeos.card-taken' })
    expect(target.badge(first)).toMatchObject({ carrier: other })
  }
})

test('a contractor who becomes an employee is made anew, takes the badge along, and the earlier carrier is shut', async () => {
  await using target = await simulated({}, { carriers: { external: 'contractor' } })
  const levels = [target.levelOf('Main Entrance')]
  await target.put(desiredAccount({ cards: [on], levels, facts: facts({ kind: 'external' }) }))
  expect(failures(await target.put(desiredAccount({ cards: [on], levels, facts: facts({ kind: 'own' }) })))).toEqual({})
  expect(target.inside()).toMatchObject([
    { kind: 'Contractor', blocked: true, badges: [], opens: [] },
    { kind: 'Employee', blocked: false, badges: [{ status: 1 }], opens: ['Front Door', 'Back Door'] },
  ])
  expect((await target.lock()).told).toMatchObject({ lock: 'applied' })
  expectOut(target)
  await target.remove()
  expect(target.inside()).toEqual([])
})

test('where no two carriers may have one number, a contractor who becomes an employee stays what they are, and open', async () => {
  await using target = await simulated(
    { quirks: { personnelNoUnique: true } },
    { carriers: { external: 'contractor' } },
  )
  const levels = [target.levelOf('Main Entrance')]
  const stranger = { type: 1, number: '900' } as const
  await target.put(desiredAccount({ cards: [on], levels, facts: facts({ kind: 'external' }) }))
  target.simulator.hand({ action: 'assign', carrier: target.inside()[0]?.id ?? 0, badge: stranger })
  const desired = desiredAccount({ cards: [on], levels, facts: facts({ kind: 'own', familyName: 'Thistledown' }) })
  expect(failures(await target.put(desired))).toEqual({ profile: 'rejected aeos.type-fixed' })
  expect(target.inside()).toMatchObject([
    { kind: 'Contractor', lastName: 'Thistledown', blocked: false, leave: null, opens: ['Front Door', 'Back Door'] },
  ])
  expect(target.inside()[0]?.badges.map(({ status }) => status)).toEqual([1, 1])
  await target.lock()
  expectOut(target)
})

test('a person whose right a rule of AEOS gave stays out, since their carrier stays blocked', async () => {
  await using target = await simulated()
  const desired = await employed(target)
  const [carrier] = target.inside()
  target.simulator.hand({ action: 'grant-by-rule', carrier: carrier?.id ?? 0, template: 'Warehouse' })
  await target.lock(await target.mustRead())
  const levels = [...desired.levels, target.levelOf('Warehouse')]
  const closed = { ...desired, lock: 'closed', cards: [], levels: [] } as const
  expect(failures(await target.put(closed, { revoke: { levels, cards: [first] } }))).toEqual({})
  expect(target.inside()).toMatchObject([
    { blocked: true, badges: [], authorisations: [{ name: 'Warehouse', rule: 1 }] },
  ])
  expectOut(target)
})

test('a list is whole or fails, whatever order and size the pages have', async () => {
  for (const quirks of [{ pageOrder: 'unstable' }, { pageMax: 30 }, { findCap: 10 }] as const) {
    await using target = await simulated({ quirks })
    target.simulator.seed({ count: 1100 })
    const ids = await listed(target).catch((error: unknown) => error)
    if (Array.isArray(ids)) expect(new Set(ids).size).toBe(1100)
    else expect(ids).toMatchObject({ kind: 'transient', code: 'aeos.list-incomplete' })
  }
})

async function listed({ accounts }: Simulated): Promise<string[]> {
  const ids: string[] = []
  for await (const page of accounts.list(never)) ids.push(...page.map(({ externalId }) => externalId))
  return ids
}

// ---------------------------------------------------------------- every kind of fault

/** How an update of one field is told that meets this fault once, and whether it may have been done. */
const faultKinds: Readonly<
  Record<FaultSpec['kind'], readonly [spec: Omit<FaultSpec, 'kind'>, told: string, unknown: boolean]>
> = {
  fault: [{}, 'transient aeos.system-error', false],
  http: [{}, 'transient aeos.unexpected-answer', true],
  unauthenticated: [{}, 'unauthenticated aeos.login-refused', false],
  drop: [{}, 'transient http.connection', true],
  'drop-after': [{}, 'transient http.connection', true],
  'late-write': [{ delayMs: 60_000 }, 'transient http.connection', true],
  garbled: [{}, 'transient aeos.unexpected-answer', true],
  maintenance: [{}, 'transient aeos.unexpected-answer', false],
  throttle: [{ retryAfterSeconds: 7 }, 'throttled aeos.throttled', false],
  hang: [{}, 'transient http.timeout', true],
  slow: [{ delayMs: 1 }, 'nothing', false],
  down: [{}, 'transient http.connection', false],
  'half-open': [{}, 'transient http.timeout', true],
}

test.each(Object.entries(faultKinds))(
  'the fault %s is told as what it is, and once it is over all ends as ordered',
  async (kind, [spec, told, isUnknown]) => {
    await using target = await simulated()
    const desired = await employed(target)
    const renamed = { ...desired, facts: facts({ familyName: 'Thistledown' }) }
    const impatient = await target.connect({}, 300)
    const actual = await impatient.mustRead()
    const order = {
      kind: 'put',
      externalId: '4711',
      desired: renamed,
      actual,
      revoke: { levels: [], cards: [] },
    } as const
    const once = kind === 'down' || kind === 'half-open' ? {} : { operation: '^changeEmployee$', times: 1 }
    target.simulator.faults.add({ kind: kind as FaultSpec['kind'], ...once, ...spec })
    const failure = await impatient.accounts.apply(order, never).then(
      () => 'nothing',
      (error: { kind: string; code: string; outcomeUnknown: boolean }) => {
        expect(error.outcomeUnknown).toBe(isUnknown)
        return `${error.kind} ${error.code}`
      },
    )
    expect(failure).toBe(told)
    target.simulator.faults.clear()
    // Whatever lands late lands before the second look.
    target.simulator.clock.advance(60_000)
    await target.simulator.landed()
    expect(failures(await target.put(renamed))).toEqual({})
    expect(target.inside()).toMatchObject([{ lastName: 'Thistledown', blocked: false }])
  },
)

test.each(Object.keys(faultKinds).filter((kind) => kind !== 'slow'))(
  'a lock-out that meets %s is told, and shuts when it is over',
  async (kind) => {
    await using target = await simulated()
    await employed(target)
    const impatient = await target.connect({}, 300)
    const known = await impatient.mustRead()
    const once = kind === 'down' || kind === 'half-open' ? {} : { operation: '^(block|change)', delayMs: 60_000 }
    target.simulator.faults.add({ kind: kind as FaultSpec['kind'], ...once })
    const told = await impatient.lock(known).then(({ told: each }) => each, thrown)
    expect(Object.values(failures(told)).length).toBeGreaterThan(0)
    target.simulator.faults.clear()
    target.simulator.clock.advance(60_000)
    await target.simulator.landed()
    expect(failures((await target.lock()).told)).toEqual({})
    expectOut(target)
    expect(target.inside()).toMatchObject([{ blocked: true, badges: [{ blocked: true }] }])
  },
)

// ---------------------------------------------------------------- every family of fault codes

const carriers = {
  carriers: { external: 'contractor', guest: 'visitor' },
  departments: 'match',
  entrance_schedule: '1',
}
type Act = (target: Simulated) => Promise<unknown>
const create =
  (kind?: string): Act =>
  (target) =>
    target.put(desiredAccount({ facts: facts({ department: 'General', ...(kind ? { kind } : {}) }) }))
const change =
  (kind?: string): Act =>
  async (target) => {
    await create(kind)(target)
    return target.put(
      desiredAccount({ facts: facts({ familyName: 'Thistledown', department: 'General', ...(kind ? { kind } : {}) }) }),
    )
  }
const remove =
  (kind?: string): Act =>
  async (target) => {
    await create(kind)(target)
    return target.remove()
  }
const cards =
  (states: readonly ('on' | 'blocked' | 'none' | 'lifted')[]): Act =>
  async (target) => {
    let told: unknown
    for (const state of states) {
      const revoke = { levels: [], cards: state === 'none' || state === 'lifted' ? [first] : [] }
      const held = state === 'on' || state === 'blocked' ? [{ card: first, state }] : []
      told = await target.put(desiredAccount({ cards: held }), {
        revoke,
        lift: state === 'lifted' || state === 'on' ? [first] : [],
      })
    }
    return told
  }
const rights =
  (isTaken: boolean): Act =>
  async (target) => {
    const level = target.levelOf('Main Entrance')
    if (!isTaken) return target.put(desiredAccount({ levels: [level] }))
    await target.put(desiredAccount({ levels: [level] }))
    return target.put(desiredAccount(), { revoke: { levels: [level], cards: [] } })
  }
const lockOut: Act = async (target) => {
  await create()(target)
  return (await target.lock()).told
}

/** Each family by the operation that raises it, and how the order is told that met it. */
const codes: readonly (readonly [code: number, operation: string, act: Act, told: string])[] = [
  [5, 'findPerson', create(), 'transient aeos.find-failed'],
  [9, 'addEmployee', create(), 'transient aeos.configuration'],
  [10, 'findDepartment', create(), 'transient aeos.find-failed'],
  [25, 'findEntrance', (target) => target.accounts.discover(never), 'transient aeos.find-failed'],
  [30, 'findEntranceGroup', (target) => target.accounts.discover(never), 'transient aeos.find-failed'],
  [50, 'findTemplate', (target) => target.accounts.discover(never), 'transient aeos.find-failed'],
  [55, 'findPerson', create(), 'transient aeos.find-failed'],
  [61, 'addEmployee', create(), 'rejected aeos.carrier-refused'],
  [66, 'addContractor', create('external'), 'rejected aeos.carrier-refused'],
  [71, 'addVisitor', create('guest'), 'rejected aeos.carrier-refused'],
  [62, 'changeEmployee', change(), 'rejected aeos.fields-refused'],
  [67, 'changeContractor', change('external'), 'rejected aeos.fields-refused'],
  [72, 'changeVisitor', change('guest'), 'rejected aeos.fields-refused'],
  [63, 'removeEmployee', remove(), 'rejected aeos.removal-refused'],
  [68, 'removeContractor', remove('external'), 'rejected aeos.removal-refused'],
  [73, 'removeVisitor', remove('guest'), 'rejected aeos.removal-refused'],
  [85, 'findIdentifierType', (target) => target.health(), 'transient aeos.find-failed'],
  [86, 'findBlockReason', (target) => target.health(), 'transient aeos.find-failed'],
  [100, 'findCarrierStates', change(), 'transient aeos.find-failed'],
  [101, 'findCarrierProfile', change(), 'transient aeos.find-failed'],
  [102, 'findCarrierVerification', change(), 'transient aeos.find-failed'],
  [103, 'findCarrierToken', change(), 'transient aeos.find-failed'],
  [108, 'findToken', cards(['on']), 'transient aeos.find-failed'],
  [110, 'blockCarrier', lockOut, 'rejected aeos.block-refused'],
  [
    112,
    'changeCarrierVerification',
    (target) => target.put(desiredAccount({ pin: '483920' })),
    'rejected aeos.pin-refused',
  ],
  [113, 'assignToken', cards(['on']), 'rejected aeos.card-refused'],
  [116, 'addCarrierAuthorizations', rights(false), 'rejected aeos.authorisation-refused'],
  [111, '(change|remove)Carrier(Profile|Authorizations)', rights(true), 'rejected aeos.authorisation-refused'],
  [121, 'releaseBlockedToken', cards(['on', 'blocked', 'none', 'on']), 'rejected aeos.token-refused'],
  [123, 'blockToken', cards(['on', 'blocked']), 'rejected aeos.token-refused'],
  [124, 'unblockToken', cards(['on', 'blocked', 'on']), 'rejected aeos.token-refused'],
  [125, 'withdrawToken', cards(['on', 'none']), 'rejected aeos.token-refused'],
  [126, 'withdrawAndBlockToken', cards(['on', 'blocked', 'none']), 'rejected aeos.token-refused'],
  [130, 'findFreeFieldDefinition', (target) => target.health(), 'transient aeos.find-failed'],
  [301, 'findTemplate', (target) => target.accounts.discover(never), 'rejected aeos.bad-request'],
  [302, 'findPerson', create(), 'rejected aeos.bad-request'],
  [901, 'addEmployee', create(), 'rejected aeos.not-allowed'],
  [902, 'addEmployee', create(), 'rejected aeos.no-licence'],
  [903, 'addEmployee', create(), 'rejected aeos.not-supported'],
  [904, 'addEmployee', create(), 'rejected aeos.not-supported'],
  [990, 'addEmployee', create(), 'transient aeos.system-error'],
  [777, 'addEmployee', create(), 'transient aeos.unlisted-code'],
]

test.each(codes)(
  'code %i of %s is told, and once it is over all ends as ordered',
  async (code, operation, act, expected) => {
    await using target = await simulated({}, carriers)
    const armed = target.simulator.faults.add({ kind: 'fault', operation: `^${operation}$`, code, message: 'made up' })
    const told = await act(target).then(
      (each) => Object.values(failures(each as Record<string, string>)),
      (error: unknown) => Object.values(thrown(error)),
    )
    expect(new Set(told)).toEqual(new Set([expected]))
    expect(target.simulator.faults.list().find(({ id }) => id === armed.id)?.hits).toBeGreaterThan(0)
    // Whatever was refused, a leaver is shut by what is left; and at the end by all.
    target.simulator.faults.clear()
    await target.lock()
    expect(target.opens()).toEqual([])
    const [carrier] = target.inside()
    expect(carrier === undefined || carrier.blocked).toBe(true)
  },
)

function thrown(error: unknown): Record<string, string> {
  const { kind, code } = error as { kind: string; code: string }
  return { thrown: `${kind} ${code}` }
}
