/** Proves that an account is in force from its start to its end in whatever zone the server is, and that shutting out asks no zone. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { h10301 } from '../../src/model/card.ts'
import { settings as schema } from './settings.ts'
import { connected, desiredAccount, never } from './testing.ts'
import { modelValidity, pastValidity, vendorValidity } from './validity.ts'

const rulesOf = (server_zone?: string) =>
  schema.parse({ url: 'https://door.example', login_id: 'gate', password: 'made-up', server_zone })
const standard = rulesOf()
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati', 'America/St_Johns']
const hourMs = 3_600_000

describe('dates at the server', () => {
  test.each([
    [null, null, '2008-01-01T00:00:00.00Z', '2037-12-31T23:59:00.00Z'],
    [null, '2030-06-30T22:00:00Z', '2001-01-01T00:00:00.00Z', '2030-06-30T22:00:00.00Z'],
    ['2026-01-05T06:00:00Z', null, '2026-01-05T06:00:00.00Z', '2037-12-31T23:59:00.00Z'],
    ['1995-04-01T00:00:00Z', '2099-01-01T00:00:00Z', '2008-01-01T00:00:00.00Z', '2037-12-31T23:59:00.00Z'],
    ['2030-01-01T00:00:00Z', '2029-01-01T00:00:00Z', '2001-01-01T00:00:00.00Z', '2001-01-01T00:01:00.00Z'],
    [null, '1999-01-01T00:00:00Z', '2001-01-01T00:00:00.00Z', '2001-01-01T00:01:00.00Z'],
  ])('from %s until %s is written as %s to %s', (from, until, start_datetime, expiry_datetime) => {
    expect(vendorValidity({ from, until }, standard)).toEqual({ start_datetime, expiry_datetime })
  })

  const instant = fc
    .date({ min: new Date('1990-01-01'), max: new Date('2050-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString())
  const bound = fc.option(instant, { nil: null })
  const rules = fc.constantFrom(...zones).map(rulesOf)

  test('are always in range, in order, and at most 30 years apart', () => {
    fc.assert(
      fc.property(bound, bound, rules, (from, until, of) => {
        const written = vendorValidity({ from, until }, of)
        const [start, expiry] = [Date.parse(written.start_datetime), Date.parse(written.expiry_datetime)]
        expect(start).toBeGreaterThanOrEqual(Date.UTC(2001, 0, 1))
        expect(expiry).toBeLessThanOrEqual(Date.UTC(2037, 11, 31, 23, 59))
        expect(start).toBeLessThan(expiry)
        expect(new Date(start).setUTCFullYear(new Date(start).getUTCFullYear() + 30)).toBeGreaterThanOrEqual(expiry)
      }),
    )
  })

  test('that were read and are written again are the same, in both dialects and every zone', () => {
    fc.assert(
      fc.property(bound, bound, rules, (from, until, of) => {
        const written = vendorValidity({ from, until }, of)
        for (const dialect of [
          written,
          {
            start_datetime: written.start_datetime.slice(0, 19),
            expiry_datetime: written.expiry_datetime.slice(0, 19),
          },
        ]) {
          expect(vendorValidity(modelValidity(dialect, of), of)).toEqual(written)
        }
      }),
    )
  })

  test('without bounds read back as none', () => {
    for (const zone of zones)
      for (const start_datetime of ['2001-01-01T00:00:00.00Z', '2008-01-01T00:00:00'])
        expect(modelValidity({ start_datetime, expiry_datetime: '2037-12-31T23:59:00.00Z' }, rulesOf(zone))).toEqual({
          from: null,
          until: null,
        })
  })

  test('a zone is an IANA name', () => {
    for (const wrong of ['', 'Mars/Base', '+01:00'])
      expect(schema.safeParse({ ...standard, server_zone: wrong }).success).toBe(false)
    expect(schema.safeParse({ ...standard, server_zone: 'Asia/Seoul' }).success).toBe(true)
  })
})

describe('where the clocks change', () => {
  const berlin = rulesOf('Europe/Berlin')
  // 2026-03-29 02:00 becomes 03:00 at 01:00 UTC; 2026-10-25 03:00 becomes 02:00 at 01:00 UTC.
  test.each([
    ['before the jump', '2026-03-29T00:59:00.000Z', '2026-03-29T01:59:00.00Z', null],
    ['after the jump', '2026-03-29T01:00:00.000Z', '2026-03-29T03:00:00.00Z', null],
    ['in the first of the two hours', '2026-10-25T00:30:00.000Z', '2026-10-25T02:30:00.00Z', null],
    ['after both', '2026-10-25T02:00:00.000Z', '2026-10-25T03:00:00.00Z', null],
    // A start waits, an end comes early: what is shown twice is nowhere taken for the wrong one to let somebody in.
    ['in the second, a start', '2026-10-25T01:30:00.000Z', '2026-10-25T03:30:00.00Z', '2026-10-25T02:30:00.000Z'],
  ])('a start %s', (_where, from, written, readBack) => {
    const { start_datetime } = vendorValidity({ from, until: null }, berlin)
    expect(start_datetime).toBe(written)
    expect(modelValidity({ start_datetime, expiry_datetime: '2037-12-31T23:59:00' }, berlin).from).toBe(
      readBack ?? from,
    )
  })

  test.each([
    ['after the jump', '2026-03-29T01:00:00.000Z', '2026-03-29T03:00:00.00Z', null],
    ['in the first of the two hours', '2026-10-25T00:30:00.000Z', '2026-10-25T02:30:00.00Z', null],
    ['in the second', '2026-10-25T01:30:00.000Z', '2026-10-25T02:30:00.00Z', '2026-10-25T00:30:00.000Z'],
  ])('an end %s', (_where, until, written, readBack) => {
    const { expiry_datetime } = vendorValidity({ from: null, until }, berlin)
    expect(expiry_datetime).toBe(written)
    expect(modelValidity({ expiry_datetime }, berlin).until).toBe(readBack ?? until)
  })

  test('a time that somebody wrote, and that the clocks skip, is one after the jump', () => {
    const { until } = modelValidity({ expiry_datetime: '2026-03-29T02:30:00' }, berlin)
    expect(until).toBe('2026-03-29T01:30:00.000Z')
  })

  test('a start never reads back earlier, nor an end later, than it was meant', () => {
    const near = fc.constantFrom(
      Date.UTC(2026, 2, 29),
      Date.UTC(2026, 9, 25),
      Date.UTC(2026, 10, 1),
      Date.UTC(2026, 2, 8),
    )
    const at = fc
      .tuple(near, fc.integer({ min: -12 * 60, max: 36 * 60 }))
      .map(([day, minutes]) => day + minutes * 60_000)
    fc.assert(
      fc.property(at, fc.constantFrom(...zones), (instant, zone) => {
        const of = rulesOf(zone)
        const iso = new Date(instant).toISOString()
        const back = modelValidity(vendorValidity({ from: iso, until: null }, of), of).from
        const end = modelValidity(vendorValidity({ from: null, until: iso }, of), of).until
        expect(Date.parse(back ?? '') - instant).toBeOneOf([0, hourMs])
        expect(instant - Date.parse(end ?? '')).toBeOneOf([0, hourMs])
      }),
    )
  })
})

describe('a server that reads dates in its own zone', () => {
  const [from, until] = ['2026-03-27T08:00:00.000Z', '2026-03-30T17:00:00.000Z']
  const card = h10301(20, 10_000)

  async function withPerson(zone: string, server_zone: string) {
    const quirks = { validityZone: 'local', zone } as const
    const nowMs = Date.parse('2026-03-20T00:00:00Z')
    const levels = [{ name: 'All', doors: ['door'] }]
    const server = await connected({ quirks, nowMs, levels, deviceDelayMs: 0 }, { server_zone })
    const desired = desiredAccount({ validity: { from, until }, cards: [{ card, state: 'on' }], levels: ['1'] })
    await server.put('42', desired)
    const opensAt = (at: string, plusMs: number) => {
      server.simulator.clock.freeze(Date.parse(at) + plusMs)
      return server.simulator.swipe({ card_id: '1320720', door: 'door' }).granted
    }
    return { server, desired, opensAt }
  }

  // Over the weekend of the change.
  test.each(['Europe/Berlin', 'America/New_York', 'Asia/Seoul'])('opens and ends on time in %s', async (zone) => {
    const { server, desired, opensAt } = await withPerson(zone, zone)
    await using _closed = server
    expect([opensAt(from, -hourMs), opensAt(from, hourMs)]).toEqual([false, true])
    expect([opensAt(until, -hourMs), opensAt(until, hourMs)]).toEqual([true, false])
    expect((await server.mustRead('42')).validity).toEqual({ from, until })
    expect(await server.requestsOf(() => server.put('42', desired))).not.toContain('PUT /api/users/42')
  })

  test('does not when the setting names another zone, and is shut out all the same, by its end alone too', async () => {
    for (const server_zone of ['Asia/Seoul', 'UTC', 'Pacific/Kiritimati']) {
      const { server, opensAt } = await withPerson('America/New_York', server_zone)
      await using _closed = server
      expect([opensAt(from, hourMs), opensAt(from, 24 * hourMs)]).toEqual([false, true])
      const at = new Date(Date.parse(from) + 24 * hourMs)
      const known = await server.mustRead('42')
      const { parts } = await server.accounts.apply({ kind: 'lock', externalId: '42', known, at }, never)
      expect(parts.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied'])
      expect(opensAt(from, 24 * hourMs)).toBe(false)
      expect(Date.parse(server.simulator.state.user('42')?.expiry ?? '')).toBeLessThan(at.getTime())
    }
  })
})

test('an end for shutting out lies in the past in every time zone, and after the start', () => {
  const at = new Date('2026-11-23T12:00:00Z')
  const expiry_datetime = '2026-11-22T12:00:00.00Z'
  expect(pastValidity({ from: '2020-01-01T00:00:00Z', until: null }, at)).toEqual({ expiry_datetime })
  for (const from of [null, '2026-11-23T00:00:00Z', '2026-11-22T00:00:00Z', '2026-11-21T13:00:00Z'])
    expect(pastValidity({ from, until: null }, at)).toEqual({
      start_datetime: '2001-01-01T00:00:00.00Z',
      expiry_datetime,
    })
  expect(pastValidity(null, at)).toEqual({ start_datetime: '2001-01-01T00:00:00.00Z', expiry_datetime })
})
