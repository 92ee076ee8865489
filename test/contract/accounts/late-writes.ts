/** A write may land seconds after its connection broke, when everybody has looked and seen nothing. The end state must not care. */
import { expect } from 'vitest'
import type { AccountsTest } from '../accounts-test.ts'
import { bringAbout, shutOut } from '../engine.ts'
import { madeUpPerson, openAccount } from '../made-up.ts'
import type { Target } from '../target.ts'

const person = madeUpPerson(1)
const options = { needs: ['late-write'] } as const
/** Longer than any test takes: a write lands when the test says so. */
const delayMs = 60_000
/** What is only slow is done after so long, whatever the test does; much longer than what it does meanwhile. */
const slowMs = 800

function withCard(target: Target, state: 'on' | 'blocked' = 'on') {
  const cards = [{ card: target.subject.cards[0], state }]
  return openAccount(person, { cards, levels: target.simulator.levels.slice(0, 2) })
}

export function lateWrites(test: AccountsTest): void {
  test(
    'a create that lands after a read saw nothing: ordered again, it is one account with exactly its parts',
    options,
    async (target) => {
      const desired = withCard(target)
      target.simulator.arm({ kind: 'late-write', on: 'create', delayMs })
      await expect(target.put(person, desired)).rejects.toMatchObject({ kind: 'transient', outcomeUnknown: true })
      expect(await target.read(person)).toBeNull()
      await target.simulator.landed()
      expect(target.count(person)).toBe(1)
      const told = await target.put(person, desired)
      expect(Object.values(told)).not.toContain('conflict')
      expectExactly(target)
    },
  )

  test(
    'a create that lands between the second read and the second order is a conflict, and then the same account',
    options,
    async (target) => {
      const desired = withCard(target)
      target.simulator.arm({ kind: 'late-write', on: 'create', delayMs })
      await expect(target.put(person, desired)).rejects.toMatchObject({ outcomeUnknown: true })
      const externalId = target.accounts.identify(person)
      expect(await target.read(person)).toBeNull()
      await target.simulator.landed()
      const stale = { kind: 'put', externalId, desired, actual: null, revoke: { levels: [], cards: [] } } as const
      await expect(target.accounts.apply(stale, new AbortController().signal)).rejects.toMatchObject({
        kind: 'conflict',
      })
      await bringAbout(target, desired)
      expectExactly(target)
    },
  )

  test(
    'a create that lands after the same create was ordered again and done changes nothing',
    options,
    async (target) => {
      const desired = withCard(target)
      target.simulator.arm({ kind: 'late-write', on: 'create', delayMs })
      await expect(target.put(person, desired)).rejects.toMatchObject({ outcomeUnknown: true })
      await bringAbout(target, desired)
      expectExactly(target)
      await target.simulator.landed()
      await bringAbout(target, desired)
      expectExactly(target)
    },
  )

  test(
    'any write of a create may land late: cards and levels are there once, and as ordered',
    options,
    async (target) => {
      const desired = withCard(target)
      for (let round = 0; round < 3; round++) {
        target.simulator.arm({ kind: 'late-write', on: 'write', delayMs, times: 1 + round })
        await bringAbout(target, desired)
        // What landed early enough is not written again, and leaves the fault armed.
        target.simulator.disarm()
        await target.simulator.landed()
        await bringAbout(target, desired)
        expectExactly(target)
        await target.remove(person)
      }
    },
  )

  test(
    'a change that lands after a newer one was done is put right by the read that follows',
    options,
    async (target) => {
      await target.put(person)
      const older = withCard(target)
      const newer = openAccount(person, { levels: target.simulator.levels.slice(2, 4) })
      target.simulator.arm({ kind: 'late-write', on: 'change', delayMs })
      await expect(target.put(person, older)).rejects.toMatchObject({ outcomeUnknown: true })
      const revoke = { levels: older.levels, cards: older.cards.map(({ card }) => card) }
      await bringAbout(target, newer, revoke)
      await target.simulator.landed()
      await bringAbout(target, newer, revoke)
      expect(target.inside(person)).toMatchObject({ levels: newer.levels, cards: [] })
    },
  )

  test('a lock-out overtakes a create that lands later: the second look shuts the account', options, async (target) => {
    target.simulator.arm({ kind: 'late-write', on: 'create', delayMs })
    await expect(target.put(person, withCard(target))).rejects.toMatchObject({ outcomeUnknown: true })
    await shutOut(target, person)
    expect(target.inside(person)).toBeNull()
    await target.simulator.landed()
    expect(target.inside(person)?.lock).toBe('open')
    await shutOut(target, person)
    expectShut(target)
  })

  test(
    'a lock-out overtakes a change that opens and lands later: the second look shuts the account',
    options,
    async (target) => {
      await target.put(person, { lock: 'closed' })
      target.simulator.arm({ kind: 'late-write', on: 'change', delayMs })
      await expect(target.put(person, withCard(target))).rejects.toMatchObject({ outcomeUnknown: true })
      await shutOut(target, person)
      await target.simulator.landed()
      expect(target.inside(person)?.lock).toBe('open')
      await shutOut(target, person)
      expectShut(target)
    },
  )

  test('a lock-out overtakes an unblock that lands later: the second look blocks the card', options, async (target) => {
    await target.put(person, withCard(target, 'blocked'))
    target.simulator.arm({ kind: 'late-write', on: 'block', delayMs })
    expect(Object.values(await target.put(person, withCard(target)))).toContain('transient')
    await shutOut(target, person)
    await target.simulator.landed()
    await shutOut(target, person)
    expectShut(target)
  })

  test('a lock-out whose own writes land late is not proven before they did', options, async (target) => {
    await target.put(person, withCard(target))
    target.simulator.arm({ kind: 'late-write', on: 'write', delayMs, times: 2 })
    await shutOut(target, person)
    await target.simulator.landed()
    expectShut(target)
  })

  test(
    'a lock-out that lands after its person came back is put right by the read that follows',
    options,
    async (target) => {
      const desired = withCard(target)
      await target.put(person, desired)
      target.simulator.arm({ kind: 'late-write', on: 'write', delayMs, times: 2 })
      await target.lock(person)
      await bringAbout(target, desired)
      await target.simulator.landed()
      await bringAbout(target, desired)
      expectExactly(target)
    },
  )

  test('a removal that lands late is found out, and the account can be made again', options, async (target) => {
    const desired = withCard(target)
    await target.put(person, desired)
    target.simulator.arm({ kind: 'late-write', on: 'remove', delayMs })
    await expect(target.remove(person)).rejects.toMatchObject({ outcomeUnknown: true })
    await target.simulator.landed()
    expect(Object.values(await target.remove(person))).toEqual(['unchanged'])
    await bringAbout(target, desired)
    expectExactly(target)
  })

  const impatient = { needs: ['slow'], timeoutMs: 250 } as const

  test(
    'a create that is done after we gave up waiting is one account with exactly its parts',
    impatient,
    async (target) => {
      const desired = withCard(target)
      target.simulator.arm({ kind: 'slow', on: 'create', delayMs: slowMs })
      await expect(target.put(person, desired)).rejects.toMatchObject({ kind: 'transient', outcomeUnknown: true })
      expect(await target.read(person)).toBeNull()
      await bringAbout(target, desired)
      await target.simulator.landed()
      await bringAbout(target, desired)
      expectExactly(target)
    },
  )

  test('a running put is given up for a lock-out, and done after it: the second look shuts the account', {
    needs: ['slow'],
  }, async (target) => {
    const { simulator, accounts } = target
    await target.put(person, { lock: 'closed' })
    const actual = await target.read(person)
    simulator.arm({ kind: 'slow', on: 'change', delayMs: slowMs })
    const overtaken = new AbortController()
    const reason = new Error('a lock-out overtakes')
    const { writes } = simulator.requests
    const change = { kind: 'put', externalId: accounts.identify(person), desired: withCard(target), actual } as const
    const putting = accounts.apply({ ...change, revoke: { levels: [], cards: [] } }, overtaken.signal)
    // The card is registered, and the change of the account is on its way.
    await expect.poll(() => simulator.requests.writes, { interval: 2 }).toBeGreaterThan(writes + 1)
    overtaken.abort(reason)
    await expect(putting).rejects.toBe(reason)
    await shutOut(target, person)
    await simulator.landed()
    expect(target.inside(person)?.lock).toBe('open')
    await shutOut(target, person)
    expectShut(target)
  })
}

function expectExactly(target: Target): void {
  expect(target.count(person)).toBe(1)
  expect(target.inside(person)).toMatchObject({ lock: 'open', levels: target.simulator.levels.slice(0, 2) })
  expect(target.inside(person)?.cards).toEqual([
    { number: target.subject.cardNumber(target.subject.cards[0]), blocked: false },
  ])
}

function expectShut(target: Target): void {
  expect(target.count(person)).toBe(1)
  expect(target.inside(person)?.lock).toBe('closed')
  expect(target.inside(person)?.cards.every(({ blocked }) => blocked)).toBe(true)
}
