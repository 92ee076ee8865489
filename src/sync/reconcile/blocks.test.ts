/** Proves that a block of ours goes with the card that is taken away, and that nobody else's does. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { AccountChange } from '../../connector/contract.ts'
import { ConnectorError } from '../../connector/errors.ts'
import { type Card, cardKey, h10301 } from '../../model/card.ts'
import { issueCard, loseCard } from '../cards.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { nextCalls } from '../fixtures/memory-target.fixture.ts'
import { lockPerson, unlockPerson } from '../operator.ts'
import { row, Site } from './site.fixture.ts'

const card = h10301(7, 101)

const engine = useEngine()
let bench: Bench
let site: Site
/** Whether each put could lift the block of the card, in their order. */
let lifts: boolean[]
let refusesLift: boolean

beforeEach(async () => {
  bench = await engine.begin()
  site = new Site(bench)
  lifts = []
  refusesLift = false
  const { accounts } = bench.target.connection
  const { apply } = accounts
  const has = (cards: readonly Card[] = []) => cards.some((each) => cardKey(each) === cardKey(card))
  accounts.apply = async (change: AccountChange, signal) => {
    const done = await apply(change, signal)
    if (change.kind !== 'put') return done
    lifts.push(has(change.lift))
    if (!refusesLift || !has(change.revoke.cards)) return done
    const failure = new ConnectorError({ kind: 'transient', code: 'memory.still-blocked' })
    return {
      parts: done.parts.map((each) => (each.part.kind === 'card' ? { ...each, outcome: 'failed', failure } : each)),
    }
  }
})

/** Blocks the card at the target, as its console would. */
function blockByHand(): void {
  const held = site.card()
  if (held === undefined) throw new Error('there is no card')
  held.state = 'blocked'
}

describe('a block', () => {
  test.each([
    ['of a suspended card', { cardState: 'suspended' }],
    ['of a leaver', { status: 'left' }],
    ['of a leaver who gave the card back at once', null],
  ] as const)('%s that is ours is lifted with the card', async (_whose, more) => {
    await site.settle(row(1))
    if (more !== null) await site.settle(row(1, more))
    lifts = []
    await site.settle(row(1, { ...(more ?? { status: 'left' }), cardState: 'returned' }))
    expect([site.card(), lifts.at(-1)]).toEqual([undefined, true])
  })

  test('that somebody else made is not', async () => {
    await site.settle(row(1))
    blockByHand()
    await site.settle(row(1, { cardState: 'returned' }))
    expect([site.card(), lifts.at(-1)]).toEqual([undefined, false])
  })

  test('of a lost card stays', async () => {
    await site.settle(row(1))
    await site.settle(row(1, { cardState: 'lost' }))
    expect(site.card()?.state).toBe('blocked')
    await site.settle(row(1, { status: 'left', cardState: 'lost' }))
    await bench.pass(8 * 24 * 3_600_000)
    await bench.followCalendar()
    await bench.rest()
    expect([site.card(), lifts.at(-1)]).toEqual([undefined, false])
  })

  test('that could not be lifted is still ours when the same account is given the card again', async () => {
    await site.settle(row(1))
    await site.settle(row(1, { cardState: 'suspended' }))
    refusesLift = true
    await site.settle(row(1, { cardState: 'returned' }))
    expect(site.card()).toBeUndefined()
    lifts = []
    await issueCard(bench.context, await bench.personOf('n1'), card, bench.operator, 'handed in')
    await bench.rest()
    expect([site.card()?.state, lifts]).toEqual(['on', [true]])
    lifts = []
    await site.settle(row(1, { cardState: 'returned', given: 'Other' }))
    expect([site.card()?.state, lifts]).toEqual(['on', [false]])
  })

  test('of a lock that was lifted goes, though a card is lost before the account is opened again', async () => {
    await site.settle(row(1))
    const person = await bench.personOf('n1')
    await lockPerson(bench.context, person, bench.operator, 'seen with a stranger')
    await bench.rest()
    await unlockPerson(bench.context, person, bench.operator, 'all is well', 1)
    await loseCard(bench.context, { person: null, card }, bench.operator, 'left in a bus')
    await bench.rest()
    expect([site.user()?.lock, site.card()?.state]).toEqual(['open', 'blocked'])
  })
})

