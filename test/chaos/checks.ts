/** What must hold once everything is quiet: by the door system's own listing, by the people's lock-outs, and by the bytes on the disk. */
import { expect } from 'vitest'
import type { BiostarSimulator } from '../../connectors/biostar2/simulator/index.ts'
import { toCsv } from '../../demo/workforce/csv.ts'
import { everybody } from '../../demo/workforce/gateway-config.ts'
import { knownValues } from '../../demo/workforce/known-values.ts'
import type { Workforce } from '../../demo/workforce/workforce.ts'
import type { LockoutView } from '../../src/api/acts/lockouts.ts'
import type { PersonView } from '../../src/api/acts/people.ts'
import type { ExpectedPerson } from './expected.ts'
import { textsBelow, textsIn } from './find-bytes.ts'
import type { Hr } from './hr.ts'
import type { Operator } from './operator.ts'

/** None missing, none twice, right groups, right cards, leavers shut; and what a card does at a door. */
export function checkListing(simulator: BiostarSimulator, hr: Hr, { lockedByHand }: Operator): void {
  const people = hr.people()
  const isOpen = ({ personId, isIn }: ExpectedPerson): boolean => isIn && personId !== lockedByHand?.personId
  const seen = simulator.state.users().filter(({ id }) => id !== '1' && !id.startsWith('V'))
  const present = new Map(seen.map((user) => [user.id, user]))

  const mayBeThere = new Set(people.filter(({ personId }) => hr.everIn.has(personId)).map(({ userId }) => userId))
  expect(seen.filter(({ id }) => !mayBeThere.has(id))).toEqual([])
  expect(present.size, 'nobody is there twice').toBe(seen.length)

  const open = people.filter(isOpen)
  expect(open.filter(({ userId }) => !present.has(userId))).toEqual([])
  expect(open.length).toBeGreaterThan(people.length * 0.5)
  const shown = open.map(({ userId }) => present.get(userId)).filter((user) => user !== undefined)
  expect(
    shown.map(({ id, disabled, groups, cards }) => ({ id, disabled, groups: groups.toSorted(), cards: sorted(cards) })),
  ).toEqual(open.map(({ userId, groups, cards }) => ({ id: userId, disabled: false, groups, cards: sorted(cards) })))

  const shut = people.filter((person) => hr.everIn.has(person.personId) && !isOpen(person))
  expect(shut.length).toBeGreaterThanOrEqual(1)
  for (const { userId, cards } of shut) {
    const user = present.get(userId)
    // Whoever left before they could be provisioned has no account.
    if (user === undefined) continue
    // Whoever left before their card could be given has none; nobody has another, or one that opens.
    const own = cards.map(({ number }) => number)
    const wrong = user?.cards.filter(({ number, blocked }) => !blocked || !own.includes(number))
    expect({ userId, disabled: user?.disabled, wrong }).toEqual({ userId, disabled: true, wrong: [] })
  }

  for (const { userId, personId, cards } of people) {
    // What a reader still knows of somebody whom a server that was put back has forgotten, nobody can see at the server.
    if (hr.everIn.has(personId) && !present.has(userId)) continue
    for (const { number, blocked } of cards) {
      const { granted } = simulator.swipe({ card_id: number, door: everybody })
      const opens = open.some((person) => person.userId === userId) && !blocked
      expect({ userId, granted }).toEqual({ userId, granted: opens })
    }
  }
}

function sorted(cards: readonly { readonly number: string; readonly blocked: boolean }[]) {
  return cards.map(({ number, blocked }) => ({ number, blocked })).sort((a, b) => (a.number < b.number ? -1 : 1))
}

