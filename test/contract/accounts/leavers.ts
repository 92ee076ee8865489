/** Who has left loses cards and levels while shut, then the account; what becomes of their cards is told in advance. */
import { expect } from 'vitest'
import type { AccountsTest } from '../accounts-test.ts'
import { madeUpPerson, openAccount } from '../made-up.ts'
import { never, type Target } from '../target.ts'

const person = madeUpPerson(1)
const other = madeUpPerson(2)

async function shutWithTwoCards(target: Target): Promise<void> {
  const cards = target.subject.cards.slice(0, 2).map((card) => ({ card, state: 'on' as const }))
  await target.put(person, { cards, levels: target.simulator.levels.slice(0, 2) })
  await target.lock(person)
}

export function leavers(test: AccountsTest): void {
  test('stage by stage: levels and cards are taken off the shut account, and it stays shut until it is removed', async (target) => {
    const { subject, simulator } = target
    const ours = subject.cards.slice(0, 2)
    await shutWithTwoCards(target)
    const before = await target.read(person)
    const closed = { lock: 'closed', validity: before?.validity ?? { from: null, until: null } } as const
    const held = ours.map((card) => ({ card, state: 'blocked' as const }))
    await target.put(person, { ...closed, cards: held }, { levels: simulator.levels.slice(0, 2) })
    expect(target.inside(person)).toMatchObject({
      lock: 'closed',
      levels: [],
      cards: [{ blocked: true }, { blocked: true }],
    })
    await target.put(person, closed, { cards: ours })
    expect(target.inside(person)).toMatchObject({ lock: 'closed', cards: [] })
    expect(Object.values(await target.remove(person))).toEqual(['applied'])
    expect([target.inside(person), await target.read(person)]).toEqual([null, null])
    // Our block went with the cards, so anybody may be given them.
    const { accounts } = target
    const cards = ours.map((card) => ({ card, state: 'on' as const }))
    const desired = openAccount(other, { cards })
    const nothing = { levels: [], cards: [] }
    const change = {
      kind: 'put',
      externalId: accounts.identify(other),
      actual: null,
      desired,
      revoke: nothing,
    } as const
    const { parts } = await accounts.apply(change, never)
    expect(parts.filter(({ failure }) => failure !== undefined)).toEqual([])
    expect(target.inside(other)?.cards).toMatchObject([{ blocked: false }, { blocked: false }])
  })

  test('removed with its cards still blocked, it leaves none of them open: each is given again only with our block lifted', async (target) => {
    const { accounts, subject } = target
    const [card] = subject.cards
    await shutWithTwoCards(target)
    await target.remove(person)
    expect(target.inside(person)).toBeNull()
    await target.put(other)
    const give = async (lift: readonly (typeof card)[]) => {
      const actual = await target.read(other)
      const desired = openAccount(other, { cards: [{ card, state: 'on' }] })
      const revoke = { levels: [], cards: [] }
      const { parts } = await accounts.apply(
        { kind: 'put', externalId: accounts.identify(other), actual, desired, revoke, lift },
        never,
      )
      return parts.find(({ part }) => part.kind === 'card')
    }
    expect(await give([])).toMatchObject({ outcome: 'failed', failure: { kind: 'conflict' } })
    expect(target.inside(other)?.cards).toEqual([])
    expect(await give([card])).toMatchObject({ outcome: 'applied' })
    expect(target.inside(other)?.cards).toMatchObject([{ blocked: false }])
  })
}
