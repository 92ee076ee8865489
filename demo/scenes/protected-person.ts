/** Somebody whom no file locks out: HR says that they left, and the door stays open until a person decides. */
import type { PlanChangeView, PlanView } from '../../src/api/acts/plans.ts'
import { atEach, type PerSystem } from '../door-system.ts'
import { cardsThatOpen, openEverywhere, shutOut } from '../doors.ts'
import { userIdOf } from '../expectation.ts'
import { allProven, lockOutRecords } from '../lock-out-records.ts'
import { deliverChanges, gatewayIdOf, heldPlan, rowOf, type Story, until } from '../story.ts'
import { joiners, leavers } from '../workforce/changes.ts'
import type { WorkerRow } from '../workforce/worker-row.ts'

/** Somebody protected, with the gateway's id of them. */
interface Guarded {
  readonly id: string
  readonly row: WorkerRow
}

export async function protectedPerson(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  const { systems } = house
  narrator.scene('Some people are locked out by nobody but a person', 'protected person')
  const came = joiners(story.workforce, 3)
  story.workforce = came.workforce
  const rows = came.touched.map((person) => rowOf(story, person))
  await deliverChanges(story, came.touched)
  await until(story, 'three joiners to be in', () => openEverywhere(systems, rows))
  const guarded: Guarded[] = []
  for (const row of rows.slice(0, 2)) {
    const id = await gatewayIdOf(story, row)
    await house.call(`/v1/people/${id}/protect`, { reason: 'on call for the plant, day and night' }, house.two)
    guarded.push({ id, row })
  }
  narrator.say(
    `Three people come. Two of them are on call for the plant: ${house.two.name} protects them. Then HR says of all three, in one file, that they have left.`,
  )

  const since = new Date()
  const requests = await atEach(systems, (system) => system.requestCount())
  story.workforce = leavers(story.workforce, came.touched, { how: 'terminated-now' }).workforce
  await deliverChanges(story, came.touched)
  await until(story, 'the one who is not protected to be shut out', () => allProven(house, 1, since))
  await until(story, 'the plan to be held', async () => (await heldPlan(story)) !== null)
  claims.exactly(
    'of three leavers in one file, those who are shut out',
    await atEach(systems, (system) => shutOut(system, rows)),
    1,
    'people',
  )
  claims.exactly(
    'protected people whose card still opens the main entrance',
    await cardsThatOpen(
      systems,
      guarded.map(({ row }) => row),
    ),
    2,
    'people',
  )
  const plan = (await heldPlan(story)) as PlanView
  claims.exactly('protected people whom the plan that waits names', await namedIn(story, plan, guarded), 2, 'people')
  claims.exactly(
    'requests that would have changed their accounts',
    await writesTo(story, guarded, requests),
    0,
    'requests',
  )

  const [first, second] = guarded as [Guarded, Guarded]
  narrator.say(
    `One has handed over the duty: ${house.two.name} takes the protection away, and HR's word counts at once.`,
  )
  await house.call(`/v1/people/${first.id}/unprotect`, { reason: 'handed over the duty' }, house.two)
  const unprotected = new Date()
  await proven(story, first, since)
  claims.below('from there to the proof', Date.now() - unprotected.getTime(), 1000, 'ms')
  claims.exactly('the other is still in', await cardsThatOpen(systems, [second.row]), 1, 'people')

  narrator.say(`Of the other, ${house.one.name} looks at the plan that waits, and releases it.`)
  const left = (await heldPlan(story)) as PlanView
  claims.exactly('protected people whom that plan names', await namedIn(story, left, guarded), 1, 'people')
  await house.call(`/v1/plans/${left.id}/release`, { reason: 'spoken to them' }, house.one)
  await proven(story, second, since)
  claims.exactly(
    'leavers shut out in the end, each by the word of a person or of HR',
    await atEach(systems, (system) => shutOut(system, rows)),
    3,
    'people',
  )
  claims.exactly('cards of theirs that open anything', await cardsThatOpen(systems, rows), 0, 'cards')
}

/** How many of them the plan would lock out by HR's record, held because they are protected. */
async function namedIn({ house }: Story, plan: PlanView, people: readonly Guarded[]): Promise<number> {
  if (!plan.kinds.some(({ kind, why }) => kind === 'lockout-record' && why?.includes('protected'))) return 0
  const { rows } = await house.call<{ rows: PlanChangeView[] }>(`/v1/plans/${plan.id}/changes?limit=100`)
  const named = new Set(rows.filter(({ kind, held }) => kind === 'lockout-record' && held).map(({ person }) => person))
  return people.filter(({ id }) => named.has(id)).length
}

function writesTo({ house }: Story, people: readonly Guarded[], since: PerSystem): Promise<PerSystem> {
  return atEach(
    house.systems,
    (system) =>
      people
        .flatMap(({ row }) => system.requestsAbout(userIdOf(row), since.get(system.name) ?? 0))
        .filter(({ writes }) => writes).length,
  )
}

async function proven(story: Story, { id }: Guarded, since: Date): Promise<void> {
  await until(
    story,
    'the lock-out to be proven',
    async () => (await lockOutRecords(story.house.store, [id], since)).length >= story.house.systems.length,
    { everyMs: 10 },
  )
}
