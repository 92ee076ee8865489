/**
 * Whoever is killed in the middle of an order leaves nothing that the next one would take for somebody else's: an account that is to be open
 * is never left closed, since a block that nobody ordered stays until a person lifts it.
 */
import { expect } from 'vitest'
import type { AccountsTest } from '../accounts-test.ts'
import { bringAbout } from '../engine.ts'
import { madeUpPerson, openAccount } from '../made-up.ts'

const person = madeUpPerson(1)
/** More writes than any order here makes. */
const writesMax = 10

export function killed(test: AccountsTest): void {
  for (const kind of ['cut-before', 'cut-after'] as const) {
    test(`killed at any write (${kind}) of an order for cards that shall be blocked, an open account stays open`, {
      needs: [kind],
    }, async (target) => {
      const { simulator, subject } = target
      const [first, second, third] = subject.cards
      const levels = simulator.levels.slice(0, 2)
      const blocked = [second, third].map((card) => ({ card, state: 'blocked' as const }))
      const before = openAccount(person, { cards: [{ card: first, state: 'blocked' }], levels })
      const after = openAccount(person, { cards: blocked, levels: levels.slice(0, 1) })
      const revoke = { cards: [first], levels: levels.slice(1) }
      for (let skip = 0; skip < writesMax; skip++) {
        await bringAbout(target, before)
        simulator.arm({ kind, on: 'write', skip, times: 1000 })
        await target.put(person, after, revoke).catch(() => undefined)
        simulator.disarm()
        await simulator.landed()
        expect(target.inside(person)?.lock, `after ${skip} writes`).toBe('open')
        await bringAbout(target, after, revoke)
        expect(target.inside(person)).toMatchObject({ lock: 'open', levels: levels.slice(0, 1) })
        expect(target.inside(person)?.cards.map((card) => card.blocked)).toEqual([true, true])
        await target.remove(person)
      }
    })
  }
}
