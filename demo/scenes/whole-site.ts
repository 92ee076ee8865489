/** At the end of all that happened, the door system as a whole is what HR's rows imply, person by person. */
import { figure } from '../claims.ts'
import { cardsThatOpen } from '../doors.ts'
import { cardNumberOf } from '../expectation.ts'
import { expectation, isQuiet, judge, type Story, status, until } from '../story.ts'

export async function wholeSite(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  narrator.scene('The whole site, after all of this', 'whole site')
  await until(story, 'Gatehouse to look once more at whose answer was lost', () => isQuiet(story), { everyMs: 250 })
  const wanted = expectation(story)
  const verdict = judge(story)
  narrator.say(
    `Everybody at the door system is compared with HR's rows once more: ${figure(wanted.accounts.size)} people who work here, and ${verdict.shut + verdict.open.length} accounts of people who have left.`,
  )
  claims.exactly(
    'people with exactly the groups and card that HR implies',
    verdict.right,
    wanted.accounts.size,
    'people',
  )
  claims.exactly('accounts of people who have left, and are not shut', verdict.open.length, 0, 'accounts')
  claims.exactly('people with two accounts', verdict.twice, 0, 'people')
  const present = new Set([...wanted.accounts.values()].map(({ card }) => card.number))
  const gone = story.beginning.rows.filter((row) => !present.has(cardNumberOf(row)))
  claims.exactly(
    'cards of people who have left that open the main entrance',
    await cardsThatOpen(house.simulator, gone),
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
