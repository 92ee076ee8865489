/** An order may come twice, or late, or again after it was done: the account ends the same, and nothing is written for nothing. */
import { expect } from 'vitest'
import { shows } from '../accounts-subject.ts'
import type { AccountsTest } from '../accounts-test.ts'
import { madeUpPerson, openAccount } from '../made-up.ts'
import { never } from '../target.ts'

const person = madeUpPerson(1)

export function repeatedOrders(test: AccountsTest): void {
  test('a created account shows every part as ordered, and so does the system itself', async (target) => {
    const { subject, simulator, accounts } = target
    const [first, second] = subject.cards
    const levels = [simulator.levels[0] ?? '', simulator.levels[4] ?? '']
    const validity = { from: '2026-01-05T06:00:00.000Z', until: '2030-06-30T22:00:00.000Z' }
    const cards = [
      { card: first, state: 'on' },
      { card: second, state: 'blocked' },
    ] as const
    const told = await target.put(person, { cards, levels, validity, pin: '837264' })
    expect(told).toEqual({
      lock: 'applied',
      validity: 'applied',
      profile: 'applied',
      pin: 'applied',
      [`card ${first.raw}`]: 'applied',
      [`card ${second.raw}`]: 'applied',
      [`level ${levels[0]}`]: 'applied',
      [`level ${levels[1]}`]: 'applied',
    })
    const shown = await target.read(person)
    expect(shown).toMatchObject({ externalId: accounts.identify(person), lock: 'open', validity, pin: true })
    expect(shown?.untouchable).toBe(false)
    expect(shows(shown?.profile ?? {}, accounts.render(person))).toBe(true)
    expect([...(shown?.levels ?? [])].sort()).toEqual([...levels].sort())
    expect(shown?.cards.map(({ card, state }) => ({ card, state }))).toEqual(expect.arrayContaining([...cards]))
    expect(target.inside(person)).toEqual({
      lock: 'open',
      name: expect.toSatisfy((name: string) => Object.values(accounts.render(person)).includes(name)),
      levels: expect.toSatisfy((seen: string[]) => [...seen].sort().join() === [...levels].sort().join()),
      cards: expect.toSatisfy((seen: unknown[]) => seen.length === 2),
      photos: [],
    })
    expect(target.inside(person)?.cards).toEqual(
      expect.arrayContaining([
        { number: subject.cardNumber(first), blocked: false },
        { number: subject.cardNumber(second), blocked: true },
      ]),
    )
  })

  test('putting what is there already is told as unchanged, part by part, and writes nothing', async (target) => {
    const { subject, simulator } = target
    const [first, second] = subject.cards
    const desired = {
      cards: [
        { card: first, state: 'on' },
        { card: second, state: 'blocked' },
      ],
      levels: simulator.levels.slice(0, 3),
      validity: { from: null, until: '2030-06-30T22:00:00.000Z' },
    } as const
    const created = await target.put(person, desired)
    const before = target.inside(person)
    const { writes } = simulator.requests
    const repeated = await target.put(person, desired)
    expect(Object.keys(repeated).sort()).toEqual(Object.keys(created).sort())
    expect(new Set(Object.values(repeated))).toEqual(new Set(['unchanged']))
    expect(simulator.requests.writes).toBe(writes)
    expect(target.inside(person)).toEqual(before)
  })

  test('an order that was taken for undelivered and comes again does nothing twice', async (target) => {
    const { subject, simulator, accounts } = target
    const cards = [{ card: subject.cards[0], state: 'on' as const }]
    await target.put(person, {})
    const actual = await target.read(person)
    const desired = openAccount(person, { cards, levels: simulator.levels.slice(0, 2) })
    const externalId = accounts.identify(person)
    const change = { kind: 'put', externalId, desired, actual, revoke: { levels: [], cards: [] } } as const
    const first = await accounts.apply(change, never)
    const before = target.inside(person)
    const again = await accounts.apply(change, never)
    expect(again.parts.map(({ part }) => part)).toEqual(first.parts.map(({ part }) => part))
    expect(again.parts.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(target.inside(person)).toEqual(before)
    expect(target.count(person)).toBe(1)
  })

  test('creating an account that exists is a conflict, never an adoption, and changes nothing', async (target) => {
    const { simulator, accounts } = target
    const externalId = accounts.identify(person)
    simulator.byHand({ act: 'create', externalId })
    const before = target.inside(person)
    const change = { kind: 'put', externalId, desired: openAccount(person), actual: null } as const
    const put = accounts.apply({ ...change, revoke: { levels: [], cards: [] } }, never)
    await expect(put).rejects.toMatchObject({ kind: 'conflict', outcomeUnknown: false })
    expect(target.inside(person)).toEqual(before)
    expect(target.count(person)).toBe(1)
  })

  test('only what differs is changed: a new name leaves cards, levels, lock and dates as they are', async (target) => {
    const { subject, simulator, accounts } = target
    const cards = [{ card: subject.cards[0], state: 'on' as const }]
    const levels = simulator.levels.slice(0, 2)
    await target.put(person, { cards, levels })
    const renamed = { ...person, familyName: 'Thistledown' }
    const told = await target.put(renamed, { cards, levels })
    expect(Object.entries(told).filter(([, outcome]) => outcome !== 'unchanged')).toEqual([['profile', 'applied']])
    expect(shows((await target.read(renamed))?.profile ?? {}, accounts.render(renamed))).toBe(true)
    expect(target.inside(person)).toMatchObject({ lock: 'open', levels, cards: [{ blocked: false }] })
  })

  test('a field that was cleared is cleared, and one that nobody speaks of stays', async (target) => {
    const { accounts } = target
    await target.put(person)
    const shown = (await target.read(person))?.profile ?? {}
    const { employeeNumber = null, familyName = null, ...rest } = person
    const named = { employeeNumber, familyName }
    await target.put(named)
    expect((await target.read(person))?.profile).toEqual({ ...shown, ...accounts.render(named) })
    const nothing = Object.fromEntries(Object.keys(rest).map((name) => [name, null]))
    const cleared = accounts.render({ ...named, ...nothing })
    expect(Object.values(cleared)).toContain('')
    expect(await target.put({ ...named, ...nothing })).toMatchObject({ profile: 'applied' })
    const now = (await target.read(person))?.profile ?? {}
    expect(shows(now, cleared)).toBe(true)
    for (const [field, value] of Object.entries(cleared)) if (value === '') expect(now).not.toHaveProperty([field])
    expect(await target.put({ ...named, ...nothing })).toMatchObject({ profile: 'unchanged' })
    await target.put(person)
    expect((await target.read(person))?.profile).toEqual(shown)
  })

  test('what is revoked goes, again and again, and what never was there is no failure', async (target) => {
    const { subject, simulator } = target
    const [kept, gone, unheld] = subject.cards
    const [stays, goes, neverHad] = simulator.levels as [string, string, string]
    await target.put(person, {
      cards: [kept, gone].map((card) => ({ card, state: 'on' })),
      levels: [stays, goes],
    })
    for (const expected of ['applied', 'unchanged']) {
      const told = await target.put(
        person,
        { cards: [{ card: kept, state: 'on' }], levels: [stays] },
        { cards: [gone, unheld], levels: [goes, neverHad] },
      )
      expect(told).toMatchObject({ [`card ${gone.raw}`]: expected, [`level ${goes}`]: expected })
      expect(told).toMatchObject({ [`card ${unheld.raw}`]: 'unchanged', [`level ${neverHad}`]: 'unchanged' })
    }
    expect(target.inside(person)).toMatchObject({
      levels: [stays],
      cards: [{ number: subject.cardNumber(kept), blocked: false }],
    })
  })

  test('a block is set and lifted, on the card and on the account', async (target) => {
    const [card] = target.subject.cards
    const shut = { lock: 'closed', cards: [{ card, state: 'blocked' }] } as const
    const open = { lock: 'open', cards: [{ card, state: 'on' }] } as const
    for (const desired of [open, shut, open]) {
      expect(await target.put(person, desired)).toMatchObject({ lock: 'applied', [`card ${card.raw}`]: 'applied' })
      const blocked = desired === shut
      expect(target.inside(person)).toMatchObject({ lock: desired.lock, cards: [{ blocked }] })
    }
  })

  test('a removed account is gone, and removing it again writes nothing', async (target) => {
    await target.put(person, { cards: [{ card: target.subject.cards[0], state: 'on' }] })
    expect(Object.values(await target.remove(person))).toEqual(['applied'])
    expect(target.inside(person)).toBeNull()
    expect(await target.read(person)).toBeNull()
    const { writes } = target.simulator.requests
    expect(Object.values(await target.remove(person))).toEqual(['unchanged'])
    expect(target.simulator.requests.writes).toBe(writes)
  })

  test('a card that was on a removed account can be given to somebody else', async (target) => {
    const cards = [{ card: target.subject.cards[0], state: 'on' as const }]
    await target.put(person, { cards })
    await target.lock(person)
    await target.remove(person)
    const other = madeUpPerson(2)
    expect(Object.values(await target.put(other, { cards }))).not.toContain('conflict')
    expect(target.inside(other)?.cards).toMatchObject([{ blocked: false }])
  })

  test('a PIN is set where it is taken, shows only as being there, and is left alone by orders without one', async (target) => {
    const pin = '290417'
    try {
      target.accounts.checkPin(pin)
    } catch (error) {
      expect(error).toMatchObject({ kind: 'rejected' })
      return
    }
    await target.put(person, {})
    expect(await target.put(person, { pin })).toMatchObject({ pin: 'applied' })
    expect((await target.read(person))?.pin).toBe(true)
    expect(await target.put(person, { lock: 'closed' })).not.toHaveProperty('pin')
    expect((await target.read(person))?.pin).toBe(true)
  })

  test('ids, profiles and cards are worked out without a call, and the same each time', async (target) => {
    const { subject, simulator, accounts } = target
    const before = simulator.requests.all
    const other = madeUpPerson(2)
    expect(accounts.identify(person)).toBe(accounts.identify({ ...person, familyName: 'Thistledown' }))
    expect(accounts.identify(person)).not.toBe(accounts.identify(other))
    expect(accounts.render(person)).toEqual(accounts.render(person))
    for (const card of subject.cards) accounts.checkCard(card)
    expect(() => accounts.identify({ ...person, employeeNumber: null })).toThrow(
      expect.objectContaining({ kind: 'rejected' }),
    )
    expect(simulator.requests.all).toBe(before)
  })
}
