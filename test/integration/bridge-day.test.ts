/**
 * The shipped bridge through whole days. The gateway, its PostgreSQL and every connection are real; the hours are not waited for: the clocks of
 * gateway, PostgreSQL and both door systems are moved, three hours at a time, and the waits of the gateway's loops with them.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SeenCarrier } from '../../connectors/aeos/simulator/index.ts'
import type { KeysView } from '../../src/api/acts/keys.ts'
import type { SourceView } from '../../src/api/acts/sources.ts'
import type { StatusView } from '../../src/api/acts/status.ts'
import { type Bridge, badge, cardNumber, firstContact, openBridge } from '../support/bridge.ts'
import { type MovedClock, openMovedClock } from '../support/moved-clock.ts'
import { until } from '../support/servers.ts'

const bridgeZone = 'Europe/Amsterdam'
const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** However long a source was away, it is asked again this much later at the latest. */
const longestRestMs = 32_000
/** From then on until what happened meanwhile is read back: as long as a change may take, and the requests for each changed carrier at the shipped pace. */
const limitMs = (carriers: number) => 5_000 + (carriers * 4 * 1_000) / 20

/** A target that was away is asked again about what is no lock-out this much later; and so long may it still carry out what it never answered. */
const [targetRestMs, lateWriteMs] = [72_000, 75_000]

let clock: MovedClock
let bridge: Bridge

beforeAll(async () => {
  clock = await openMovedClock()
  bridge = await openBridge(clock.env)
  await firstContact(bridge)
}, 120_000)

afterAll(async () => {
  await bridge[Symbol.asyncDispose]()
  await clock[Symbol.asyncDispose]()
})

const advance = (ms: number) => clock.advance(ms, bridge.aeos.clock, bridge.biostar.clock)
const status = () => bridge.get<StatusView>('/v1/status')
const asked = () => bridge.aeos.requests.count
const sweptAt = async () => Date.parse((await status()).targets[0]?.sweptAt ?? '')

/** Hours go by. After each three the gateway has asked AEOS, whether there was an answer or not; minutes pass until it does. */
async function pass(hours: number, then: (since: number) => Promise<unknown> = async () => undefined): Promise<void> {
  for (let hour = 0; hour < hours; hour += 3) {
    const [before, since] = [asked(), bridge.aeos.clock.now()]
    await advance(3 * hourMs)
    await until('AEOS is asked', async () => {
      if (asked() === before) await advance(minuteMs)
      return asked() > before
    })
    await then(since)
  }
}

const sweeps = (since: number) => until('BioStar 2 is swept', async () => (await sweptAt()) > since)

/** What a carrier of AEOS must look like in BioStar 2, as the guide has it. */
function due({ fields, arrival, leave, blocked, badges, authorisations }: SeenCarrier) {
  const now = bridge.aeos.clock.now()
  const isIn = !blocked && Date.parse(arrival ?? '') <= now && (leave === null || Date.parse(leave) > now)
  const cards = badges.map(
    ({ number, status }) => `${cardNumber(Number(number))} ${status === 3 ? 'blocked' : 'works'}`,
  )
  const groups = new Set(authorisations.map(({ name }) => name))
  return { number: String(fields.PersonnelNo), isIn, shows: JSON.stringify([[...groups].sort(), cards.sort()]) }
}

/** Personnel numbers of which BioStar 2 shows something else than AEOS; whom AEOS has not must be shut. */
function differences(): readonly string[] {
  const { aeos, biostar, groups, user } = bridge
  const wanted = aeos.state.carriers().map(due)
  const isShut = (number: string) => user(number)?.disabled !== false
  const shown = (number: string) => {
    const cards = user(number)?.cards.map(({ number: card, blocked }) => `${card} ${blocked ? 'blocked' : 'works'}`)
    return JSON.stringify([groups(number), cards?.sort()])
  }
  const wrong = wanted.filter(({ number, isIn, shows }) =>
    isIn ? isShut(number) || shown(number) !== shows : !isShut(number),
  )
  const known = new Set(wanted.map(({ number }) => number))
  // The first user is the administrator.
  const left = biostar.state.users().filter(({ id }) => id !== '1' && !known.has(id) && !isShut(id))
  return [...wrong.map(({ number }) => number), ...left.map(({ id }) => id)].sort()
}

