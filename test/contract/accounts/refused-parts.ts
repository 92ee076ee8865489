/** One part that the system refuses costs that part: all others are done, and each says what became of it. */
import { expect } from 'vitest'
import type { AccountsTest } from '../accounts-test.ts'
import { madeUpPerson } from '../made-up.ts'

const person = madeUpPerson(1)
const other = madeUpPerson(2)

export function refusedParts(test: AccountsTest): void {
  test('a card that somebody else has fails alone, and stays theirs', async (target) => {
    const { subject, simulator, accounts } = target
    const [taken, free] = subject.cards
    simulator.byHand({ act: 'create', externalId: accounts.identify(other), cards: [taken] })
    const theirs = target.inside(other)
    const levels = simulator.levels.slice(0, 1)
    const desired = { cards: [taken, free].map((card) => ({ card, state: 'on' as const })), levels }
    for (const expected of ['applied', 'unchanged']) {
      expect(await target.put(person, desired)).toEqual({
        lock: expected,
        validity: expected,
        profile: expected,
        [`card ${taken.raw}`]: 'conflict',
        [`card ${free.raw}`]: expected,
        [`level ${levels[0]}`]: expected,
      })
      const cards = [{ number: subject.cardNumber(free), blocked: false }]
      expect(target.inside(person)).toMatchObject({ levels, cards })
      expect(target.inside(other)).toEqual(theirs)
    }
  })

  test('a card that the system never takes is refused before anything is written for it, and costs itself alone', async (target) => {
    const { subject, simulator, accounts } = target
    const { refusedCard } = subject
    const refused = `card ${refusedCard.raw}`
    const [free] = subject.cards
    try {
      accounts.checkCard(refusedCard)
    } catch (error) {
      // Known without any call: the engine never orders it.
      expect(error).toMatchObject({ kind: 'rejected' })
      return
    }
    await target.put(person)
    const cards = [refusedCard, free].map((card) => ({ card, state: 'on' as const }))
    for (const expected of ['applied', 'unchanged']) {
      const { writes } = simulator.requests
      expect(await target.put(person, { cards })).toMatchObject({
        lock: 'unchanged',
        [refused]: 'rejected',
        [`card ${free.raw}`]: expected,
      })
      // One gives the other card, and nothing is sent for this one.
      expect(simulator.requests.writes - writes).toBeLessThanOrEqual(expected === 'applied' ? 2 : 0)
      expect(target.inside(person)?.cards).toEqual([{ number: subject.cardNumber(free), blocked: false }])
    }
    expect(await target.put(other, { cards: [{ card: refusedCard, state: 'on' }] })).toMatchObject({
      lock: 'applied',
      [refused]: 'rejected',
    })
  })

  test('a level that does not exist fails alone, when creating as when changing', async (target) => {
    const { subject, simulator } = target
    const [first, second] = simulator.levels as [string, string]
    const { missingLevel } = subject
    expect(await target.put(person, { levels: [first, missingLevel] })).toMatchObject({
      lock: 'applied',
      profile: 'applied',
      [`level ${first}`]: 'applied',
      [`level ${missingLevel}`]: 'rejected',
    })
    expect(await target.put(person, { levels: [first, missingLevel, second] })).toMatchObject({
      [`level ${first}`]: 'unchanged',
      [`level ${missingLevel}`]: 'rejected',
      [`level ${second}`]: 'applied',
    })
    expect(target.inside(person)?.levels).toEqual([first, second])
  })

  test('a refused name costs the profile of an account, and nothing else', {
    needs: ['refused-name'],
  }, async (target) => {
    const { subject, simulator } = target
    await target.put(person)
    const before = target.inside(person)
    const renamed = { ...person, ...simulator.refuseNames() }
    const [card] = subject.cards
    const levels = simulator.levels.slice(0, 2)
    const desired = { lock: 'closed', levels, cards: [{ card, state: 'on' }] } as const
    expect(await target.put(renamed, desired)).toEqual({
      lock: 'applied',
      validity: 'unchanged',
      profile: 'rejected',
      [`card ${card.raw}`]: 'applied',
      [`level ${levels[0]}`]: 'applied',
      [`level ${levels[1]}`]: 'applied',
    })
    expect(target.inside(person)).toMatchObject({
      name: before?.name,
      lock: 'closed',
      levels,
      cards: [{ blocked: false }],
    })
  })

  test('who can not be created for a name is told so for every part, and is not there by half', {
    needs: ['refused-name'],
  }, async (target) => {
    const { subject, simulator } = target
    const refused = { ...person, ...simulator.refuseNames() }
    const [card] = subject.cards
    const told = await target.put(refused, { levels: simulator.levels.slice(0, 1), cards: [{ card, state: 'on' }] })
    expect(Object.keys(told)).toHaveLength(5)
    expect(new Set(Object.values(told))).toEqual(new Set(['rejected']))
    expect(target.count(refused)).toBe(0)
    // The card waits for whoever gets it: it must not be stuck on nobody.
    expect(await target.put(other, { cards: [{ card, state: 'on' }] })).toMatchObject({
      [`card ${card.raw}`]: 'applied',
    })
  })

  test('of more levels than fit, the same ones are left out each time, and the rest is done', {
    needs: ['level-limit'],
  }, async (target) => {
    const { subject, simulator } = target
    const max = subject.levelsMax ?? 0
    const levels = simulator.levels.slice(0, max + 2)
    const first = await target.put(person, {
      levels: [...levels].reverse(),
      cards: [{ card: subject.cards[0], state: 'on' }],
    })
    expect(Object.values(first).filter((outcome) => outcome === 'rejected')).toHaveLength(2)
    expect(first).toMatchObject({ lock: 'applied', [`card ${subject.cards[0].raw}`]: 'applied' })
    const inside = target.inside(person)
    expect(inside?.levels).toHaveLength(max)
    const second = await target.put(person, { levels, cards: [{ card: subject.cards[0], state: 'on' }] })
    const refused = (told: object) =>
      Object.entries(told).flatMap(([part, outcome]) => (outcome === 'rejected' ? part : []))
    expect(refused(second).sort()).toEqual(refused(first).sort())
    expect(target.inside(person)).toEqual(inside)
  })

  test('everything refused at once costs these parts only', { needs: ['refused-name'] }, async (target) => {
    const { subject, simulator, accounts } = target
    await target.put(person)
    const [taken, free] = subject.cards
    simulator.byHand({ act: 'create', externalId: accounts.identify(other), cards: [taken] })
    const renamed = { ...person, ...simulator.refuseNames() }
    const [level] = simulator.levels as [string]
    const told = await target.put(renamed, {
      levels: [subject.missingLevel, level],
      cards: [taken, free].map((card) => ({ card, state: 'on' as const })),
      validity: { from: null, until: '2030-06-30T22:00:00.000Z' },
    })
    expect(told).toEqual({
      lock: 'unchanged',
      validity: 'applied',
      profile: 'rejected',
      [`card ${taken.raw}`]: 'conflict',
      [`card ${free.raw}`]: 'applied',
      [`level ${subject.missingLevel}`]: 'rejected',
      [`level ${level}`]: 'applied',
    })
    expect(target.inside(person)).toMatchObject({
      levels: [level],
      cards: [{ number: subject.cardNumber(free), blocked: false }],
    })
  })
}
