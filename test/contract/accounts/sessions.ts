/** Logging in is the connector's own business: sessions that end are renewed unseen, and a refused login is never hammered. */
import { expect } from 'vitest'
import type { Where } from '../accounts-subject.ts'
import type { AccountsTest } from '../accounts-test.ts'
import { madeUpPerson } from '../made-up.ts'
import { never, type Target } from '../target.ts'

const person = madeUpPerson(1)

function withCard({ subject, simulator }: Target, state: 'on' | 'blocked') {
  return { cards: [{ card: subject.cards[0], state }], levels: simulator.levels.slice(0, 1) }
}

export function sessions(test: AccountsTest): void {
  const steps: Readonly<Partial<Record<Where, (target: Target) => Promise<unknown>>>> = {
    create: (target) => target.put(person, withCard(target, 'on')),
    change: (target) => target.put(person, { lock: 'closed', ...withCard(target, 'on') }),
    block: (target) => target.put(person, { lock: 'closed', ...withCard(target, 'blocked') }),
    remove: (target) => target.remove(person),
    read: (target) => target.read(person),
    list: ({ accounts }) => Array.fromAsync(accounts.list(never)),
    discover: ({ accounts }) => accounts.discover(never),
  }
  for (const [on, step] of Object.entries(steps) as [Where, (target: Target) => Promise<unknown>][]) {
    test(`a session that ends in the middle (${on}) is renewed, once and unseen`, {
      needs: ['session-lost'],
    }, async (target) => {
      const { simulator, accounts } = target
      await accounts.discover(never)
      if (on !== 'create') await target.put(person, withCard(target, 'on'))
      const { logins } = simulator.requests
      simulator.arm({ kind: 'session-lost', on })
      const got = await step(target)
      expect(got).not.toBeNull()
      expect(Object.values(got as object)).not.toEqual([])
      expect(simulator.requests.logins).toBe(logins + 1)
      expect(target.listener.errors).toBe(0)
      if (on === 'create') expect(target.count(person)).toBe(1)
      if (on === 'change' || on === 'block') expect(target.inside(person)?.lock).toBe('closed')
      if (on === 'block') expect(target.inside(person)?.cards).toMatchObject([{ blocked: true }])
      if (on === 'remove') expect(target.count(person)).toBe(0)
    })
  }

  test('a session that ends under many calls at once is renewed for all of them', {
    needs: ['session-lost'],
  }, async (target) => {
    const people = Array.from({ length: 12 }, (_, n) => madeUpPerson(n))
    for (const one of people) await target.put(one)
    const { logins } = target.simulator.requests
    target.simulator.arm({ kind: 'session-lost', on: 'read' })
    const read = await Promise.all(people.map((one) => target.read(one)))
    expect(read).not.toContain(null)
    expect(target.simulator.requests.logins).toBe(logins + 1)
  })

  test('a session that ends again at once is told, and does not become a loop', {
    needs: ['session-lost'],
  }, async (target) => {
    await target.put(person)
    const { all } = target.simulator.requests
    target.simulator.arm({ kind: 'session-lost', on: 'read', times: 100 })
    await expect(target.read(person)).rejects.toMatchObject({ kind: 'transient' })
    expect(target.simulator.requests.all - all).toBeLessThan(10)
  })

  test('a refused login is tried once, however much is ordered', { needs: ['refused-login'] }, async (target) => {
    const { simulator, accounts } = target
    const refused = await target.connect({ wrong: 'password' })
    const { logins } = simulator.requests
    const externalId = accounts.identify(person)
    const orders = [1, 2, 3, 4, 5].map(() => refused.accounts.read(externalId, never))
    for (const order of orders) await expect(order).rejects.toMatchObject({ kind: 'unauthenticated' })
    for (const order of [
      () => refused.accounts.discover(never),
      () => refused.accounts.apply({ kind: 'lock', externalId, known: null, at: new Date() }, never),
      () => Array.fromAsync(refused.accounts.list(never)),
      () => refused.health(never),
    ]) {
      await expect(order()).rejects.toMatchObject({ kind: 'unauthenticated' })
    }
    expect(simulator.requests.logins - logins).toBeLessThanOrEqual(1)
  })

  test('a login that is refused later, when a session ended, is tried once, and says so', {
    needs: ['refused-login'],
  }, async (target) => {
    const { simulator, accounts } = target
    await target.put(person, withCard(target, 'on'))
    const known = await target.read(person)
    const { logins } = simulator.requests
    simulator.refuseLogins()
    await expect(target.read(person)).rejects.toMatchObject({ kind: 'unauthenticated' })
    await expect(accounts.discover(never)).rejects.toMatchObject({ kind: 'unauthenticated' })
    await expect(target.lock(person, known)).rejects.toMatchObject({ kind: 'unauthenticated' })
    expect(simulator.requests.logins).toBe(logins + 1)
  })

  test('a closed connection makes no more calls, and can be closed again', async (target) => {
    const second = await target.connect({})
    await second.accounts.discover(never)
    await second.close()
    await second.close()
    const { all } = target.simulator.requests
    await expect(second.accounts.discover(never)).rejects.toMatchObject({ kind: 'transient' })
    expect(target.simulator.requests.all).toBe(all)
    expect(await target.accounts.discover(never)).not.toEqual([])
  })
}
