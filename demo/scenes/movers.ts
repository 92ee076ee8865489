/** People move to other departments: their groups follow the policy, and what somebody granted by hand at the door system stays. */
import { figure } from '../claims.ts'
import { usersOf } from '../door-system.ts'
import { cardsThatOpen, opens } from '../doors.ts'
import { userIdOf } from '../expectation.ts'
import { byHandOnly } from '../site.ts'
import { deliverChanges, expectation, isSettled, judge, rightOf, rowOf, type Story, until } from '../story.ts'
import { movers as move } from '../workforce/changes.ts'
import { groupOf } from '../workforce/gateway-config.ts'

const count = 40
const grantedByHand = 10

export async function movers(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  narrator.scene('People move to another department', 'movers')
  const change = move(story.workforce, count)
  const before = change.touched.map((person) => rowOf(story, person))
  const given = change.touched.slice(0, grantedByHand).map((person) => userIdOf(rowOf(story, person)))
  for (const user of given) {
    house.simulator.hand({ action: 'grant', user, group: byHandOnly })
    story.byHand.set(user, [byHandOnly])
  }
  narrator.say(
    `HR moves ${count} people. Beforehand, somebody at the door system's own console has given ${grantedByHand} of them the group '${byHandOnly}', which Gatehouse knows nothing of.`,
  )
  story.workforce = change.workforce
  await deliverChanges(story, change.touched)
  const wanted = expectation(story)
  const moving = change.touched.map((person) => userIdOf(rowOf(story, person)))
  const right = (): number => rightOf(story, wanted, moving)
  await until(story, 'their groups to change', async () => right() === count && (await isSettled(story)), {
    progress: () => `${figure(right())} of ${count} people moved`,
  }).catch(() => narrator.say('Not all of them moved in time.'))

  claims.exactly('movers with the groups of their new department only', right(), count, 'people')
  const users = usersOf(house.simulator)
  claims.exactly(
    'grants made by hand that are still there',
    given.filter((id) => users.get(id)?.groups.includes(byHandOnly)).length,
    grantedByHand,
    'grants',
  )
  const verdict = judge(story)
  claims.exactly('other people whose account changed', verdict.wrong.length + verdict.missing.length, 0, 'people')
  await cardsThatOpen(house.simulator, [])
  const old = before.filter((row) => opens(house.simulator, row, groupOf(row.department.trim()))).length
  const moved = change.touched.map((person) => rowOf(story, person))
  const fresh = moved.filter((row) => opens(house.simulator, row, groupOf(row.department.trim()))).length
  claims.exactly("movers whose card opens the old department's door", old, 0, 'cards')
  claims.exactly("movers whose card opens the new department's door", fresh, count, 'cards')
}
