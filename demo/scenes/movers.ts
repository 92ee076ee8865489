/** People move to other departments: their levels follow the policy, and what somebody granted by hand at a door system stays. */
import { figure } from '../claims.ts'
import { atEach } from '../door-system.ts'
import { cardsThatOpen, opens } from '../doors.ts'
import { userIdOf } from '../expectation.ts'
import { byHandOnly } from '../site.ts'
import {
  deliverChanges,
  expectation,
  isSettled,
  judge,
  rightAt,
  rightEverywhere,
  rowOf,
  type Story,
  until,
} from '../story.ts'
import { movers as move } from '../workforce/changes.ts'
import { groupOf } from '../workforce/gateway-config.ts'
import type { WorkerRow } from '../workforce/worker-row.ts'

const count = 40
const grantedByHand = 10

export async function movers(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  const { systems } = house
  narrator.scene('People move to another department', 'movers')
  const change = move(story.workforce, count)
  const before = change.touched.map((person) => rowOf(story, person))
  const given = change.touched.slice(0, grantedByHand).map((person) => userIdOf(rowOf(story, person)))
  for (const user of given) {
    for (const system of systems) system.grantByHand({ user, level: byHandOnly })
    story.byHand.set(user, [byHandOnly])
  }
  narrator.say(
    `HR moves ${count} people. Beforehand, somebody at the door systems' own consoles has given ${grantedByHand} of them the level '${byHandOnly}', which Gatehouse knows nothing of.`,
  )
  story.workforce = change.workforce
  await deliverChanges(story, change.touched)
  const wanted = expectation(story)
  const moving = change.touched.map((person) => userIdOf(rowOf(story, person)))
  const right = (): number => rightEverywhere(story, wanted, moving)
  await until(story, 'their levels to change', async () => right() === count && (await isSettled(story)), {
    progress: () => `${figure(right())} of ${count} people moved`,
  }).catch(() => narrator.say('Not all of them moved in time.'))

  claims.exactly(
    'movers with the levels of their new department only',
    await atEach(systems, (system) => rightAt(story, system, wanted, moving)),
    count,
    'people',
  )
  claims.exactly(
    'grants made by hand that are still there',
    await atEach(systems, ({ account }) => given.filter((id) => account(id)?.levels.includes(byHandOnly)).length),
    grantedByHand,
    'grants',
  )
  claims.exactly(
    'other people whose account changed',
    await judge(story, ({ wrong, missing }) => wrong.length + missing.length),
    0,
    'people',
  )
  await cardsThatOpen(systems, [])
  const openOwn = (rows: readonly WorkerRow[]) =>
    atEach(systems, (system) => rows.filter((row) => opens(system, row, groupOf(row.department.trim()))).length)
  const old = await openOwn(before)
  const fresh = await openOwn(change.touched.map((person) => rowOf(story, person)))
  claims.exactly("movers whose card opens the old department's door", old, 0, 'cards')
  claims.exactly("movers whose card opens the new department's door", fresh, count, 'cards')
}
