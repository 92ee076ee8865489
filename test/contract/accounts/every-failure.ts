/** Each kind of failure, reached by really provoking it: the kind alone decides what the engine does next. */
import { expect } from 'vitest'
import type { FailureKind } from '../../../src/model/failure.ts'
import type { Fault, Where } from '../accounts-subject.ts'
import type { AccountsTest } from '../accounts-test.ts'
import { bringAbout } from '../engine.ts'
import { madeUpPerson, openAccount } from '../made-up.ts'
import { never, type Target } from '../target.ts'

const person = madeUpPerson(1)

const calls: readonly (readonly [Where, string, (target: Target) => Promise<unknown>])[] = [
  ['create', 'creating', (target) => target.put(madeUpPerson(2))],
  ['change', 'changing', (target) => target.put({ ...person, familyName: 'Thistledown' })],
  ['remove', 'removing', (target) => target.remove(person)],
  ['read', 'reading', (target) => target.read(person)],
  ['list', 'listing', (target) => Array.fromAsync(target.accounts.list(never))],
  ['discover', 'discovering', (target) => target.accounts.discover(never)],
]

const faults: readonly (readonly [Fault['kind'], FailureKind])[] = [
  ['server-error', 'transient'],
  ['maintenance', 'transient'],
  ['throttled', 'throttled'],
]

export function everyFailure(test: AccountsTest): void {
  for (const [fault, kind] of faults) {
    for (const [on, doing, call] of calls) {
      test(`${fault} while ${doing} is ${kind}, is not retried by the connector, and is over when it is over`, {
        needs: [fault],
      }, async (target) => {
        const { simulator } = target
        await target.put(person)
        const arm = { on, times: 50 }
        if (fault === 'throttled') simulator.arm({ ...arm, kind: fault, retryAfterMs: 7000 })
        else simulator.arm({ ...arm, kind: fault } as Fault)
        const before = simulator.requests
        const expected = fault === 'throttled' ? { kind, retryAfterMs: 7000 } : { kind }
        await expect(call(target)).rejects.toMatchObject({
          ...expected,
          code: expect.stringMatching(/^[a-z0-9]+\.[a-z0-9-]+$/),
        })
        expect(simulator.requests.all - before.all).toBeLessThanOrEqual(target.subject.requestsMax?.failing ?? 5)
        simulator.disarm()
        await call(target)
      })
    }
  }

  test('a wait that is asked for in the middle of an order is told for its part', {
    needs: ['throttled'],
  }, async (target) => {
    const { accounts, simulator, subject } = target
    await target.put(person, { cards: [{ card: subject.cards[0], state: 'on' }] })
    simulator.arm({ kind: 'throttled', on: 'block', retryAfterMs: 7000 })
    const known = await target.read(person)
    const order = { kind: 'lock', externalId: accounts.identify(person), known, at: new Date() } as const
    const { parts } = await accounts.apply(order, never)
    expect(parts.flatMap(({ failure }) => failure ?? [])).toMatchObject([{ kind: 'throttled', retryAfterMs: 7000 }])
    expect(target.inside(person)?.lock).toBe('closed')
  })

  test('a system that is down is transient, and nothing can have been done', { needs: ['down'] }, async (target) => {
    const { simulator } = target
    await target.put(person)
    simulator.setDown(true)
    for (const call of [() => target.read(person), () => target.put(person), () => target.remove(person)])
      await expect(call()).rejects.toMatchObject({ kind: 'transient', outcomeUnknown: false })
    await expect(target.health(never)).rejects.toMatchObject({ kind: 'transient' })
    simulator.setDown(false)
    await bringAbout(target, openAccount(person))
    expect(target.inside(person)).not.toBeNull()
  })

  test('a system that never answers is transient, within the time limit', {
    needs: ['hang'],
    timeoutMs: 250,
  }, async (target) => {
    await target.put(person)
    target.simulator.arm({ kind: 'hang', on: 'anything', times: 50 })
    const begun = performance.now()
    await expect(target.read(person)).rejects.toMatchObject({ kind: 'transient' })
    expect(performance.now() - begun).toBeLessThan(2000)
  })

  test('a wrong password is unauthenticated', { needs: ['refused-login'] }, async (target) => {
    const refused = await target.connect({ wrong: 'password' })
    await expect(refused.accounts.discover(never)).rejects.toMatchObject({ kind: 'unauthenticated' })
  })

  test('a certificate that is not the expected one is unauthenticated, and nothing is sent', async (target) => {
    const { all } = target.simulator.requests
    const refused = await target.connect({ wrong: 'certificate' })
    await expect(refused.accounts.discover(never)).rejects.toMatchObject({ kind: 'unauthenticated' })
    await expect(refused.health(never)).rejects.toMatchObject({ kind: 'unauthenticated' })
    expect(target.simulator.requests.all).toBe(all)
  })

  test('a system that is full is rejected, and what is there can still be locked', {
    needs: ['full'],
  }, async (target) => {
    await target.put(person)
    target.simulator.arm({ kind: 'full', on: 'create', times: 50 })
    await expect(target.put(madeUpPerson(2))).rejects.toMatchObject({ kind: 'rejected', outcomeUnknown: false })
    expect(target.count(madeUpPerson(2))).toBe(0)
    expect(await target.lock(person)).toMatchObject({ lock: 'applied' })
  })

  test('an account that went away between reading and changing is a conflict', async (target) => {
    await target.put(person)
    const actual = await target.read(person)
    const externalId = target.accounts.identify(person)
    target.simulator.byHand({ act: 'delete', externalId })
    const desired = openAccount({ ...person, familyName: 'Thistledown' })
    const change = { kind: 'put', externalId, desired, actual, revoke: { levels: [], cards: [] } } as const
    await expect(target.accounts.apply(change, never)).rejects.toMatchObject({ kind: 'conflict' })
    await bringAbout(target, desired)
    expect(target.count(person)).toBe(1)
  })

  test('health tells what it is connected to, and how sure a write is to reach the readers', async (target) => {
    const health = await target.health(never)
    expect(health).toMatchObject({ product: expect.stringMatching(/\w/), version: expect.stringMatching(/\w/) })
    expect(['read-back', 'accepted', 'not-knowable']).toContain(health.reach)
    for (const { code } of health.problems) expect(code).toMatch(/^[a-z0-9]+\.[a-z0-9-]+$/)
    for (const { message } of health.problems)
      for (const secret of target.simulator.secrets) expect(message).not.toContain(secret)
  })
}
