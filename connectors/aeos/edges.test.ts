/** At the edges: clocks that are put forward and back, and a server that shows another certificate all of a sudden. */
import { expect, test } from 'vitest'
import { failures, first, type Simulated, simulated } from './simulated-for-tests.ts'
import { desiredAccount, never } from './testing.ts'

const on = { card: first, state: 'on' } as const
const at = (iso: string) => Date.parse(iso)
const iso = (ms: number) => new Date(ms).toISOString()

// ---------------------------------------------------------------- clocks

/** When the clocks of the zone are put forward, back, and forward again; where they never are, as in Europe. */
const europe = [at('2026-03-29T01:00:00Z'), at('2026-10-25T01:00:00Z'), at('2027-03-28T01:00:00Z')] as const
const america = [at('2026-03-08T07:00:00Z'), at('2026-11-01T06:00:00Z'), at('2027-03-14T07:00:00Z')] as const
const zones = [
  ['Europe/Amsterdam', europe, 'earlier'],
  ['Europe/Amsterdam', europe, 'later'],
  ['America/New_York', america, 'earlier'],
  ['America/New_York', america, 'later'],
  ['UTC', europe, 'earlier'],
  ['Asia/Kathmandu', europe, 'later'],
] as const
const hour = 3_600_000
/** Around the moment, in seconds: the hour before and the one after are shown twice when clocks are put back. */
const around = [-3601, -3600, -1800, -1, 0, 1800, 3599, 3600]

/** A server in this zone whose clock, and ours, stands where `set` puts it. */
async function frozen(zone: string, ambiguousTime: 'earlier' | 'later') {
  let nowMs = at('2026-01-05T08:00:00Z')
  const target = await simulated({ zone, nowMs, quirks: { ambiguousTime } }, {}, () => new Date(nowMs))
  return {
    target,
    set(ms: number) {
      nowMs = ms
      target.simulator.clock.freeze(ms)
    },
    /** Whether the door opens at that moment. */
    opensAt(ms: number): boolean {
      target.simulator.clock.freeze(ms)
      const granted = target.swipe(first)
      target.simulator.clock.freeze(nowMs)
      return granted
    },
  }
}

test.each(zones)(
  'in %s validity begins and ends to the second when clocks change, and never opens a door too long (%#)',
  async (zone, changes, ambiguousTime) => {
    const { target, opensAt } = await frozen(zone, ambiguousTime)
    await using _ = target
    const levels = [target.levelOf('Main Entrance')]
    const isTwice = (ms: number, back: number) => /^E|^A\w+\/New/.test(zone) && Math.abs(ms - back + 0.5) < hour
    const [forward, back, again] = changes
    for (const [begins, ends] of [
      [forward, back],
      [back, again],
    ] as const) {
      for (const by of around) {
        const [from, until] = [begins + by * 1000, ends + by * 1000]
        const validity = { from: iso(from), until: iso(until) }
        expect(failures(await target.put(desiredAccount({ validity, levels, cards: [on] })))).toEqual({})
        const shown = (await target.mustRead()).validity
        const [start, end] = [at(shown.from ?? ''), at(shown.until ?? '')]
        // What is shown is what the doors do; only in the hour that is shown twice it is later or earlier than wanted.
        if (isTwice(from, back)) expect(start - from).toBeGreaterThan(0)
        else expect(start).toBe(from)
        if (isTwice(until, back)) expect(until - end).toBeGreaterThan(0)
        else expect(end).toBe(until)
        expect(Math.max(start - from, until - end)).toBeLessThanOrEqual(2 * hour)
        const opened = [start - 1000, start, end - 1000, end].map(opensAt)
        expect(opened, `${iso(from)} ${iso(until)}`).toEqual([false, true, true, false])
        expect([from - 1000, until].map(opensAt)).toEqual([false, false])
      }
    }
  },
)

test.each(zones)(
  'in %s a right that is given while clocks change opens at once, and is given once; a lock-out ends at once (%#)',
  async (zone, [, back], ambiguousTime) => {
    const { target, set, opensAt } = await frozen(zone, ambiguousTime)
    await using _ = target
    for (const by of around) {
      const now = back + by * 1000
      set(now)
      const desired = desiredAccount({ levels: [target.levelOf('Main Entrance')], cards: [on] })
      expect(failures(await target.put(desired, { lift: [first] }))).toEqual({})
      expect(opensAt(now)).toBe(true)
      expect(Object.values(await target.put(desired))).toEqual(
        Object.values(await target.put(desired)).map(() => 'unchanged'),
      )
      expect(target.inside()[0]?.authorisations).toHaveLength(1)
      await target.lock(await target.mustRead())
      expect(opensAt(now)).toBe(false)
      // The leave date alone keeps them out as well.
      const [carrier] = target.inside()
      expect(at(carrier?.leave ?? '')).toBeLessThanOrEqual(now)
      expect(at((await target.mustRead()).validity.until ?? '')).toBeLessThanOrEqual(now)
      await target.remove()
    }
  },
)

// ---------------------------------------------------------------- certificate

async function refusesAll(target: Simulated): Promise<void> {
  const { count } = target.simulator.requests
  const refusal = { kind: 'unauthenticated', code: 'http.certificate', outcomeUnknown: false }
  await expect(target.read()).rejects.toMatchObject(refusal)
  await expect(target.lock()).rejects.toMatchObject(refusal)
  await expect(target.accounts.discover(never)).rejects.toMatchObject(refusal)
  await expect(target.health()).rejects.toMatchObject(refusal)
  // Neither a request nor our password went to whoever shows it.
  expect(target.simulator.requests.count).toBe(count)
}

test('a certificate that changes while we are connected ends everything before anything is sent; with the new pin all goes on', async () => {
  await using target = await simulated()
  const desired = desiredAccount({ cards: [on], levels: [target.levelOf('Main Entrance')] })
  expect(failures(await target.put(desired))).toEqual({})
  const known = await target.mustRead()
  const { fingerprint256 } = target.simulator.renewCertificate()
  await refusesAll(target)
  await expect(target.lock(known)).rejects.toMatchObject({ kind: 'unauthenticated', code: 'http.certificate' })
  expect(target.inside()).toMatchObject([{ blocked: false }])
  const pinned = await target.connect({ fingerprint256 })
  expect(failures((await pinned.lock(known)).told)).toEqual({})
  expect(target.opens()).toEqual([])
  // Whoever still has the old pin is still kept from it.
  await refusesAll(target)
})

test('an authority of our own is taken instead of a fingerprint, and no other', async () => {
  await using target = await simulated()
  const trusting = await target.connect({ fingerprint256: undefined, ca: target.simulator.ca })
  expect(await trusting.read()).toBeNull()
  const { ca } = target.simulator.renewCertificate()
  await expect(trusting.read()).rejects.toMatchObject({ kind: 'unauthenticated', code: 'http.certificate' })
  expect(await (await target.connect({ fingerprint256: undefined, ca })).read()).toBeNull()
})
