/** Everybody in HR's first export gets an account, once, with the right groups and card; and nothing before a person has released it. */
import type { PlanView } from '../../src/api/acts/plans.ts'
import { figure } from '../claims.ts'
import { compare, usersOf } from '../door-system.ts'
import { cardsThatOpen } from '../doors.ts'
import { type Expectation, userIdOf } from '../expectation.ts'
import { expectation, heldPlan, isSettled, type Story, trailered, until } from '../story.ts'
import { toCsv } from '../workforce/csv.ts'

export async function joiners(story: Story): Promise<void> {
  const { house, narrator, workforce } = story
  const { claims } = narrator
  narrator.scene('The first HR export: people become users who can open doors', 'joiners')
  const people = new Set(workforce.rows.map(({ personId }) => personId)).size
  narrator.say(
    `HR drops a file: ${figure(workforce.rows.length)} jobs of ${figure(people)} people, with what real exports hold: people who came back, have two jobs, start next week, left last month, share a mailbox, or bear names like O'Sample.`,
  )
  await house.drop(`workers-${workforce.today}T0600.csv`, toCsv(workforce.rows, trailered))
  let plan: PlanView | null = null
  await until(story, 'reading the file', async () => {
    plan = await heldPlan(story)
    return plan !== null
  })
  const first = plan as unknown as PlanView
  narrator.say(
    `Gatehouse has worked out a plan that creates ${figure(first.total)} accounts, and holds it: so many changes at once need a person who looks and releases them.`,
  )
  claims.exactly('accounts made before the plan was released', usersOf(house.simulator).size, 0, 'accounts')

  narrator.say(`${house.one.name} releases it. Gatehouse writes to the door system, and reads every account back.`)
  await house.call(`/v1/plans/${first.id}/release`, { reason: 'first import, looked through' })
  const wanted = expectation(story)
  const made = (): string =>
    `${figure(house.simulator.state.userCount - 1)} of ${figure(wanted.accounts.size)} people done`
  await until(story, 'everybody to have an account', () => isSettled(story), {
    limitMs: 180_000,
    everyMs: 250,
    progress: made,
  })

  tellReasons(story, wanted)
  const users = usersOf(house.simulator)
  const verdict = compare(users, wanted)
  claims.exactly(
    'people with exactly the groups and card that HR implies',
    verdict.right,
    wanted.accounts.size,
    'people',
  )
  claims.exactly(
    'people without an account, or with a wrong one',
    verdict.missing.length + verdict.wrong.length,
    0,
    'people',
  )
  claims.exactly('accounts of people who should have none', verdict.open.length + verdict.shut, 0, 'accounts')
  claims.exactly('people with two accounts', verdict.twice, 0, 'people')
  const { rows } = await house.store.query<{ count: number }>(
    'select count(*)::int as count from account where actual_at is not null and actual is not null',
  )
  claims.exactly(
    'accounts that were read back after they were written',
    rows[0]?.count ?? 0,
    wanted.accounts.size,
    'accounts',
  )

  const holders = workforce.rows.filter(
    (row, at, all) => all.findIndex(({ personId }) => personId === row.personId) === at,
  )
  const usable = [...wanted.accounts.values()].filter(({ card }) => !card.blocked).length
  claims.exactly('cards that open the main entrance', await cardsThatOpen(house.simulator, holders), usable, 'cards')
  await claimRefusals(story, wanted)
}

function tellReasons(story: Story, { without }: Expectation): void {
  const counts = [...Map.groupBy(without.values(), (reason) => reason)].map(
    ([reason, all]) => `${all.length} ${all.length === 1 ? 'person' : 'people'}: ${reason}`,
  )
  story.narrator.say(`Without an account, and rightly so: ${counts.join('; ')}.`)
}

/** What the door system refused stands on a list for a person, and keeps nothing else of anybody out. */
async function claimRefusals(story: Story, wanted: Expectation): Promise<void> {
  const { house, narrator, workforce } = story
  const { rows } = await house.store.query<{ count: number }>(
    `select count(*)::int as count from account where failures like '%biostar2.email-exists%'`,
  )
  const owners = workforce.rows.filter((row) => wanted.accounts.has(userIdOf(row)))
  const addresses = new Map(owners.map((row) => [userIdOf(row), row.email?.trim().toLowerCase() ?? '']))
  const given = [...addresses.values()].filter((address) => address !== '')
  narrator.say(
    'Some share a mailbox with somebody else, and the door system takes an address only once: that field alone fails, and is listed for a person to look at.',
  )
  narrator.claims.exactly(
    'mail addresses refused because somebody else has them',
    rows[0]?.count ?? 0,
    given.length - new Set(given).size,
    'addresses',
  )
}
