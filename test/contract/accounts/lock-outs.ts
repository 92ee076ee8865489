/** A lock-out shuts everything at once, in few requests, whatever else is wrong with the account or was refused on it. */
import { expect } from 'vitest'
import { withCallScope } from '../../../src/connector/egress/call-scope.ts'
import type { AccountsTest } from '../accounts-test.ts'
import { shutOut } from '../engine.ts'
import { madeUpPerson } from '../made-up.ts'
import type { Target } from '../target.ts'

const person = madeUpPerson(1)

/** An account with two cards of ours and one that somebody added by hand. */
async function withThreeCards(target: Target): Promise<void> {
  const cards = target.subject.cards.slice(0, 2).map((card) => ({ card, state: 'on' as const }))
  await target.put(person, { cards, levels: target.simulator.levels.slice(0, 2) })
  target.simulator.byHand({ act: 'add-card', externalId: target.accounts.identify(person), number: 1 })
  expect(target.inside(person)?.cards).toHaveLength(3)
}

function expectShut(target: Target, cards: number): void {
  expect(target.inside(person)?.lock).toBe('closed')
  expect(target.inside(person)?.cards.map(({ blocked }) => blocked)).toEqual(Array(cards).fill(true))
}

export function lockouts(test: AccountsTest): void {
  for (const knowledge of ['known', 'unknown'] as const) {
    test(`an account that is ${knowledge} is shut with every card, those added by hand too, in few requests`, async (target) => {
      await withThreeCards(target)
      const before = target.inside(person)
      const known = knowledge === 'known' ? await target.read(person) : null
      const { result, meter } = await withCallScope({ lane: 'urgent' }, () => target.lock(person, known))
      expect(result).toMatchObject({ lock: 'applied' })
      expect(Object.values(result).filter((outcome) => outcome !== 'applied' && outcome !== 'unchanged')).toEqual([])
      const { lockKnown = 5, lockUnknown = 5 } = target.subject.requestsMax ?? {}
      expect(meter.requests).toBeLessThanOrEqual(knowledge === 'known' ? lockKnown : lockUnknown)
      expectShut(target, 3)
      // Lock fields only: the way back must be open.
      expect(target.inside(person)).toMatchObject({ levels: before?.levels, name: before?.name })
      const until = (await target.read(person))?.validity.until
      expect(Date.parse(until ?? '')).toBeLessThan(Date.now())
    })
  }

  test('as many cards as we can give, and one more, are all shut by one order', async (target) => {
    const cards = target.subject.cards.map((card) => ({ card, state: 'on' as const }))
    await target.put(person, { cards })
    target.simulator.byHand({ act: 'add-card', externalId: target.accounts.identify(person), number: 1 })
    await target.lock(person)
    expectShut(target, cards.length + 1)
  })

  test('a card added by hand since the account was last seen is shut by the second look', async (target) => {
    await withThreeCards(target)
    const known = await target.read(person)
    target.simulator.byHand({ act: 'add-card', externalId: target.accounts.identify(person), number: 2 })
    await target.lock(person, known)
    expect(target.inside(person)?.lock).toBe('closed')
    await shutOut(target, person)
    expectShut(target, 4)
  })

  for (const knowledge of ['known', 'unknown'] as const) {
    test(`of an account that is ${knowledge}, single cards are blocked in at most three requests, and nothing else is touched`, async (target) => {
      await withThreeCards(target)
      const before = target.inside(person)
      const known = knowledge === 'known' ? await target.read(person) : null
      const [first, , third] = target.subject.cards
      const { result, meter } = await withCallScope({ lane: 'urgent' }, () =>
        target.block(person, [first, third], known),
      )
      expect(result).toEqual({ [`card ${first.raw}`]: 'applied' })
      expect(meter.requests).toBeLessThanOrEqual(3)
      expect(target.inside(person)).toEqual({
        ...before,
        cards: before?.cards.map((card) => ({
          ...card,
          blocked: card.number === target.subject.cardNumber(first),
        })),
      })
      // Once more, and it is so already.
      expect(Object.values(await target.block(person, [first], await target.read(person)))).toEqual(['unchanged'])
    })
  }

  test('single cards of an account that is not there are blocked already', async (target) => {
    const told = await target.block(person, target.subject.cards)
    expect(Object.values(told).filter((outcome) => outcome !== 'unchanged')).toEqual([])
  })

  test('a card that somebody blocked since the account was last seen is no failure', async (target) => {
    await withThreeCards(target)
    const known = await target.read(person)
    target.simulator.byHand({ act: 'block', card: target.subject.cards[0] })
    const told = await target.lock(person, known)
    expect(Object.values(told).filter((outcome) => outcome !== 'applied' && outcome !== 'unchanged')).toEqual([])
    expectShut(target, 3)
  })

  test('a lock-out that comes again changes nothing more, and reports no failure', async (target) => {
    await withThreeCards(target)
    await target.lock(person)
    const before = target.inside(person)
    for (const known of [null, await target.read(person)]) {
      const told = await target.lock(person, known)
      expect(Object.values(told).filter((outcome) => outcome !== 'applied' && outcome !== 'unchanged')).toEqual([])
      expect(target.inside(person)).toEqual(before)
    }
  })

  test('what was shut opens again with all that was there before', async (target) => {
    const cards = target.subject.cards.slice(0, 2).map((card) => ({ card, state: 'on' as const }))
    const desired = { cards, levels: target.simulator.levels.slice(0, 2) }
    await target.put(person, desired)
    const before = target.inside(person)
    await target.lock(person)
    await target.put(person, desired)
    expect(target.inside(person)).toEqual(before)
    expect((await target.read(person))?.validity).toEqual({ from: null, until: null })
  })

  test('somebody whom the system does not know is out already', async (target) => {
    const before = target.simulator.ids()
    expect(Object.values(await target.lock(person))).toEqual(['unchanged'])
    expect(target.simulator.ids()).toEqual(before)
  })

  test('somebody who was deleted since the account was last seen is out already', async (target) => {
    await withThreeCards(target)
    const known = await target.read(person)
    target.simulator.byHand({ act: 'delete', externalId: target.accounts.identify(person) })
    const told = await target.lock(person, known)
    expect(Object.values(told).filter((outcome) => outcome !== 'applied' && outcome !== 'unchanged')).toEqual([])
    expect(await target.read(person)).toBeNull()
  })

  test('somebody who starts next year is shut as well', async (target) => {
    const from = new Date(Date.now() + 365 * 86_400_000).toISOString()
    await target.put(person, {
      validity: { from, until: null },
      cards: [{ card: target.subject.cards[0], state: 'on' }],
    })
    for (const known of [await target.read(person), null]) {
      expect(await target.lock(person, known)).toMatchObject({ lock: 'applied' })
    }
    expectShut(target, 1)
  })

  test('an account whose name is refused is shut', { needs: ['refused-name'] }, async (target) => {
    await withThreeCards(target)
    const renamed = { ...person, ...target.simulator.refuseNames() }
    const cards = target.subject.cards.slice(0, 2).map((card) => ({ card, state: 'on' as const }))
    expect(await target.put(renamed, { cards, levels: [] })).toMatchObject({ profile: 'rejected' })
    await target.lock(renamed, await target.read(renamed))
    expectShut(target, 3)
  })

  test('an account that holds by hand what the system would refuse from us is shut', {
    needs: ['level-limit'],
  }, async (target) => {
    const { simulator, subject, accounts } = target
    await withThreeCards(target)
    const externalId = accounts.identify(person)
    simulator.byHand({ act: 'rename', externalId, name: "Zyphora O'Quill '; <x>" })
    for (const level of simulator.levels.slice(0, (subject.levelsMax ?? 0) + 1)) {
      simulator.byHand({ act: 'grant', externalId, level })
    }
    await target.lock(person, await target.read(person))
    expectShut(target, 3)
  })

  test('a card that can not be blocked keeps nothing else open', { needs: ['server-error'] }, async (target) => {
    await withThreeCards(target)
    target.simulator.arm({ kind: 'server-error', on: 'block' })
    const told = await target.lock(person)
    expect(Object.values(told).filter((outcome) => outcome === 'transient')).toHaveLength(1)
    expect(target.inside(person)?.lock).toBe('closed')
    expect(target.inside(person)?.cards.filter(({ blocked }) => blocked)).toHaveLength(2)
    await shutOut(target, person)
    expectShut(target, 3)
  })

  test('an account that can not be closed still loses its cards', { needs: ['server-error'] }, async (target) => {
    await withThreeCards(target)
    target.simulator.arm({ kind: 'server-error', on: 'change', times: 2 })
    expect(await target.lock(person, await target.read(person))).toMatchObject({ lock: 'transient' })
    expect(target.inside(person)?.cards.map(({ blocked }) => blocked)).toEqual([true, true, true])
  })

  test('cards that can not be read keep the lock-out open, although the account is closed', {
    needs: ['server-error'],
  }, async (target) => {
    await withThreeCards(target)
    target.simulator.arm({ kind: 'server-error', on: 'read', times: 2 })
    expect(await target.lock(person)).toMatchObject({ lock: 'transient' })
    expect(target.inside(person)?.lock).toBe('closed')
    await shutOut(target, person)
    expectShut(target, 3)
  })

  test('a card that somebody unblocks afterwards is seen, and shut again', async (target) => {
    await withThreeCards(target)
    await shutOut(target, person)
    target.simulator.byHand({ act: 'unblock', card: target.subject.cards[0] })
    const shown = await target.read(person)
    expect(shown?.cards.filter(({ state }) => state === 'on')).toHaveLength(1)
    await shutOut(target, person)
    expectShut(target, 3)
  })
}
