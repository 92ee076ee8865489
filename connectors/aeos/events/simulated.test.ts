/** What people do at the doors of the simulator, which was written apart from the same documents, as it is told. */
import { expect, test } from 'vitest'
import { accessEvent } from '../../../src/model/events/event.ts'
import { simulated } from '../simulated-for-tests.ts'
import { snapshots } from '../simulator/index.ts'
import { never } from '../testing.ts'
import { next, take } from './log-for-tests.ts'

const settings = { events: { poll_every: '10ms' } }
const badge = { type: 'Wiegand 26', number: '501' }

test.each(snapshots)(
  'who comes, who is refused and why, and a badge that nobody has, at the interface of %s',
  async (snapshot) => {
    await using at = await simulated({ snapshot, quirks: { eventOrder: 'newest-first' } }, settings)
    const { carriers } = at.simulator.seed({
      carriers: [
        { lastName: 'Sample', personnelNo: '4711', badges: [badge], templates: ['Main Entrance'] },
        { lastName: 'Nameless', badges: [{ type: 'Wiegand 26', number: '502' }] },
      ],
    })
    at.simulator.swipe({ badge, entrance: 'Front Door' })
    const batches = at.events.follow(null, never)[Symbol.asyncIterator]()
    expect(await next(batches)).toMatchObject({ events: [], cursor: expect.any(String) })
    at.simulator.swipe({ badge, entrance: 'Front Door', direction: 'out' })
    at.simulator.swipe({ badge: { type: 'Wiegand 26', number: '502' }, entrance: 'Front Door' })
    at.simulator.swipe({ badge: { type: 'Wiegand 26', number: '777' }, entrance: 'Front Door' })
    at.simulator.hand({ action: 'block', carrier: carriers[0] ?? 0 })
    at.simulator.swipe({ badge, entrance: 'Front Door' })
    const { events, keys } = await take(batches, 4)
    expect(new Set(keys).size).toBe(4)
    const told = events.map(({ event }) => accessEvent.parse(event))
    expect(told.map(({ type, account, card, cardNumber }) => [type, account, card?.format ?? cardNumber])).toEqual([
      ['access.granted', '4711', 'H10301'],
      ['access.denied.no_permission', `#${carriers[1]}`, 'H10301'],
      ['access.denied.unknown_credential', null, '777'],
      ['access.denied.disabled', '4711', 'H10301'],
    ])
    for (const each of told) {
      expect(each).toMatchObject({ door: { name: 'Front Door' }, approximate: false, verify: ['card'] })
      expect(Math.abs(Date.parse(each.at) - Date.now())).toBeLessThan(60_000)
    }
    expect(told[0]?.direction).toBe('out')
  },
)

test('a server that is put back from a backup is followed on, and what it then tells under known ids is new', async () => {
  await using at = await simulated({}, settings)
  const swipe = () => at.simulator.swipe({ badge, entrance: 'Front Door' })
  swipe()
  const batches = at.events.follow(null, never)[Symbol.asyncIterator]()
  await next(batches)
  swipe()
  at.simulator.backup()
  await take(batches, 1)
  for (let n = 0; n < 3; n++) swipe()
  const before = await take(batches, 3)
  at.simulator.putBack()
  at.simulator.clock.advance(5_000)
  for (let n = 0; n < 3; n++) swipe()
  const after = await take(batches, 3)
  expect(new Set([...before.keys, ...after.keys]).size).toBe(6)
})