/** Until both show the same, it was read back, and nothing is to be looked at again. Returns how long that took, in real ms. */
async function agree(): Promise<number> {
  const begun = performance.now()
  await until(
    () => `both agree: ${differences().join()}`,
    async () => differences().length === 0 && (await status()).targets[0]?.waiting === 0,
  )
  return Math.round(performance.now() - begun)
}

/** How often the gateway has said that an alarm began. */
const raised = (code: string) => bridge.gateway.output().split(`"event":"alarm.on","alarm":"${code}"`).length - 1
const isQuiet = async () => (await bridge.alarms()).length === 0

test('AEOS is away for a day of moved clocks: nobody is locked out by silence, who leaves by date is, and all that happened there arrives once', async () => {
  const { aeos, biostar, carrier, user, card, post, get, alarms, person } = bridge
  const inHours = (hours: number) => new Date(aeos.clock.now() + hours * hourMs).toISOString()
  const create = (number: number, dates: { readonly leave?: string; readonly arrival?: string }) => {
    const who = { lastName: `Family${number}`, personnelNo: String(number), badges: [badge(number - 4900)] }
    aeos.hand({ action: 'create', carrier: { ...who, templates: ['Main Entrance'], ...dates } })
  }
  create(5020, { leave: inHours(2) })
  create(5021, { arrival: inHours(4) })
  await until('who leaves today is there', () => card('5020', 120)?.blocked === false)
  await agree()
  const others = () => biostar.state.users().filter(({ id }) => id !== '5020')
  const before = others()

  // First there is no connection at all, and then only a web server in front of it that answers.
  const down = aeos.faults.add({ kind: 'down' })
  await until('it is told', async () => (await alarms()).includes('source.failed'))
  aeos.faults.add({ kind: 'maintenance' })
  aeos.faults.remove(down.id)
  aeos.hand({ action: 'block-badge', badge: badge(102) })
  await pass(3, sweeps)
  aeos.hand({ action: 'withdraw', carrier: carrier('5003'), badge: badge(103) })
  aeos.hand({ action: 'replace', carrier: carrier('5004'), badge: badge(104), by: badge(204), reason: 'Forgotten' })
  aeos.hand({ action: 'replace', carrier: carrier('5005'), badge: badge(105), by: badge(205), reason: 'Lost' })
  await pass(3, sweeps)
  await post('/v1/keys/rotate')
  aeos.hand({ action: 'revoke', carrier: carrier('5006'), template: 'Main Entrance' })
  aeos.hand({ action: 'grant', carrier: carrier('5007'), template: 'Warehouse' })
  aeos.hand({ action: 'revoke-by-rule', carrier: carrier('5008'), template: 'Server Room' })
  await pass(6, sweeps)
  aeos.hand({ action: 'delete', carrier: carrier('5009') })
  create(5022, {})
  // What is undone within the day leaves no trace.
  aeos.hand({ action: 'block', carrier: carrier('5010') })
  await pass(6, sweeps)
  aeos.hand({ action: 'unblock', carrier: carrier('5010') })
  // The same badge, in other hands.
  aeos.hand({ action: 'withdraw', carrier: carrier('5011'), badge: badge(111) })
  aeos.hand({ action: 'assign', carrier: carrier('5012'), badge: badge(111) })
  await pass(9, sweeps)

  // Swept all the while, and not one write, but for whoever has left by their date.
  expect(user('5020')).toMatchObject({ disabled: true, cards: [{ blocked: true }] })
  // In the first hours after the midnight of that day: the step that the clocks were moved by.
  const [lockout] = (await person('5020')).lockouts
  const local = new Date(lockout?.arrivedAt ?? '').toLocaleTimeString('en-GB', { timeZone: bridgeZone })
  expect(local < '04').toBe(true)
  expect(others()).toEqual(before)
  await until('that it is late is told', () => raised('source.late') === 1)
  expect(raised('source.failed')).toBe(1)
  const { epochs } = await get<KeysView>('/v1/keys')
  expect(epochs.map(({ people }) => people)).toEqual([0, 14])

  const { at } = await status()
  aeos.faults.clear()
  await advance(longestRestMs)
  const ms = await agree()
  process.stdout.write(`bridge: after a day without AEOS: read back ${ms} ms after the longest rest\n`)
  expect(ms).toBeLessThan(limitMs(13))
  await until('the alarms are over', isQuiet)

  // The full read that the night had missed finds nothing more, and nothing is written for it.
  const isRead = async () => Date.parse((await status()).sources[0]?.lastCompleteAt ?? '') > Date.parse(at)
  await until('everybody was read', isRead)
  const full = (await get<SourceView>('/v1/sources/aeos')).deliveries.find(({ mode }) => mode === 'full')
  expect(full).toMatchObject({ outcome: 'taken', changed: 0, problems: 0 })
  const isUntouched = ({ id }: { readonly id: string }) => id === '5001' || id === '5010'
  expect(others().filter(isUntouched)).toEqual(before.filter(isUntouched))
  expect((await person('5009')).lockouts.map(({ cause }) => cause)).toEqual(['record'])
  expect(await agree()).toBeLessThan(limitMs(0))
}, 120_000)

