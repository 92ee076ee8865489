/** Somebody whose name the door system refuses, and who should have more groups than it takes, is shut out like anybody else. */
import { isShut, usersOf } from '../door-system.ts'
import { cardsThatOpen } from '../doors.ts'
import { userIdOf } from '../expectation.ts'
import { lockOutRecords, provenSince } from '../lock-out-records.ts'
import { groupsMax, keeperTitle } from '../site.ts'
import { deliverChanges, gatewayIdOf, personView, rowOf, type Story, until } from '../story.ts'
import { leavers, movers } from '../workforce/changes.ts'

export async function oddPerson(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  narrator.scene('A name that the door system refuses, and one group too many', 'refused name, 17 groups')
  const [person = ''] = movers(story.workforce, 1).touched
  const id = userIdOf(rowOf(story, person))
  const nameBefore = house.simulator.state.user(id)?.name
  change(story, person)
  narrator.say(
    `Somebody takes the family name 'St. Specimen' (this server refuses a dot, and says so nowhere), and becomes '${keeperTitle}', to whom the policy gives ${groupsMax + 1} groups; the server takes ${groupsMax}.`,
  )
  await deliverChanges(story, [person])
  const gatewayId = await gatewayIdOf(story, rowOf(story, person))
  let failures: Readonly<Record<string, { readonly code: string }>> = {}
  const failed = (code: string): number => Object.values(failures).filter((failure) => failure.code === code).length
  await until(story, 'both refusals to be seen', async () => {
    const view = await personView(story, gatewayId)
    failures = (view.accounts[0]?.failures ?? {}) as typeof failures
    return failed('biostar2.field-refused') > 0 && failed('biostar2.too-many-groups') > 0
  })
  const user = house.simulator.state.user(id)
  claims.exactly('parts that failed: the refused name', failed('biostar2.field-refused'), 1, 'parts')
  claims.exactly('parts that failed: the seventeenth group', failed('biostar2.too-many-groups'), 1, 'parts')
  claims.exactly(`groups that were given all the same`, user?.groups.length ?? 0, groupsMax, 'groups')
  claims.exactly('names changed at the door system', user?.name === nameBefore ? 0 : 1, 0, 'names')
  const opened = await cardsThatOpen(house.simulator, [rowOf(story, person)])

  narrator.say('Then this person leaves.')
  const since = new Date()
  story.workforce = leavers(story.workforce, [person], { how: 'terminated-now' }).workforce
  await deliverChanges(story, [person])
  await until(story, 'the lock-out to be proven', async () => (await provenSince(house.store, since)) > 0, {
    everyMs: 25,
  })
  const shut = usersOf(house.simulator).get(id)
  const opens = await cardsThatOpen(house.simulator, [rowOf(story, person)])
  claims.exactly(
    'shut out in spite of both: disabled, card blocked, refused at the door',
    shut !== undefined && isShut(shut) ? opened - opens : 0,
    1,
    'people',
  )
  const [record] = await lockOutRecords(house.store, [gatewayId], since)
  claims.below('from bytes read to proof', record?.totalMs ?? Number.NaN, 1000, 'ms')
}

function change(story: Story, person: string): void {
  story.workforce = {
    ...story.workforce,
    rows: story.workforce.rows.map((row) =>
      row.personId === person ? { ...row, familyName: 'St. Specimen', preferredName: '', title: keeperTitle } : row,
    ),
  }
}
