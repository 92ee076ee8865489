/** At the end of all that happened, each door system as a whole is what HR's rows imply, person by person. */
import { figure } from '../claims.ts'
import { namesOf } from '../door-system.ts'
import { cardsThatOpen } from '../doors.ts'
import { cardNumberOf } from '../expectation.ts'
import { expectation, isQuiet, judge, type Story, status, until } from '../story.ts'

export async function wholeSite(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  narrator.scene('The whole company, after all of this', 'whole site')
  await until(story, 'Gatehouse to look once more at whose answer was lost', () => isQuiet(story), { everyMs: 250 })
  const wanted = expectation(story)
  const gone = [...(await judge(story, ({ shut, open }) => shut + open.length)).values()]
  narrator.say(
    `Everybody at ${namesOf(house.systems)} is compared with HR's rows once more: ${figure(wanted.accounts.size)} people who work here, and ${gone.map(figure).join(' and ')} accounts of people who have left.`,
  )
  claims.exactly(
    'people with exactly the levels and card that HR implies',
    await judge(story, ({ right }) => right),
    wanted.accounts.size,
    'people',
  )
  claims.exactly(
    'accounts of people who have left, and are not shut',
    await judge(story, ({ open }) => open.length),
    0,
    'accounts',
  )
  claims.exactly('people with two accounts', await judge(story, ({ twice }) => twice), 0, 'people')
  const present = new Set([...wanted.accounts.values()].map(({ card }) => card.number))
  const former = story.beginning.rows.filter((row) => !present.has(cardNumberOf(row)))
  claims.exactly(
    'cards of people who have left that open the main entrance',
    await cardsThatOpen(house.systems, former),
    0,
    'cards',
  )
  const backend = house.redisUrl === undefined ? 'postgresql' : 'redis'
  const { queue } = await status(story)
  claims.exactly(
    `wake-ups went through ${backend}, says the gateway`,
    queue.backend === backend && queue.ok ? 1 : 0,
    1,
    'queues',
  )
  const trail = await house.call<{ ok: boolean; entries: number }>('/v1/audit/verify')
  claims.exactly(
    'audit trail verified from its first entry to its last',
    trail.ok && trail.entries > 0 ? 1 : 0,
    1,
    'trails',
  )
}
