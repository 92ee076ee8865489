/** Door systems that have 500 accounts each already: whose they are is found out, what is certain is adopted, and nothing is made twice or touched unasked. */
import type { MatchView } from '../../src/api/acts/matches.ts'
import type { StatusView } from '../../src/api/acts/status.ts'
import { figure } from '../claims.ts'
import {
  atEach,
  changesSince,
  type DoorSystem,
  lookAt,
  namesOf,
  type Planted,
  type SeenAccount,
} from '../door-system.ts'
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
  narrator.scene('Door systems that are full already', 'first contact')
  const today = exportDay(new Date())
  const workforce = makeWorkforce({ size: people, seed: 7, today, traps: 'none' })
  await using house = await openHouse({ fixedMs: 5, existing: existingAccounts(workforce.rows) })
  const story: Story = { ...beginStory(house, narrator, people), workforce }
  narrator.say(
    `Another company: its ${namesOf(house.systems)} have ${figure(existing)} people each, put in by hand over the years. Gatehouse only observes them, and reads HR's file of ${figure(people)} people.`,
  )
  const { systems } = house
  const before = lookAt(systems)
  await house.drop(`workers-${today}T0600.csv`, toCsv(workforce.rows, trailered))
  await until(story, 'the plan to be held', async () => (await heldPlan(story)) !== null)

  const classes = await matchAll(story)
  const told = (name: keyof typeof planted) => new Map([...classes].map(([system, each]) => [system, each[name] ?? 0]))
  claims.exactly('accounts whose owner is certain', told('certain'), planted.certain, 'accounts')
  claims.exactly(
    'that bear the name of somebody, and nothing more: left to a person',
    told('probable'),
    planted.probable,
    'accounts',
  )
  claims.exactly('that fit two people: left to a person', told('ambiguous'), planted.ambiguous, 'accounts')
  claims.exactly('of nobody whom HR knows', told('none'), planted.none, 'accounts')
  const adopted = await atEach(systems, async (system) => {
    const { linked } = await house.call<{ linked: number }>(`${pathOf(system)}/match/adopt`, {
      reason: 'looked through',
    })
    return linked
  })
  claims.exactly('accounts adopted', adopted, planted.certain, 'accounts')
  claims.exactly(
    'accounts changed before anybody said enable',
    await atEach(systems, (system) => changesSince(before, system).length),
    0,
    'accounts',
  )

  narrator.say(`Then ${house.one.name} enables both; the first plan of each is held, looked through and released.`)
  for (const system of systems) await house.call(`${pathOf(system)}/enable`, { reason: 'matched and looked through' })
  await releaseAll(story)
  const after = lookAt(systems)
  const ofThen = ({ name }: DoorSystem) => before.get(name) ?? new Map<string, SeenAccount>()
  const ofNow = ({ name }: DoorSystem) => after.get(name) ?? new Map<string, SeenAccount>()
  const own = new Set(workforce.rows.slice(0, planted.certain).map(userIdOf))
  claims.exactly(
    'accounts that are not certain, and that changed',
    await atEach(
      systems,
      (system) => changesSince(before, system).filter(({ id }) => ofThen(system).has(id) && !own.has(id)).length,
    ),
    0,
    'accounts',
  )
  // To whom an account leads that nobody has decided about yet, none is made: it might be theirs. An ambiguous one leads to two.
  const undecided = planted.probable + 2 * planted.ambiguous
  claims.exactly(
    'accounts made for people who may have one',
    await atEach(systems, (system) => ofNow(system).size - ofThen(system).size),
    people - planted.certain - undecided,
    'accounts',
  )
  const { targets } = await house.call<StatusView>('/v1/status')
  claims.exactly(
    'people who may have one there already, and wait for a person to say so: none is made twice',
    await atEach(systems, ({ target }) => targets.find(({ id }) => id === target)?.waitsForMatch ?? 0),
    undecided,
    'people',
  )
  const wanted = expectation(story)
  claims.exactly(
    'people with an account',
    await atEach(systems, (system) => [...wanted.accounts.keys()].filter((id) => ofNow(system).has(id)).length),
    wanted.accounts.size - planted.probable - planted.ambiguous,
    'people',
  )
  claims.exactly(
    'adopted accounts that kept what they had been given by hand',
    await atEach(
      systems,
      (system) =>
        [...own].filter((id) =>
          ofThen(system)
            .get(id)
            ?.levels.every((name) => ofNow(system).get(id)?.levels.includes(name)),
        ).length,
    ),
    planted.certain,
    'accounts',
  )
}

function pathOf({ target }: DoorSystem): string {
  return `/v1/targets/${target}`
}

/** Finds out at both at once whose the accounts are; how many there are of each class, by door system. */
async function matchAll(story: Story): Promise<ReadonlyMap<string, MatchView['classes']>> {
  const { house } = story
  for (const system of house.systems) await house.call(`${pathOf(system)}/match`, { reason: 'who is who' })
  const classes = new Map<string, MatchView['classes']>()
  await until(story, 'all accounts to be matched', async () => {
    for (const system of house.systems) {
      const match = await house.call<MatchView>(`${pathOf(system)}/match`)
      if (match.state === 'done') classes.set(system.name, match.classes)
    }
    return classes.size === house.systems.length
  })
  return classes
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
      return (
        plan === null &&
        (await isSettled(story)) &&
        story.house.systems.every((system) => system.accountCount() > existing)
      )
    },
    { limitMs: 120_000, everyMs: 250 },
  )
}

function existingAccounts(rows: readonly WorkerRow[]): Planted[] {
  const after = planted.certain + planted.probable
  return [
    ...rows.slice(0, planted.certain).map((row) => accountOf(row, userIdOf(row), cardNumberOf(row))),
    ...rows.slice(planted.certain, after).map((row, at) => accountOf(row, `OLD-${at}`, null)),
    ...rows
      .slice(after, after + planted.ambiguous)
      .map((row, at) => accountOf(row, userIdOf(row), cardNumberOf(rows[after + planted.ambiguous + at] as WorkerRow))),
    ...Array.from({ length: planted.none }, (_, at) => ({
      id: `V-${at}`,
      kind: 'visitor' as const,
      givenName: 'Visitor',
      familyName: `Placeholder ${at}`,
      card: null,
      levels: [],
    })),
  ]
}

function accountOf(
  { kind, preferredName, givenName, familyName }: WorkerRow,
  id: string,
  card: string | null,
): Planted {
  return { id, kind, givenName: preferredName || givenName, familyName, card, levels: [everybody] }
}
