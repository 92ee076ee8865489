/** A door system that has 500 accounts already: whose they are is found out, what is certain is adopted, and nothing is made twice or touched unasked. */
import type { SeedUser } from '../../connectors/biostar2/simulator/index.ts'
import type { MatchView } from '../../src/api/acts/matches.ts'
import { figure } from '../claims.ts'
import { changesBetween, usersOf } from '../door-system.ts'
import { cardNumberOf, userIdOf } from '../expectation.ts'
import { openHouse } from '../house.ts'
import type { Narrator } from '../narrator.ts'
import { exportDay } from '../site.ts'
import { beginStory, expectation, heldPlan, isSettled, type Story, trailered, until } from '../story.ts'
import { toCsv } from '../workforce/csv.ts'
import { everybody } from '../workforce/gateway-config.ts'
import type { WorkerRow } from '../workforce/worker-row.ts'
import { makeWorkforce } from '../workforce/workforce.ts'

const people = 600
/** Found by employee number and card; by nothing but the name; by the number of one and the card of another; of nobody in HR's file. */
const planted = { certain: 420, probable: 30, ambiguous: 10, none: 40 } as const
const existing = planted.certain + planted.probable + planted.ambiguous + planted.none

export async function firstContact(narrator: Narrator): Promise<void> {
  const { claims } = narrator
  narrator.scene('A door system that is full already', 'first contact')
  const today = exportDay(new Date())
  const workforce = makeWorkforce({ size: people, seed: 7, today, traps: 'none' })
  await using house = await openHouse({ fixedMs: 5, existing: { users: existingUsers(workforce.rows) } })
  const story: Story = { ...beginStory(house, narrator, people), workforce }
  narrator.say(
    `Another site: its BioStar 2 has ${figure(existing)} people, put in by hand over the years. Gatehouse only observes it, and reads HR's file of ${figure(people)} people.`,
  )
  const before = usersOf(house.simulator)
  await house.drop(`workers-${today}T0600.csv`, toCsv(workforce.rows, trailered))
  await until(story, 'the plan to be held', async () => (await heldPlan(story)) !== null)

  const target = `/v1/targets/${house.target}`
  await house.call(`${target}/match`, { reason: 'who is who' })
  let match: MatchView | null = null
  await until(story, 'all accounts to be matched', async () => {
    match = await house.call<MatchView>(`${target}/match`)
    return match.state === 'done'
  })
  const { classes } = match as unknown as MatchView
  claims.exactly('accounts whose owner is certain', classes.certain ?? 0, planted.certain, 'accounts')
  claims.exactly(
    'that bear the name of somebody, and nothing more: left to a person',
    classes.probable ?? 0,
    planted.probable,
    'accounts',
  )
  claims.exactly('that fit two people: left to a person', classes.ambiguous ?? 0, planted.ambiguous, 'accounts')
  claims.exactly('of nobody whom HR knows', classes.none ?? 0, planted.none, 'accounts')
  const { linked } = await house.call<{ linked: number }>(`${target}/match/adopt`, { reason: 'looked through' })
  claims.exactly('accounts adopted', linked, planted.certain, 'accounts')
  claims.exactly(
    'accounts changed before anybody said enable',
    changesBetween(before, usersOf(house.simulator)).length,
    0,
    'accounts',
  )

  narrator.say(`Then ${house.one.name} enables the target; its first plan is held, looked through and released.`)
  await house.call(`${target}/enable`, { reason: 'matched and looked through' })
  await releaseAll(story)
  const after = usersOf(house.simulator)
  const own = new Set(workforce.rows.slice(0, planted.certain).map(userIdOf))
  claims.exactly(
    'accounts that are not certain, and that changed',
    changesBetween(before, after).filter(({ id }) => before.has(id) && !own.has(id)).length,
    0,
    'accounts',
  )
  // Whose number an account bears that fits somebody else, too, gets none: it might be theirs.
  const without = planted.certain + planted.ambiguous
  claims.exactly(
    'accounts made for people who may have one',
    after.size - before.size - (people - without),
    0,
    'accounts',
  )
  const wanted = expectation(story)
  claims.exactly(
    'people with an account',
    [...wanted.accounts.keys()].filter((id) => after.has(id)).length,
    wanted.accounts.size,
    'people',
  )
  claims.exactly(
    'adopted accounts that kept what they had been given by hand',
    [...own].filter((id) => before.get(id)?.groups.every((name) => after.get(id)?.groups.includes(name))).length,
    planted.certain,
    'accounts',
  )
}

/** Whoever looks releases what is held until nothing is, and everything is written. */
async function releaseAll(story: Story): Promise<void> {
  await until(
    story,
    'everything to be written',
    async () => {
      const plan = await heldPlan(story)
      if (plan !== null)
        await story.house
          .call(`/v1/plans/${plan.id}/release`, { reason: 'first plan, looked through' })
          .catch(() => undefined)
      return plan === null && (await isSettled(story)) && story.house.simulator.state.userCount > existing + 1
    },
    { limitMs: 120_000, everyMs: 250 },
  )
}

function existingUsers(rows: readonly WorkerRow[]): SeedUser[] {
  const after = planted.certain + planted.probable
  const cardOf = (row: WorkerRow): SeedUser['cards'] => [{ number: cardNumberOf(row), wiegandFormat: 0 }]
  return [
    ...rows.slice(0, planted.certain).map((row) => userOf(row, userIdOf(row), cardOf(row))),
    ...rows.slice(planted.certain, after).map((row, at) => userOf(row, `OLD-${at}`, [])),
    ...rows
      .slice(after, after + planted.ambiguous)
      .map((row, at) => userOf(row, userIdOf(row), cardOf(rows[after + planted.ambiguous + at] as WorkerRow))),
    ...Array.from({ length: planted.none }, (_, at) => ({ id: `V-${at}`, name: `Visitor Placeholder ${at}` })),
  ]
}

function userOf(
  { preferredName, givenName, familyName }: WorkerRow,
  id: string,
  cards: SeedUser['cards'] = [],
): SeedUser {
  return {
    id,
    name: `${preferredName === '' ? givenName : preferredName} ${familyName}`,
    accessGroups: [everybody],
    cards,
  }
}
