/** An operator locks somebody out by the number of a card, without HR; HR's file does not open the door again, lifting the lock restores what it closed, and opening a leaver is said apart. */
import type { UnlockedView } from '../../src/api/acts/people.ts'
import { atEach } from '../door-system.ts'
import { cardsThatOpen, isShutOut, levelsAndCards, openEverywhere, shutOut } from '../doors.ts'
import { userIdOf } from '../expectation.ts'
import { allProven, lockOutRecords, slowestAt } from '../lock-out-records.ts'
import { deliverChanges, isSettled, personView, rowOf, type Story, until } from '../story.ts'
import { joiners, leavers } from '../workforce/changes.ts'

export async function operatorLock(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  const { systems } = house
  narrator.scene('An operator locks somebody out, and HR knows nothing of it', "an operator's lock")
  // Somebody new, so that nothing of the scenes before is undone.
  const came = joiners(story.workforce, 1)
  story.workforce = came.workforce
  const [person = ''] = came.touched
  const row = rowOf(story, person)
  await deliverChanges(story, [person])
  await until(story, 'the joiner to be in', () => openEverywhere(systems, [row]))
  const before = new Map(systems.map((system) => [system.name, levelsAndCards(system, row)]))
  const card = `H10301:${row.cardFacility}:${row.cardNumber}`
  narrator.say(`A guard has taken a card from somebody who must not come back: ${house.two.name} locks its holder out.`)

  const since = new Date()
  const { id } = await house.call<{ id: string }>('/v1/people/find', { by: card }, house.two)
  await house.call(`/v1/people/${id}/lock`, { reason: 'told so by the guard' }, house.two)
  await until(story, 'the proof', () => allProven(house, 1, since), { everyMs: 10 })
  const records = await lockOutRecords(house.store, [id], since)
  claims.below('from the order to the proof', slowestAt(systems, records), 1000, 'ms')
  claims.exactly('the card opens nothing', await cardsThatOpen(systems, [row]), 0, 'cards')

  narrator.say('HR delivers the same person again, as active as before.')
  const requests = await atEach(systems, (system) => system.requestCount())
  story.workforce = {
    ...story.workforce,
    rows: story.workforce.rows.map((each) => (each.personId === person ? { ...each, preferredName: 'Sampler' } : each)),
  }
  await deliverChanges(story, [person])
  await until(story, 'the file to be taken', async () => {
    const { rows } = await house.store.query<{ taken: boolean }>(
      'select exists (select from pull where arrived_at > $1 and finished_at is not null) as taken',
      [since],
    )
    return rows[0]?.taken === true
  })
  await until(story, 'whatever follows', () => isSettled(story))
  claims.exactly(
    'HR opens nothing that an operator has closed',
    await atEach(systems, (system) => (isShutOut(system, row) ? 0 : 1)),
    0,
    'doors',
  )
  claims.exactly(
    'requests that would have opened it',
    await atEach(
      systems,
      (system) =>
        system.requestsAbout(userIdOf(row), requests.get(system.name) ?? 0).filter(({ writes }) => writes).length,
    ),
    0,
    'requests',
  )

  narrator.say('It was the wrong card. The lock is lifted.')
  const unlocked = await unlock(story, id, 'a mistake')
  claims.exactly(
    'answers that say that the lock is lifted, and nothing else opened',
    unlocked.lifted && unlocked.heldOpenUntil === null && unlocked.state === 'active' ? 1 : 0,
    1,
    'answers',
  )
  await until(story, 'the door to open', () => openEverywhere(systems, [row]))
  claims.exactly(
    'what was closed is open again, with the same levels and card',
    await atEach(systems, (system) => (levelsAndCards(system, row) === before.get(system.name) ? 1 : 0)),
    1,
    'people',
  )
  await mistakenLeaver(story, person, id)
}

/** Lifting a lock opens nobody who has left: that takes a second word, which is said as such. */
async function mistakenLeaver(story: Story, person: string, id: string): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  const { systems } = house
  const row = rowOf(story, person)
  const lock = (reason: string) => house.call(`/v1/people/${id}/lock`, { reason }, house.two)
  narrator.say(`Later ${house.two.name} locks the same person once more, and then HR says that they have left.`)
  await lock('seen where they should not be')
  story.workforce = leavers(story.workforce, [person], { how: 'terminated-now' }).workforce
  await deliverChanges(story, [person])
  await until(story, 'HR to be heard', async () => (await personView(story, id)).state === 'left')
  const { lifted, heldOpenUntil, state } = await unlock(story, id, 'the matter is settled')
  await until(story, 'whatever follows', () => isSettled(story))
  claims.exactly(
    'answers that say that the lock is lifted, but the person has left',
    lifted && heldOpenUntil === null && state === 'left' ? 1 : 0,
    1,
    'answers',
  )
  claims.exactly('doors that lifting it opened', await cardsThatOpen(systems, [row]), 0, 'doors')

  narrator.say('HR was mistaken, and is to mend its record by tomorrow. Unlocked once more, the door is held open.')
  const held = await unlock(story, id, 'HR mends its record')
  await until(story, 'the door to open', () => openEverywhere(systems, [row]))
  claims.exactly(
    'answers that say until when',
    Date.parse(held.heldOpenUntil ?? '') > Date.now() && !held.lifted ? 1 : 0,
    1,
    'answers',
  )
  narrator.say('Then HR says that it was right after all.')
  await lock('HR was right after all')
  await until(story, 'every door to close', () => systems.every((system) => isShutOut(system, row)), { everyMs: 10 })
  claims.exactly('doors that are open to whoever was held open', await cardsThatOpen(systems, [row]), 0, 'doors')
  claims.exactly(
    'whoever was held open is shut again',
    await atEach(systems, (system) => shutOut(system, [row])),
    1,
    'people',
  )
}

function unlock({ house }: Story, id: string, reason: string): Promise<UnlockedView> {
  return house.call<UnlockedView>(`/v1/people/${id}/unlock`, { reason, hours: 1 }, house.two)
}