describe("a block on a card that is none of the person's", () => {
  const theirs = h10301(7, 900)
  const other = h10301(7, 901)
  const give = (each: Card, state: 'on' | 'blocked' = 'on') =>
    site.user()?.cards.set(cardKey(each), { card: each, state })
  const stateOf = (each: Card) => site.user()?.cards.get(cardKey(each))?.state
  const lock = async () => {
    await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'seen with a stranger')
    await bench.rest()
  }
  const unlock = async () => {
    await unlockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'all is well', 1)
    await bench.rest()
  }
  const owned = async () => (await bench.rows<{ owned: string }>('select owned from account'))[0]?.owned ?? ''

  test.each(['of others', 'of a format that nobody can say'])(
    'is lifted with the lock when it is ours, and stays when it was there before (%s)',
    async (which) => {
      await site.settle(row(1))
      give(theirs)
      give(other, 'blocked')
      if (which !== 'of others') for (const each of [theirs, other]) bench.target.unreadable.add(cardKey(each))
      await lock()
      expect([site.user()?.lock, stateOf(theirs), stateOf(other), site.card()?.state]).toEqual([
        ...['closed', 'blocked', 'blocked', 'blocked'],
      ])
      expect(await owned()).not.toContain('"900"')
      await unlock()
      expect([site.user()?.lock, stateOf(theirs), stateOf(other), site.card()?.state]).toEqual([
        ...['open', 'on', 'blocked', 'on'],
      ])
      expect(await owned()).not.toContain('strange')
      // Whoever blocks it from now on is somebody else.
      give(theirs, 'blocked')
      await site.settle(row(1, { given: 'Other' }))
      expect(stateOf(theirs)).toBe('blocked')
    },
  )

  test('is lifted after a leaver comes back, whose lock-out was tried twice', async () => {
    await site.settle(row(1))
    give(theirs)
    nextCalls(bench.target, 'lock', { is: 'parts', parts: ['lock'], kind: 'transient' })
    await site.settle(row(1, { status: 'left' }))
    expect([site.user()?.lock, stateOf(theirs)]).toEqual(['closed', 'blocked'])
    await site.settle(row(1))
    expect([site.user()?.lock, stateOf(theirs)]).toEqual(['open', 'on'])
  })

  test('stays when nobody knows whose it is, since the answer to the lock-out was lost', async () => {
    await site.settle(row(1))
    give(theirs)
    nextCalls(bench.target, 'lock', { is: 'unanswered', lands: 'at-once' })
    await lock()
    await unlock()
    expect([site.user()?.lock, stateOf(theirs), site.card()?.state]).toEqual(['open', 'blocked', 'on'])
  })

  test('stays when the card is lost by now, whoever lost it', async () => {
    await site.settle(row(1), row(2, { department: 'Sales', card: '900' }))
    bench.target.sharesCards = true
    give(theirs)
    await lock()
    await site.settle(row(1), row(2, { department: 'Sales', card: '900', cardState: 'lost' }))
    await unlock()
    expect([site.user()?.lock, stateOf(theirs)]).toEqual(['open', 'blocked'])
  })

  test('that the target does not lift at first is tried until it does, and counts as ours until then', async () => {
    await site.settle(row(1))
    give(theirs)
    await lock()
    nextCalls(bench.target, 'put', { is: 'parts', parts: ['card'], kind: 'transient' })
    await unlockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'all is well', 1)
    await bench.work()
    expect([stateOf(theirs), JSON.parse(await owned())]).toEqual([
      'blocked',
      expect.objectContaining({ strange: [expect.any(String)] }),
    ])
    await bench.rest()
    expect(stateOf(theirs)).toBe('on')
    expect(await owned()).not.toContain('strange')
  })
})
