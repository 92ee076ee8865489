/** Whatever is done with badges, in whatever order and under whatever switches: carriers and badges agree on who has what. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assign, pair, start } from './client-for-tests.ts'
import type { Quirks } from './quirks.ts'

const number = fc.constantFrom('1', '2', '3', '4')
const carrier = fc.constantFrom(1, 2)
const step = fc.record({
  what: fc.constantFrom(
    'assign',
    'withdraw',
    'restore',
    'block',
    'unblock',
    'withdrawAndBlock',
    'release',
    'forgot',
    'lost',
  ),
  number,
  other: number,
  carrier,
})
const quirks: fc.Arbitrary<Partial<Quirks>> = fc.record({
  takenBadge: fc.constantFrom('refused', 'moved'),
  deadBadge: fc.constantFrom('refused', 'taken'),
  blockTwice: fc.constantFrom('refused', 'taken'),
  unblockTwice: fc.constantFrom('refused', 'taken'),
  withdrawBlocked: fc.constantFrom('refused', 'taken'),
  replacementsBlockable: fc.boolean(),
})

test('every badge is with exactly one carrier or with none, as its status says; those that wait and stand in name each other', async () => {
  await fc.assert(
    fc.asyncProperty(quirks, fc.array(step, { maxLength: 25 }), async (some, steps) => {
      await using client = await start({ quirks: some })
      client.simulator.seed({ carriers: [{ lastName: 'One' }, { lastName: 'Two' }] })
      for (const one of steps) {
        await act(client, one)
        const badges = ['1', '2', '3', '4'].flatMap((wanted) => client.simulator.state.badge(wanted) ?? [])
        for (const badge of badges) {
          const holders = client.simulator.state
            .carriers()
            .filter(({ badges: held }) => held.some(({ id }) => id === badge.id))
          expect(holders.map(({ id }) => id)).toEqual(badge.carrier === null ? [] : [badge.carrier])
          expect(badge.carrier === null).toBe(badge.status === 0 || badge.status === 2)
          const partner = badges.find(({ id }) => id === badge.replacedBy)
          if (badge.replacedBy !== null)
            expect([badge.status, partner?.replaces, partner?.carrier]).toEqual([3, badge.id, badge.carrier])
          if (badge.status === 4) expect(badges.find(({ id }) => id === badge.replaces)?.replacedBy).toBe(badge.id)
        }
      }
    }),
    { numRuns: 60 },
  )
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

async function act(
  client: Awaited<ReturnType<typeof start>>,
  { what, number: badge, other, carrier: who }: Step,
): Promise<void> {
  const numbers = `<IdentifierTypeFrom>1</IdentifierTypeFrom><BadgeNumberFrom>${badge}</BadgeNumberFrom><IdentifierTypeTo>1</IdentifierTypeTo><BadgeNumberTo>${other}</BadgeNumberTo>`
  const calls: Record<Step['what'], () => Promise<{ status: number }>> = {
    assign: () => assign(client, who, badge),
    withdraw: () => client.send('IdentifierWithdraw', pair(badge)),
    restore: () => client.send('IdentifierWithdraw', `${pair(badge)}<RestoreReplaced>true</RestoreReplaced>`),
    block: () => client.send('IdentifierBlock', `${pair(badge)}<Reason>12</Reason>`),
    unblock: () => client.send('IdentifierUnblock', pair(badge)),
    withdrawAndBlock: () => client.send('IdentifierWithdrawAndBlock', `${pair(badge)}<Reason>12</Reason>`),
    release: () => client.send('IdentifierRelease', pair(badge)),
    forgot: () => client.send('IdentifierReplace', `<CarrierId>${who}</CarrierId>${numbers}<Reason>14</Reason>`),
    lost: () => client.send('IdentifierReplace', `<CarrierId>${who}</CarrierId>${numbers}<Reason>12</Reason>`),
  }
  expect([200, 500]).toContain((await calls[what]()).status)
}