test('the log of AEOS forgets what happened while it was away: all the same arrives, and who was removed is out a day of moved clocks later', async () => {
  const { aeos, carrier, user, alarms, person } = bridge
  const lockouts = async (number: string) => (await person(number)).lockouts.map(({ cause }) => cause)
  aeos.faults.add({ kind: 'maintenance' })
  await pass(3)
  aeos.hand({ action: 'block-badge', badge: badge(101) })
  aeos.hand({ action: 'block', carrier: carrier('5002') })
  aeos.hand({ action: 'delete', carrier: carrier('5010') })
  await pass(3)
  aeos.quirks.eventsKept = 1
  aeos.hand({ action: 'grant', carrier: carrier('5012'), template: 'Warehouse' })
  expect(aeos.state.changes()).toHaveLength(1)
  aeos.faults.clear()
  await advance(longestRestMs)
  await until('all else is right', () => differences().join() === '5010')
  // Silence is not absence: whom a full read lacks may only not have been shown. A person is told, and may release it.
  await until('it is told', async () => (await alarms()).includes('plan.held'))
  await pass(3)
  expect([user('5010')?.disabled, await lockouts('5010')]).toEqual([false, []])
  await advance(24 * hourMs)
  await agree()
  expect([await lockouts('5010'), await lockouts('5009')]).toEqual([['absence'], ['record']])
  await until('the alarms are over', isQuiet)
  aeos.quirks.eventsKept = 100_000
}, 120_000)

test('BioStar 2 is away for a day of moved clocks: it is told once, and all that happened at AEOS is there when it is back', async () => {
  const { aeos, biostar, carrier, alarms, person, isSettled } = bridge
  biostar.faults.add({ kind: 'down' })
  aeos.hand({ action: 'delete', carrier: carrier('5005') })
  aeos.hand({ action: 'withdraw', carrier: carrier('5004'), badge: badge(204), restoreReplaced: true })
  aeos.hand({ action: 'revoke', carrier: carrier('5007'), template: 'Main Entrance' })
  await until('it is told', async () => (await alarms()).includes('target.unreachable'))
  const [lockout] = (await person('5005')).lockouts
  await pass(27)
  expect(differences()).toEqual(['5004', '5005', '5007'])
  expect(await alarms()).toContain('lockout.open')
  expect(raised('target.unreachable')).toBe(1)
  biostar.faults.clear()
  await advance(targetRestMs)
  const isProven = async () => (await person('5005')).lockouts[0]?.provenAt !== null
  await until('both agree', async () => differences().length === 0 && (await isProven()))
  await until('it was read back', async () => (await isSettled('5004')) && isSettled('5007'))
  // What may still come from requests that had no answer is looked for once more.
  await advance(lateWriteMs)
  await agree()
  expect((await person('5005')).lockouts.map(({ id }) => id)).toEqual([lockout?.id])
  await until('the alarms are over', isQuiet)
}, 120_000)

test('eight days of moved clocks after people were removed from AEOS their groups and cards are gone from BioStar 2, and the users are there', async () => {
  const { user, groups, person } = bridge
  const left = ['5005', '5009', '5010']
  expect(left.map(groups)).toEqual([['Main Entrance'], ['Main Entrance'], ['Main Entrance', 'Server Room']])
  await advance(8 * 24 * hourMs)
  await until('groups and cards are gone', () =>
    left.every((number) => groups(number).length + (user(number)?.cards.length ?? 0) === 0),
  )
  expect(left.map((number) => user(number)?.disabled)).toEqual([true, true, true])
  await agree()
  for (const number of left) expect((await person(number)).lockouts).toHaveLength(1)
}, 120_000)