/** Every lock-out that Gatehouse calls proven belongs to somebody whom the door system shows shut; nobody's is missing. Returns how many there are. */
export async function checkLockOuts(simulator: BiostarSimulator, hr: Hr, operator: Operator): Promise<number> {
  const byHand = operator.lockedByHand?.personId
  const gone = hr.people().filter(({ personId, isIn }) => hr.everIn.has(personId) && (!isIn || personId === byHand))
  let proven = 0
  const lies: unknown[] = []
  for (const { userId } of gone) {
    const { id } = await operator.ask<{ id: string }>('/v1/people/find', { by: userId })
    const { lockouts, accounts } = await operator.ask<PersonView>(`/v1/people/${id}`)
    const user = simulator.state.user(userId)
    // Whoever left before anything was ordered of a target has nothing to be locked out of.
    if (user === null && accounts.every(({ desired }) => desired === null)) continue
    const unproven = lockouts.filter(({ provenAt, endedAt }) => provenAt === null && endedAt === null)
    // Nobody gets in with an account that was never made.
    const isShut = user === null || (user.disabled && user.cards.every(({ blocked }) => blocked))
    expect({ userId, lockouts: lockouts.length > 0, unproven, isShut }).toEqual({
      userId,
      lockouts: true,
      unproven: [],
      isShut: true,
    })
    proven += lockouts.length
    lies.push(
      ...lockouts.filter((lockout) => !isTrue(simulator, userId, lockout)).map((lockout) => ({ userId, lockout })),
    )
  }
  expect(lies, 'lock-outs that were called proven while the door system showed something else').toEqual([])
  const { lockouts } = await operator.status()
  expect(lockouts.open).toBe(0)
  return proven
}

/** Whether the door system had them shut at the very moment of the proof, by its own chronicle. Of a single card it says nothing. */
function isTrue({ state }: BiostarSimulator, userId: string, { provenAt, credential }: LockoutView): boolean {
  return provenAt === null || credential !== null || state.standingAt(userId, new Date(provenAt)) !== 'open'
}

/** Nobody who was erased can be found here; `checkListing` has seen that the door system shows nobody whom HR does not know. */
export async function checkErased(operator: Operator): Promise<void> {
  expect(operator.erased.length).toBeGreaterThan(0)
  for (const id of operator.erased)
    await expect(operator.ask(`/v1/people/${id}`)).rejects.toMatchObject({ status: 404 })
}

/** Nothing is left over: no dead work, no pause, no alarm, and a whole audit trail. */
export async function checkGateway(operator: Operator, started: Date): Promise<void> {
  const status = await operator.status()
  expect(new Date(status.startedAt).getTime()).toBeGreaterThan(started.getTime())
  expect(status.targets.map(({ dead, pausedBecause }) => ({ dead, pausedBecause }))).toEqual([
    { dead: 0, pausedBecause: null },
  ])
  // Of a door system that was put back, or where a store on a full disk took no note of a write, the guard can't know who changed what: it is
  // told, and nothing is shut.
  expect(status.alarms.filter(({ code }) => code !== 'credential.changed_unexpectedly')).toEqual([])
  const verdict = await operator.ask<{ ok: boolean; entries: number }>('/v1/audit/verify')
  expect(verdict).toMatchObject({ ok: true, why: null })
}

export interface Places {
  /** Where the database lies. */
  readonly folder: string
  /** All that the gateways said. */
  readonly log: string
  readonly workforce: Workforce
  /** All that was sent to Redis; null without one. */
  readonly redis: Buffer | null
}

/** A plain search for 40 values of people finds nothing in the database's files, the logs and Redis; and would find them. */
export async function checkSecrecy({ folder, log, workforce, redis }: Places): Promise<void> {
  const values = knownValues(workforce, 40).map(({ value }) => value)
  // The HR file writes cards in two columns, so their printed form is not in it.
  const inFile = textsIn(toCsv(workforce.rows), values)
  expect(inFile.length).toBeGreaterThanOrEqual(30)

  const { found, bytes } = await textsBelow(folder, values)
  expect(found).toEqual([])
  expect(bytes).toBeGreaterThan(20_000_000)
  expect(log.length).toBeGreaterThan(1_000)
  expect(textsIn(Buffer.from(log), values)).toEqual([])
  if (redis === null) return
  expect(redis.includes(':gh-hq-')).toBe(true)
  expect(textsIn(redis, values)).toEqual([])
}
