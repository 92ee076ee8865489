/** A signal ends a call at once, with its own reason, and frees the slot that the call had. */
import { expect } from 'vitest'
import type { AccountsTest } from '../accounts-test.ts'
import { madeUpPerson, openAccount } from '../made-up.ts'
import type { Target } from '../target.ts'

const person = madeUpPerson(1)

const calls: readonly (readonly [string, (target: Target, signal: AbortSignal) => Promise<unknown>])[] = [
  ['reading', ({ accounts }, signal) => accounts.read(accounts.identify(person), signal)],
  ['listing', ({ accounts }, signal) => Array.fromAsync(accounts.list(signal))],
  ['discovering', ({ accounts }, signal) => accounts.discover(signal)],
  [
    'putting',
    ({ accounts, subject, simulator }, signal) => {
      const cards = subject.cards.map((card) => ({ card, state: 'on' as const }))
      const desired = openAccount(person, { cards, levels: simulator.levels.slice(0, 2) })
      const externalId = accounts.identify(person)
      return accounts.apply(
        { kind: 'put', externalId, desired, actual: null, revoke: { levels: [], cards: [] } },
        signal,
      )
    },
  ],
  [
    'locking',
    ({ accounts }, signal) =>
      accounts.apply({ kind: 'lock', externalId: accounts.identify(person), known: null, at: new Date() }, signal),
  ],
  [
    'removing',
    ({ accounts }, signal) => accounts.apply({ kind: 'remove', externalId: accounts.identify(person) }, signal),
  ],
  ['asking for health', ({ health }, signal) => health(signal)],
]

/** So long that a test which waits for it fails. */
const timeoutMs = 20_000

export function cancelling(test: AccountsTest): void {
  for (const [doing, call] of calls) {
    test(`${doing} ends at once with the reason of the signal, and leaves no slot taken`, {
      needs: ['hang'],
      timeoutMs,
      concurrency: 1,
    }, async (target) => {
      const { simulator, accounts } = target
      await accounts.discover(new AbortController().signal)
      simulator.arm({ kind: 'hang', on: 'anything', times: 50 })
      const cancel = new AbortController()
      const before = simulator.requests.all
      const running = call(target, cancel.signal)
      await expect.poll(() => simulator.requests.all, { interval: 5 }).toBeGreaterThan(before)
      const begun = performance.now()
      const reason = new Error('a lock-out overtakes')
      cancel.abort(reason)
      await expect(running).rejects.toBe(reason)
      simulator.disarm()
      // There is one slot: whoever comes next gets it only if it was given back.
      await accounts.discover(new AbortController().signal)
      expect(performance.now() - begun).toBeLessThan(2000)
    })

    test(`${doing} with a signal that is over makes no call`, async (target) => {
      const { all } = target.simulator.requests
      const reason = new Error('over before it began')
      await expect(call(target, AbortSignal.abort(reason))).rejects.toBe(reason)
      expect(target.simulator.requests.all).toBe(all)
    })
  }

  test('a login that nobody waits for any more leaves no slot taken', {
    needs: ['hang', 'refused-login'],
    timeoutMs,
    concurrency: 1,
  }, async (target) => {
    const { simulator, accounts } = target
    simulator.arm({ kind: 'hang', on: 'login' })
    const cancel = new AbortController()
    const running = accounts.discover(cancel.signal)
    await expect.poll(() => simulator.requests.logins, { interval: 5 }).toBe(1)
    const begun = performance.now()
    const reason = new Error('enough')
    cancel.abort(reason)
    await expect(running).rejects.toBe(reason)
    expect(await accounts.discover(new AbortController().signal)).not.toEqual([])
    expect(performance.now() - begun).toBeLessThan(2000)
  })

  test('one who gives up waiting takes nothing from others who wait for the same', {
    needs: ['hang'],
    timeoutMs: 2000,
  }, async (target) => {
    const second = await target.connect({})
    const cancel = new AbortController()
    const reason = new Error('enough')
    const givesUp = second.accounts.discover(cancel.signal)
    const waits = second.accounts.discover(new AbortController().signal)
    cancel.abort(reason)
    await expect(givesUp).rejects.toBe(reason)
    expect(await waits).not.toEqual([])
  })

  test('an order that was cancelled and comes again is carried out once', async (target) => {
    for (const waitMs of [0, 1, 2, 4, 8, 16]) {
      const one = madeUpPerson(100 + waitMs)
      const cancel = new AbortController()
      const externalId = target.accounts.identify(one)
      const desired = openAccount(one, { levels: target.simulator.levels.slice(0, 2) })
      const change = { kind: 'put', externalId, desired, actual: null, revoke: { levels: [], cards: [] } } as const
      const running = target.accounts.apply(change, cancel.signal).catch((error: unknown) => error)
      setTimeout(() => cancel.abort(new Error('enough')), waitMs)
      await running
      await target.simulator.landed()
      await target.put(one, desired)
      expect(target.count(one)).toBe(1)
      expect(target.inside(one)?.levels).toEqual(desired.levels)
    }
  })
}
