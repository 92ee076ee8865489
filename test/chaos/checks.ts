/** What must hold once everything is quiet: by the door system's own listing, by the people's lock-outs, and by the bytes on the disk. */
import { expect } from 'vitest'
import type { BiostarSimulator } from '../../connectors/biostar2/simulator/index.ts'
import { toCsv } from '../../demo/workforce/csv.ts'
import { everybody } from '../../demo/workforce/gateway-config.ts'
import { knownValues } from '../../demo/workforce/known-values.ts'
import type { PersonView } from '../../src/api/acts/people.ts'
import type { StatusView } from '../../src/api/acts/status.ts'
import type { Site } from '../support/site.ts'
import type { ExpectedPerson } from './expected.ts'
import { textsBelow, textsIn } from './find-bytes.ts'
import type { Story } from './story.ts'

/** None missing, none twice, right groups, right cards, leavers shut; and what a card does at a door. */
export function checkListing(simulator: BiostarSimulator, story: Story): void {
  const people = story.people()
  const isOpen = ({ personId, isIn }: ExpectedPerson): boolean => isIn && personId !== story.lockedByHand?.personId
  const seen = simulator.state.users().filter(({ id }) => id !== '1' && !id.startsWith('V'))
  const present = new Map(seen.map((user) => [user.id, user]))

  const expectedIds = people.filter(({ personId }) => story.everIn.has(personId)).map(({ userId }) => userId)
  expect(seen.map(({ id }) => id).sort()).toEqual(expectedIds.sort())

  const open = people.filter(isOpen)
  expect(open.length).toBeGreaterThan(people.length * 0.8)
  const shown = open.map(({ userId }) => present.get(userId)).filter((user) => user !== undefined)
  expect(
    shown.map(({ id, disabled, groups, cards }) => ({ id, disabled, groups: groups.toSorted(), cards: sorted(cards) })),
  ).toEqual(open.map(({ userId, groups, cards }) => ({ id: userId, disabled: false, groups, cards: sorted(cards) })))

  const shut = people.filter((person) => story.everIn.has(person.personId) && !isOpen(person))
  expect(shut.length).toBeGreaterThanOrEqual(1 + 30)
  for (const { userId, cards } of shut) {
    const user = present.get(userId)
    // Whoever left before their card could be given has none; nobody has another, or one that opens.
    const own = cards.map(({ number }) => number)
    const wrong = user?.cards.filter(({ number, blocked }) => !blocked || !own.includes(number))
    expect({ userId, disabled: user?.disabled, wrong }).toEqual({ userId, disabled: true, wrong: [] })
  }

  for (const { userId, cards } of people) {
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

/** Every lock-out that Gatehouse calls proven belongs to somebody whom the door system shows shut; nobody's is missing. */
export async function checkLockOuts(site: Site, story: Story): Promise<void> {
  const { secondToken } = story
  const gone = story
    .people()
    .filter(({ personId, isIn }) => story.everIn.has(personId) && (!isIn || personId === story.lockedByHand?.personId))
  let proven = 0
  for (const { userId } of gone) {
    const { id } = await story.ask<{ id: string }>(secondToken, '/v1/people/find', { by: userId })
    const { lockouts } = await story.ask<PersonView>(secondToken, `/v1/people/${id}`)
    expect({ userId, lockouts: lockouts.length > 0 }).toEqual({ userId, lockouts: true })
    proven += lockouts.length
    const user = site.simulator.state.user(userId)
    expect({ userId, disabled: user?.disabled, open: user?.cards.filter(({ blocked }) => !blocked) }).toEqual({
      userId,
      disabled: true,
      open: [],
    })
  }
  const { lockouts } = await story.ask<StatusView>(site.token, '/v1/status')
  expect({ open: lockouts.open, proven: lockouts.proven24h }).toEqual({ open: 0, proven })
}

/** Nothing is left over: no dead work, no pause, no alarm but those that only time or a person clears, and a whole audit trail. */
export async function checkGateway(site: Site, story: Story, started: Date): Promise<void> {
  const status = await story.ask<StatusView>(site.token, '/v1/status')
  expect(new Date(status.startedAt).getTime()).toBeGreaterThan(started.getTime())
  expect(status.targets.map(({ dead, pausedBecause }) => ({ dead, pausedBecause }))).toEqual([
    { dead: 0, pausedBecause: null },
  ])
  expect(status.alarms).toEqual([])
  const verdict = await story.ask<{ ok: boolean; entries: number }>(site.token, '/v1/audit/verify')
  expect(verdict).toMatchObject({ ok: true, why: null })
}

/** A plain search for 40 values of people finds nothing in the data directory, the logs and Redis; and would find them. */
export async function checkSecrecy(site: Site, story: Story, redis: Buffer | null): Promise<void> {
  const values = knownValues(story.workforce, 40).map(({ value }) => value)
  // The HR file writes cards in two columns, so their printed form is not in it.
  const inFile = textsIn(toCsv(story.workforce.rows), values)
  expect(inFile.length).toBeGreaterThanOrEqual(30)

  const { found, bytes } = await textsBelow(site.dataPath, values)
  expect(found).toEqual([])
  expect(bytes).toBeGreaterThan(20_000_000)
  const log = Buffer.from(site.said.join(''))
  expect(log.length).toBeGreaterThan(1_000)
  expect(textsIn(log, values)).toEqual([])
  if (redis === null) return
  expect(redis.includes(':gh-hq-')).toBe(true)
  expect(textsIn(redis, values)).toEqual([])
}
