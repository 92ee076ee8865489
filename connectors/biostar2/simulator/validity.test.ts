/** Validity: whose midnight and whose hours count, at the wire and at the door. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { newUser, startLoggedIn } from './client-for-tests.ts'
import type { Quirks } from './quirks.ts'
import { fromWire, toWire } from './validity.ts'

const hourMs = 3_600_000
const start = '2026-03-02T08:00:00.00Z'
const expiry = '2026-03-06T17:00:00.00Z'

async function withPerson(quirks: Partial<Quirks>) {
  const client = await startLoggedIn({ nowMs: Date.UTC(2026, 0, 1), quirks })
  const { simulator } = client
  await client.send('POST', '/api/users', newUser('5', { start_datetime: start, expiry_datetime: expiry }))
  simulator.hand({ action: 'assign', user: '5', card: '501' })
  simulator.hand({ action: 'grant', user: '5', group: 'Main Entrance' })
  const opensAt = (ms: number) => {
    simulator.clock.freeze(ms)
    return simulator.swipe({ card_id: '501', door: 'Front Door' }).granted
  }
  return { client, opensAt }
}

test.each<[string, Partial<Quirks>, number, number]>([
  ['UTC is the default', {}, Date.UTC(2026, 2, 2, 8), Date.UTC(2026, 2, 6, 17)],
  // New York is five hours behind in the first week of March.
  [
    'validityZone local: the hours are those of the server',
    { validityZone: 'local', zone: 'America/New_York' },
    Date.UTC(2026, 2, 2, 13),
    Date.UTC(2026, 2, 6, 22),
  ],
  [
    'validityDay: whole days, from the first to the last',
    { validityDay: true },
    Date.UTC(2026, 2, 2),
    Date.UTC(2026, 2, 7) - 1,
  ],
  [
    'both: whole days of the server',
    { validityDay: true, validityZone: 'local', zone: 'Asia/Seoul' },
    Date.UTC(2026, 2, 1, 15),
    Date.UTC(2026, 2, 6, 15) - 1,
  ],
])('%s', async (_what, quirks, fromMs, toMs) => {
  const { client, opensAt } = await withPerson(quirks)
  await using _closed = client
  const { start_datetime, expiry_datetime } = (await client.send('GET', '/api/users/5')).body.User
  expect([start_datetime, expiry_datetime]).toEqual([start, expiry])
  expect(opensAt(fromMs - hourMs)).toBe(false)
  expect(opensAt(fromMs - 1)).toBe(false)
  expect(opensAt(fromMs)).toBe(true)
  expect(opensAt(toMs)).toBe(true)
  expect(opensAt(toMs + 1)).toBe(false)
  expect(opensAt(toMs + hourMs)).toBe(false)
})

test('with local validity both ends of the range are the ends of a local day, and an untouched start is no obstacle', async () => {
  await using client = await startLoggedIn({ quirks: { validityZone: 'local', zone: 'America/New_York' } })
  client.simulator.seed({ users: [{ id: '5', name: 'Ada Sample' }] })
  const put = (User: unknown) => client.send('PUT', '/api/users/5', { User })
  expect((await client.send('GET', '/api/users/5')).body.User.start_datetime).toBe('2001-01-01T00:00:00.00Z')
  expect((await put({ expiry_datetime: '2030-06-30T23:59:00.00Z' })).code).toBe('0')
  expect(client.simulator.state.user('5')?.expiry).toBe('2030-07-01T03:59:00.000Z')
  expect((await put({ start_datetime: '2000-12-31T23:59:00.00Z' })).code).toBe('131085')
  expect((await put({ start_datetime: '2001-01-01T00:00:00.00Z' })).code).toBe('0')
})

test('what was written is what is read again in every zone, but for the hour that a change of clocks takes away', () => {
  const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Asia/Seoul', 'Pacific/Auckland', 'America/St_Johns']
  const span = { min: Date.UTC(2001, 0, 2), max: Date.UTC(2037, 11, 30) }
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer(span), (zone, written) => {
      const rules = { validityZone: 'local', zone, validityDay: false } as const
      const back = toWire(rules, fromWire(rules, written))
      expect([written, written + hourMs, written - hourMs]).toContain(back)
      // Away from a change of clocks, that is when the offset is the same a day before and after, it is exact.
      const ahead = (at: number) => toWire(rules, at) - at
      if (ahead(written - 24 * hourMs) === ahead(written + 24 * hourMs)) expect(back).toBe(written)
    }),
  )
})
