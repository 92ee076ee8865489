/** Killed between any two requests of an order that shuts a carrier for a badge: the next order ends it, and lifts nobody's block. */
import { expect, test } from 'vitest'
import type { DesiredAccount } from '../../src/connector/contract.ts'
import { failures, first, type Simulated, second, simulated } from './simulated-for-tests.ts'
import { desiredAccount } from './testing.ts'

const blocked = { card: first, state: 'blocked' } as const
const on = { card: second, state: 'on' } as const
/** More than either order makes. */
const writesMax = 8

interface Order {
  readonly before: DesiredAccount
  readonly after: DesiredAccount
  readonly some: Parameters<Simulated['put']>[1]
}

/** A badge that shall be blocked is given, and one that is blocked is taken: both are on for an instant. */
const orders: Readonly<Record<string, (target: Simulated) => Order>> = {
  given(target) {
    const before = desiredAccount({ levels: [target.levelOf('Main Entrance')], cards: [on] })
    return { before, after: { ...before, cards: [on, blocked] }, some: {} }
  },
  taken(target) {
    const before = desiredAccount({ levels: [target.levelOf('Main Entrance')], cards: [on, blocked] })
    const some = { revoke: { levels: [], cards: [first] }, lift: [first] }
    return { before, after: { ...before, cards: [on] }, some }
  },
}

/** Gives the order to a connection that dies after so many writes: with the answer, or without it. */
async function dies(target: Simulated, { after, some }: Order, writes: number, kind: 'drop' | 'drop-after') {
  const { simulator, connect } = target
  const armed = simulator.faults.add({ kind, operation: '^(?!find|get)', skip: writes })
  const told = await (await connect()).put(after, some).then(failures, () => null)
  simulator.faults.remove(armed.id)
  return told === null || Object.keys(told).length > 0
}

const kills = Object.entries(orders).flatMap(([name, order]) => [
  [name, 'drop', name === 'given', order] as const,
  [name, 'drop-after', name !== 'given', order] as const,
])

test.each(kills)(
  'a badge is %s, and at any write comes a %s: the next order opens the carrier (dates cleared: %s)',
  async (_name, kind, leaveDateClearable, orderOf) => {
    let killed = 0
    for (let writes = 0; writes < writesMax; writes++) {
      await using target = await simulated({ quirks: { leaveDateClearable } })
      const order = orderOf(target)
      expect(failures(await target.put(order.before))).toEqual({})
      if (await dies(target, order, writes, kind)) killed += 1
      // Neither open to the badge, nor blocked as somebody else would.
      expect([writes, target.swipe(first)]).toEqual([writes, false])
      expect(target.inside()).toMatchObject([{ blocked: false }])
      expect(failures(await target.put(order.after, order.some))).toEqual({})
      expect(target.swipe(first)).toBe(false)
      expect(target.swipe(second)).toBe(true)
      expect(await target.mustRead()).toMatchObject({
        lock: 'open',
        validity: { from: null, until: null },
        cards: order.after.cards,
      })
    }
    // Not all were killed: some rounds come after the last write.
    expect(killed).toBeGreaterThan(2)
    expect(killed).toBeLessThan(writesMax)
  },
)

test('a block that somebody made since then stays, and the dates are as ordered', async () => {
  for (const [, orderOf] of Object.entries(orders)) {
    await using target = await simulated()
    const order = orderOf(target)
    await target.put(order.before)
    await dies(target, order, 2, 'drop')
    expect(target.inside()).not.toMatchObject([{ leave: null }])
    target.simulator.hand({ action: 'block', carrier: target.inside()[0]?.id ?? 0, reason: 'Out of service' })
    // As the engine orders it of who is closed by somebody else; and as it never should.
    for (const lock of ['closed', 'open'] as const) {
      const told = failures(await target.put({ ...order.after, lock }, order.some))
      expect(told).toEqual(lock === 'open' ? { lock: 'conflict aeos.blocked-by-others' } : {})
      expect(target.inside()).toMatchObject([{ blocked: true, blockReason: 15, leave: null }])
      expect(target.opens()).toEqual([])
    }
  }
})

test('who is locked out after it stays out, whatever was left of the order', async () => {
  for (const [, orderOf] of Object.entries(orders))
    for (let writes = 0; writes < writesMax; writes++) {
      await using target = await simulated()
      const order = orderOf(target)
      await target.put(order.before)
      await dies(target, order, writes, 'drop-after')
      expect(failures((await target.lock(await target.mustRead())).told)).toEqual({})
      const shut = { ...order.after, lock: 'closed', validity: (await target.mustRead()).validity } as const
      await target.put(shut, order.some)
      expect(target.inside()).toMatchObject([{ blocked: true, opens: [] }])
      for (const card of [first, second]) expect(target.swipe(card)).toBe(false)
    }
})
