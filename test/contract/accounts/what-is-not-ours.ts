/** What others brought about stays: their levels, their cards, their accounts; and some accounts are never touched at all. */
import { expect } from 'vitest'
import type { AccountsTest } from '../accounts-test.ts'
import { madeUpPerson, openAccount } from '../made-up.ts'
import { never } from '../target.ts'

const person = madeUpPerson(1)
const other = madeUpPerson(2)

export function whatIsNotOurs(test: AccountsTest): void {
  test('levels and cards that others gave stay, whatever is ordered or revoked', async (target) => {
    const { subject, simulator, accounts } = target
    const [ours, next] = subject.cards
    const [first, second, theirs] = simulator.levels as [string, string, string]
    const externalId = accounts.identify(person)
    await target.put(person, { cards: [{ card: ours, state: 'on' }], levels: [first] })
    simulator.byHand({ act: 'grant', externalId, level: theirs })
    simulator.byHand({ act: 'add-card', externalId, number: 1 })
    const foreign = target.inside(person)?.cards.filter(({ number }) => number !== subject.cardNumber(ours)) ?? []
    expect(foreign).toHaveLength(1)
    await target.put(
      person,
      { cards: [{ card: next, state: 'on' }], levels: [second] },
      { levels: [first], cards: [ours] },
    )
    expect([...(target.inside(person)?.levels ?? [])].sort()).toEqual([second, theirs].sort())
    expect(target.inside(person)?.cards).toEqual(
      expect.arrayContaining([...foreign, { number: subject.cardNumber(next), blocked: false }]),
    )
    expect(target.inside(person)?.cards).toHaveLength(2)
  })

  test('a level that comes another way is told, not written, and not revoked', {
    needs: ['inherited-level'],
  }, async (target) => {
    const { simulator, accounts } = target
    await target.put(person)
    const level = simulator.inherit(accounts.identify(person))
    const shown = await (await target.connect({})).accounts.read(accounts.identify(person), never)
    expect(shown).toMatchObject({ levels: [], inheritedLevels: [level] })
    const { writes } = simulator.requests
    const change = { kind: 'put', externalId: accounts.identify(person), actual: shown } as const
    const wanted = { ...change, desired: openAccount(person, { levels: [level] }), revoke: { levels: [], cards: [] } }
    const revoked = { ...change, desired: openAccount(person), revoke: { levels: [level], cards: [] } }
    for (const order of [wanted, revoked]) {
      const { parts } = await accounts.apply(order, never)
      expect(new Set(parts.map(({ outcome }) => outcome))).toEqual(new Set(['unchanged']))
    }
    expect(simulator.requests.writes).toBe(writes)
  })

  test('no order touches any other account', async (target) => {
    const { subject, simulator, accounts } = target
    simulator.fill(20)
    simulator.byHand({ act: 'create', externalId: accounts.identify(other), cards: [subject.cards[3]] })
    const others = () =>
      simulator.ids().flatMap((id) => (id === accounts.identify(person) ? [] : [simulator.inside(id)]))
    const before = others()
    const cards = subject.cards.map((card) => ({ card, state: 'on' as const }))
    await target.put(person, { cards, levels: simulator.levels.slice(0, 3) })
    await target.put(person, { cards: [], levels: [] }, { levels: simulator.levels, cards: [...subject.cards] })
    await target.lock(person)
    await target.remove(person)
    expect(others()).toEqual(before)
  })

  test('operators, built-in accounts and our own are shown as such, and every order on them is refused', async (target) => {
    const { simulator, accounts } = target
    expect(simulator.untouchable.length).toBeGreaterThan(1)
    const listed = new Map<string, boolean>()
    for await (const page of accounts.list(never))
      for (const account of page) listed.set(account.externalId, account.untouchable)
    const revoke = { levels: [], cards: [] }
    const desired = openAccount(person, { lock: 'closed' })
    for (const externalId of simulator.untouchable) {
      const before = simulator.inside(externalId)
      expect(before).not.toBeNull()
      const actual = await accounts.read(externalId, never)
      expect(actual?.untouchable).toBe(true)
      expect(listed.get(externalId)).toBe(true)
      for (const change of [
        { kind: 'put', externalId, desired, actual, revoke },
        { kind: 'lock', externalId, known: actual, at: new Date() },
        { kind: 'lock', externalId, known: null, at: new Date() },
        { kind: 'remove', externalId },
      ] as const) {
        await expect(accounts.apply(change, never)).rejects.toMatchObject({ kind: 'rejected' })
      }
      expect(simulator.inside(externalId)).toEqual(before)
    }
  })
}
