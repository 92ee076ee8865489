/** Badges that are taken away: none is unblocked for nothing, none that somebody else blocked comes back, and none opens on its way. */
import { expect, test } from 'vitest'
import { failures, first, type Simulated, second, simulated } from './simulated-for-tests.ts'
import { desiredAccount, facts } from './testing.ts'

const card = `card ${first.raw}`
const on = { card: first, state: 'on' } as const
const blocked = { card: first, state: 'blocked' } as const
const none = { levels: [], cards: [] }

/** An employee with one badge and the right to the entrance. */
async function employed(target: Simulated, kind = 'own') {
  const desired = desiredAccount({
    cards: [on],
    levels: [target.levelOf('Main Entrance')],
    facts: facts({ kind }),
  })
  expect(failures(await target.put(desired))).toEqual({})
  expect(target.swipe(first)).toBe(true)
  return desired
}

const writesOf = ({ simulator }: Simulated) =>
  simulator.requests.find({ writes: true }).map(({ operation }) => operation)

test('for a reason that is for blocking alone no badge is withdrawn: it stays blocked, and its carrier is left alone', async () => {
  await using target = await simulated({}, { block_reasons: { carrier: '11', token: '16' } })
  expect((await target.health()).problems).toMatchObject([
    { severity: 'error', code: 'aeos.block-reason', message: expect.stringContaining('withdrawing badges') },
  ])
  const desired = await employed(target)
  expect(failures(await target.put({ ...desired, cards: [blocked] }))).toEqual({})
  const before = writesOf(target).length
  const lost = await target.put({ ...desired, cards: [] }, { revoke: { ...none, cards: [first] } })
  expect(failures(lost)).toEqual({ [card]: 'rejected aeos.block-reason' })
  expect(writesOf(target).slice(before)).toEqual(['withdrawAndBlockToken'])
  expect(target.inside()).toMatchObject([{ blocked: false, badges: [{ status: 3 }] }])
})

test('a leaver whose card waits is removed, and neither that card nor the one that stands in for it opens', async () => {
  for (const isShut of [false, true]) {
    await using target = await simulated()
    await employed(target)
    await replaceForgotten(target)
    if (isShut) await target.lock(await target.mustRead())
    expect(await target.remove()).toMatchObject({ lock: 'applied' })
    expect(target.inside()).toEqual([])
    for (const each of [first, second]) expect(target.swipe(each)).toBe(false)
    expect(target.badge(first)).toMatchObject({ status: 2, carrier: null })
  }
})

test('a card that waits and the one that stands in for it are taken in one order', async () => {
  await using target = await simulated()
  const desired = await employed(target)
  await replaceForgotten(target)
  const told = await target.put({ ...desired, cards: [] }, { revoke: { ...none, cards: [first, second] } })
  expect(failures(told)).toEqual({})
  expect(target.inside()).toMatchObject([{ blocked: false, badges: [] }])
})

test('a badge that somebody blocked at the earlier carrier does not come back with the new one', async () => {
  await using target = await simulated({}, { carriers: { external: 'contractor' } })
  const desired = await employed(target, 'external')
  const employee = { ...desired, facts: facts({ kind: 'own' }) }
  // The first try made the new carrier, and was cut off before it took the badge along.
  target.simulator.faults.add({ kind: 'fault', operation: '^withdrawToken$', times: 1 })
  expect(failures(await target.put(employee))).toMatchObject({ [card]: 'transient aeos.system-error' })
  target.simulator.hand({ action: 'block-badge', badge: { type: 4, number: '48213' }, reason: 'Stolen' })
  expect(await target.put(employee)).toMatchObject({ [card]: 'conflict aeos.card-unusable' })
  expect(target.badge(first)).toMatchObject({ blocked: true })
  expect(target.swipe(first)).toBe(false)
})

test('a badge that shall be blocked opens nothing on its way to a carrier, nor when it can not be blocked there', async () => {
  const failure = 'transient aeos.system-error'
  const cases = [
    ['nothing', {}, { blocked: false, badges: [{ status: 3 }] }],
    ['^blockToken$', { [card]: failure }, { blocked: false, badges: [] }],
    ['^(block|withdraw)Token$', { [card]: failure, validity: failure }, { blocked: false, badges: [{ status: 1 }] }],
  ] as const
  for (const [fails, expected, inside] of cases) {
    await using target = await simulated()
    const desired = desiredAccount({ levels: [target.levelOf('Main Entrance')], cards: [blocked] })
    const opened: boolean[] = []
    const look = setInterval(() => {
      if (target.badge(first)?.carrier != null) opened.push(target.swipe(first))
    }, 5)
    target.simulator.faults.add({ kind: 'fault', operation: fails })
    target.simulator.faults.add({ kind: 'slow', operation: '^(blockToken|changeEmployee)$', delayMs: 60 })
    const told = failures(await target.put(desired))
    clearInterval(look)
    expect(opened).not.toContain(true)
    expect(target.swipe(first)).toBe(false)
    expect(target.inside()).toMatchObject([inside])
    expect(told).toEqual(expected)
    target.simulator.faults.clear()
    expect(failures(await target.put(desired))).toEqual({})
    expect(target.inside()).toMatchObject([{ blocked: false, leave: null, badges: [{ status: 3 }] }])
  }
})

