/** Somebody whose name both door systems refuse, and who should have more levels than one of them takes, is shut out like anybody else. */
import { atEach, type DoorSystem } from '../door-system.ts'
import { cardsThatOpen, isShutOut } from '../doors.ts'
import { userIdOf } from '../expectation.ts'
import { allProven, lockOutRecords, slowestAt } from '../lock-out-records.ts'
import { keeperLevels, keeperTitle } from '../site.ts'
import { deliverChanges, gatewayIdOf, personView, rowOf, type Story, until } from '../story.ts'
import { leavers, movers } from '../workforce/changes.ts'

type Failures = Readonly<Record<string, { readonly code: string }>>

export async function oddPerson(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  const { systems } = house
  narrator.scene('A name that door systems refuse, and one level too many', `refused name, ${keeperLevels} levels`)
  const [person = ''] = movers(story.workforce, 1).touched
  const id = userIdOf(rowOf(story, person))
  const namesBefore = new Map(systems.map(({ name, account }) => [name, account(id)?.name]))
  change(story, person)
  const signs = systems.map(({ name, refusals }) => `${name} refuses the sign ${refusals.sign}`).join(', ')
  const limits = systems.map(({ name, refusals }) => `${name} takes ${refusals.levels?.max ?? 'any number'}`).join(', ')
  narrator.say(
    `Somebody takes the family name '${oddName}' (${signs}, and neither says so anywhere), and becomes '${keeperTitle}', to whom the policy gives ${keeperLevels} levels (${limits}).`,
  )
  await deliverChanges(story, [person])
  const gatewayId = await gatewayIdOf(story, rowOf(story, person))
  const failures = new Map<string, Failures>()
  const failed = ({ target }: DoorSystem, code: string | undefined): number =>
    Object.values(failures.get(target) ?? {}).filter((failure) => failure.code === code).length
  const tooMany = ({ refusals }: DoorSystem): number =>
    Math.max(0, keeperLevels - (refusals.levels?.max ?? keeperLevels))
  const given = (system: DoorSystem): number => system.account(id)?.levels.length ?? 0
  await until(story, 'what is refused to be seen', async () => {
    for (const account of (await personView(story, gatewayId)).accounts)
      failures.set(account.target, account.failures ?? {})
    return systems.every(
      (system) =>
        failed(system, system.refusals.name) > 0 &&
        failed(system, system.refusals.levels?.code) === tooMany(system) &&
        given(system) === keeperLevels - tooMany(system),
    )
  }).catch(() => narrator.say('Not all of it was seen in time.'))
  claims.exactly(
    'parts that failed: the refused name',
    await atEach(systems, (system) => failed(system, system.refusals.name)),
    1,
    'parts',
  )
  claims.exactly(
    'parts that failed: levels beyond what it takes',
    await atEach(systems, (system) => failed(system, system.refusals.levels?.code)),
    await atEach(systems, tooMany),
    'parts',
  )
  claims.exactly(
    'levels that were given all the same',
    await atEach(systems, given),
    await atEach(systems, (system) => keeperLevels - tooMany(system)),
    'levels',
  )
  claims.exactly(
    'names changed',
    await atEach(systems, ({ name, account }) => (account(id)?.name === namesBefore.get(name) ? 0 : 1)),
    0,
    'names',
  )
  const opened = await cardsThatOpen(systems, [rowOf(story, person)])

  narrator.say('Then this person leaves.')
  const since = new Date()
  story.workforce = leavers(story.workforce, [person], { how: 'terminated-now' }).workforce
  await deliverChanges(story, [person])
  await until(story, 'the lock-out to be proven', () => allProven(house, 1, since), { everyMs: 25 })
  const opens = await cardsThatOpen(systems, [rowOf(story, person)])
  claims.exactly(
    'shut out in spite of it: closed, card blocked, refused at the door',
    await atEach(systems, (system) =>
      isShutOut(system, rowOf(story, person)) ? (opened.get(system.name) ?? 0) - (opens.get(system.name) ?? 0) : 0,
    ),
    1,
    'people',
  )
  const records = await lockOutRecords(house.store, [gatewayId], since)
  claims.below('from bytes read to proof', slowestAt(systems, records), 1000, 'ms')
}

const oddName = 'St. Specimen/Sample'

function change(story: Story, person: string): void {
  story.workforce = {
    ...story.workforce,
    rows: story.workforce.rows.map((row) =>
      row.personId === person ? { ...row, familyName: oddName, preferredName: '', title: keeperTitle } : row,
    ),
  }
}
