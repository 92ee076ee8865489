/** Everybody in HR's first export gets an account at both door systems, once, with the right levels and card; and nothing before a person has released it. */
import type { PlanView } from '../../src/api/acts/plans.ts'
import { figure } from '../claims.ts'
import { atEach, compare, type DoorSystem, doubled, namesOf, type PerSystem, type Verdict } from '../door-system.ts'
import { cardsThatOpen } from '../doors.ts'
import { type Expectation, userIdOf } from '../expectation.ts'
import { expectation, heldPlan, isSettled, type Story, trailered, until } from '../story.ts'
import { toCsv } from '../workforce/csv.ts'

export async function joiners(story: Story): Promise<void> {
  const { house, narrator, workforce } = story
  const { claims } = narrator
  const { systems } = house
  narrator.scene('The first HR export: people become accounts that open doors', 'joiners')
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
    `Gatehouse has worked out a plan that creates ${figure(first.total)} accounts, one of each person at each door system, and holds it: so many changes at once need a person who looks and releases them.`,
  )
  claims.exactly('accounts made before the plan was released', await count(systems), 0, 'accounts')

  narrator.say(
    `${house.one.name} releases it. Gatehouse writes to both at the same time, and reads every account back.`,
  )
  await house.call(`/v1/plans/${first.id}/release`, { reason: 'first import, looked through' })
  const wanted = expectation(story)
  const made = (): string =>
    systems
      .map(({ name, accountCount }) => `${name}: ${figure(accountCount())} of ${figure(wanted.accounts.size)} people`)
      .join(', ')
  await until(story, 'everybody to have an account', () => isSettled(story), {
    limitMs: 300_000,
    everyMs: 250,
    progress: made,
  })

  tellReasons(story, wanted)
  const verdicts = new Map(systems.map((system) => [system.name, compare(system.accounts(), wanted)]))
  const told = (figureOf: (verdict: Verdict) => number) =>
    new Map([...verdicts].map(([name, verdict]) => [name, figureOf(verdict)]))
  claims.exactly(
    'people with exactly the levels and card that HR implies',
    told(({ right }) => right),
    wanted.accounts.size,
    'people',
  )
  claims.exactly(
    'people without an account, or with a wrong one',
    told(({ missing, wrong }) => missing.length + wrong.length),
    0,
    'people',
  )
  claims.exactly(
    'accounts of people who should have none',
    told(({ open, shut }) => open.length + shut),
    0,
    'accounts',
  )
  claims.exactly(
    'people with two accounts',
    told(({ twice }) => twice),
    0,
    'people',
  )
  claims.exactly(
    'accounts that were read back after they were written',
    await atEach(systems, (system) => countOf(story, system, 'actual_at is not null and actual is not null')),
    wanted.accounts.size,
    'accounts',
  )

  const holders = workforce.rows.filter(
    (row, at, all) => all.findIndex(({ personId }) => personId === row.personId) === at,
  )
  const usable = [...wanted.accounts.values()].filter(({ card }) => !card.blocked).length
  claims.exactly('cards that open the main entrance', await cardsThatOpen(systems, holders), usable, 'cards')
  await claimRefusals(story, wanted)
}

function tellReasons(story: Story, { without }: Expectation): void {
  const counts = [...Map.groupBy(without.values(), (reason) => reason)].map(
    ([reason, all]) => `${all.length} ${all.length === 1 ? 'person' : 'people'}: ${reason}`,
  )
  story.narrator.say(`Without an account, and rightly so: ${counts.join('; ')}.`)
}

/** What a door system refused stands on a list for a person, and keeps nothing else of anybody out. */
async function claimRefusals(story: Story, wanted: Expectation): Promise<void> {
  const { house, narrator, workforce } = story
  const owners = workforce.rows.filter((row) => wanted.accounts.has(userIdOf(row)))
  const addresses = new Map(owners.map((row) => [userIdOf(row), row.email?.trim().toLowerCase() ?? '']))
  const given = [...addresses.values()].filter((address) => address !== '')
  const strict = house.systems.filter(({ refusals }) => refusals.address !== null)
  narrator.say(
    `Some share a mailbox with somebody else, and ${namesOf(strict)} takes an address only once: that field alone fails there, and is listed for a person to look at.`,
  )
  narrator.claims.exactly(
    'mail addresses refused because somebody else has them',
    await atEach(strict, (system) => countOf(story, system, `failures like '%"${system.refusals.address}"%'`)),
    doubled(given),
    'addresses',
  )
  const others = house.systems.filter((system) => !strict.includes(system))
  narrator.claims.exactly(
    'fields refused',
    await atEach(others, (system) => countOf(story, system, 'failures is not null')),
    0,
    'fields',
  )
}

function count(systems: readonly DoorSystem[]): Promise<PerSystem> {
  return atEach(systems, (system) => system.accountCount())
}

/** How many accounts of a door system the gateway's store holds that are such. */
async function countOf({ house }: Story, { target }: DoorSystem, such: string): Promise<number> {
  const { rows } = await house.store.query<{ count: number }>(
    `select count(*)::int as count from account where target = $1 and ${such}`,
    [target],
  )
  return rows[0]?.count ?? 0
}