test.each([
  ['shall be blocked', 'refused'],
  ['shall be blocked', 'cut off'],
  ['is revoked', 'refused'],
  ['is revoked', 'cut off'],
])(
  'a carrier that was left shut for a badge stays so while the badge %s there and can not be (the first order: %s)',
  async (next, end) => {
    await using target = await simulated()
    const failure = 'transient aeos.system-error'
    const before = desiredAccount({ levels: [target.levelOf('Main Entrance')], cards: [{ card: second, state: 'on' }] })
    const given = { ...before, cards: [...before.cards, blocked] }
    const [after, some] = next === 'is revoked' ? [before, { revoke: { ...none, cards: [first] } }] : [given, {}]
    expect(failures(await target.put(before))).toEqual({})
    const opened: boolean[] = []
    const look = setInterval(() => opened.push(target.swipe(first)), 5)
    const { faults } = target.simulator

    // After the badge was assigned nothing gets through any more.
    faults.add(
      end === 'refused'
        ? { kind: 'fault', operation: '^(block|withdraw)Token$' }
        : { kind: 'drop', operation: '^(?!find|get)', skip: 2 },
    )
    await target.put(given).catch(() => null)
    const isLeftShut = () => {
      expect(target.swipe(first)).toBe(false)
      expect(Date.parse(target.inside()[0]?.leave ?? '')).toBeLessThan(Date.now())
      expect(target.badge(first)).toMatchObject({ status: 1 })
    }
    isLeftShut()
    faults.clear()
    faults.add({ kind: 'fault', operation: '^(block|withdraw)Token$' })
    for (let order = 0; order < 2; order++) {
      expect(failures(await target.put(after, some))).toEqual({ [card]: failure, validity: failure })
      isLeftShut()
    }
    faults.clear()
    expect(failures(await target.put(after, some))).toEqual({})
    clearInterval(look)
    expect(opened).not.toContain(true)
    expect(target.inside()).toMatchObject([{ blocked: false, leave: null }])
    expect([target.swipe(first), target.swipe(second)]).toEqual([false, true])
  },
)

test('who is locked out stays so while a badge that shall not be on can neither be blocked nor taken', async () => {
  await using target = await simulated()
  const desired = await employed(target)
  const { faults } = target.simulator
  const armed = faults.add({ kind: 'fault', operation: '^(block|withdraw)Token$' })
  await target.lock(await target.mustRead())
  expect(target.badge(first)).toMatchObject({ status: 1 })
  const [lost, gone] = [
    { ...desired, cards: [blocked] },
    { ...desired, cards: [] },
  ]
  for (const [next, some] of [
    [lost, {}],
    [gone, { revoke: { ...none, cards: [first] } }],
  ] as const) {
    const failure = 'transient aeos.system-error'
    expect(failures(await target.put(next, some))).toEqual({ [card]: failure, validity: failure, lock: failure })
    expect(target.inside()).toMatchObject([{ blocked: true }])
    expect(target.swipe(first)).toBe(false)
  }
  faults.remove(armed.id)
  // One that can only not be blocked is taken back, and given again by the next order.
  const other = faults.add({ kind: 'fault', operation: '^blockToken$' })
  expect(failures(await target.put(lost))).toEqual({ [card]: 'transient aeos.system-error' })
  expect(target.inside()).toMatchObject([{ blocked: false, leave: null, badges: [] }])
  faults.remove(other.id)
  expect(failures(await target.put(lost))).toEqual({})
  expect(target.inside()).toMatchObject([{ blocked: false, leave: null, badges: [{ status: 3 }] }])
})

/** What the desk does for somebody who left the card at home; no order of the engine does. */
async function replaceForgotten({ say, inside }: Simulated): Promise<void> {
  const carrier = { CarrierId: String(inside()[0]?.id), Reason: '14' }
  const from = { IdentifierTypeFrom: '4', BadgeNumberFrom: '48213' }
  const to = { IdentifierTypeTo: '4', BadgeNumberTo: '48214' }
  expect(await say('replaceToken', { ...carrier, ...from, ...to })).toBe(200)
}
