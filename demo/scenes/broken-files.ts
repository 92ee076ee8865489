/** A file that was cut off locks nobody out, a leaver meanwhile is still locked out, and a release makes exactly what the plan lists. */
import type { PlanChangeView, PlanView } from '../../src/api/acts/plans.ts'
import { figure } from '../claims.ts'
import {
  type AccountChange,
  atEach,
  changesBetween,
  changesSince,
  type DoorSystem,
  isShut,
  lookAt,
  type PerSystem,
  type SeenAccount,
  same,
} from '../door-system.ts'
import { cardsThatOpen, isShutOut } from '../doors.ts'
import { userIdOf } from '../expectation.ts'
import { allProven, lockOutRecords, slowestAt } from '../lock-out-records.ts'
import {
  deliverChanges,
  gatewayIdOf,
  heldPlan,
  isSettled,
  personView,
  rowOf,
  type Story,
  somebodyLeaves,
  status,
  trailered,
  until,
} from '../story.ts'
import { drop } from '../workforce/changes.ts'
import { toCsv } from '../workforce/csv.ts'

export async function brokenFiles(story: Story): Promise<void> {
  await wrongTotal(story)
  const held = await cutOff(story)
  await leaverMeanwhile(story, held)
  await release(story, held)
}

/** Long enough for the timers of the gateway to come round: nothing may happen later either. */
const calmMs = 1_500

async function wrongTotal(story: Story): Promise<void> {
  const { house, narrator, workforce } = story
  const { claims } = narrator
  narrator.scene('HR delivers broken files', 'broken files')
  narrator.say('HR delivers everybody again, but a row was lost on the way: the total in the last line does not fit.')
  const before = lookAt(house.systems)
  const lines = toCsv(workforce.rows, trailered).toString('utf8').split('\r\n')
  const refused = async (): Promise<boolean> =>
    (await status(story)).alarms.some(({ code }) => code === 'source.refused')
  const alarmedBefore = await refused()
  await house.drop(
    `workers-${workforce.today}T0700.csv`,
    Buffer.from(lines.toSpliced(lines.length - 3, 1).join('\r\n')),
  )
  await until(story, 'the file to be refused', refused)
  await calm()
  claims.exactly('alarms that a file was refused', alarmedBefore ? 0 : 1, 1, 'alarms')
  claims.exactly(
    'changes made by the refused file',
    await atEach(house.systems, (system) => changesSince(before, system).length),
    0,
    'changes',
  )
  claims.exactly('plans made from the refused file', (await heldPlan(story)) === null ? 0 : 1, 0, 'plans')
}

interface Held {
  readonly plan: PlanView
  /** Person ids of HR. */
  readonly missing: readonly string[]
}

async function cutOff(story: Story): Promise<Held> {
  const { house, narrator, workforce } = story
  const { claims } = narrator
  const before = lookAt(house.systems)
  const { bytes, missing } = truncated(story)
  narrator.say(
    `Next, a file that was cut off between two rows, its total with it: it looks like a company that has ${figure(missing.length)} people fewer.`,
  )
  await house.drop(`workers-${workforce.today}T0800.csv`, bytes)
  let plan: PlanView | null = null
  await until(story, 'the plan to be held', async () => {
    plan = await heldPlan(story)
    return plan !== null
  })
  await until(story, 'whatever passes to be done', () => isSettled(story))
  await calm()
  claims.exactly(
    'changes made by the file that was cut off',
    await atEach(house.systems, (system) => changesSince(before, system).length),
    0,
    'changes',
  )
  const held = plan as unknown as PlanView
  narrator.say(
    `Gatehouse holds a plan that would lock out ${figure(held.radius?.losing ?? Number.NaN)} people, and raises an alarm. Silence is not absence.`,
  )
  return { plan: held, missing }
}

/** The last tenth of the file is gone, from the beginning of a row on; whoever has another job further up is still there. */
function truncated({ workforce }: Story): { bytes: Buffer; missing: readonly string[] } {
  const kept = workforce.rows.slice(0, Math.floor(workforce.rows.length * 0.9))
  const whole = toCsv(workforce.rows, trailered)
  const bytes = whole.subarray(0, toCsv(kept).length)
  const present = new Set(kept.map(({ personId }) => personId))
  const missing = [...new Set(workforce.rows.map(({ personId }) => personId))].filter((person) => !present.has(person))
  return { bytes, missing }
}

async function leaverMeanwhile(story: Story, { plan, missing }: Held): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  narrator.say('While that plan waits, HR names somebody who has left. That does not wait.')
  const since = new Date()
  // Somebody whom the broken file still named.
  const person = somebodyLeaves(story, new Set(missing))
  const row = rowOf(story, person)
  const opened = await cardsThatOpen(house.systems, [row])
  await deliverChanges(story, [person])
  await until(story, 'the lock-out to be proven', () => allProven(house, 1, since), {
    everyMs: 25,
  })
  const opens = await cardsThatOpen(house.systems, [row])
  const records = await lockOutRecords(house.store, [await gatewayIdOf(story, row)], since)
  claims.exactly(
    'a leaver named while the plan is held: shut out',
    await atEach(house.systems, (system) =>
      isShutOut(system, row) ? (opened.get(system.name) ?? 0) - (opens.get(system.name) ?? 0) : 0,
    ),
    1,
    'people',
  )
  claims.below('from bytes read to proof, while the plan is held', slowestAt(house.systems, records), 1000, 'ms')
  claims.exactly(
    'that plan is still held',
    (await house.call<PlanView>(`/v1/plans/${plan.id}`)).state === 'held' ? 1 : 0,
    1,
    'plans',
  )
}

async function release(story: Story, { plan, missing }: Held): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  const { systems } = house
  const listed = await listedAccounts(story, plan)
  const listedAt = ({ target }: DoorSystem): Listed => listed.get(target) ?? new Map()
  const sizes = await atEach(systems, (system) => listedAt(system).size)
  narrator.say(
    `A second subject, ${house.two.name}, looks through its ${[...sizes].map(([name, size]) => `${figure(size)} accounts at ${name}`).join(' and ')}, learns that a department was closed, and releases it.`,
  )
  const before = lookAt(systems)
  await house.call(`/v1/plans/${plan.id}/release`, { reason: 'the department was closed' }, house.two)
  await until(
    story,
    'the released lock-outs to be proven',
    async () => (await status(story)).lockouts.open === 0 && (await isSettled(story)),
  )
  const after = lookAt(systems)
  /** At each door system, how many accounts changed in such a way. */
  const changed = (such: (change: AccountChange, system: DoorSystem) => boolean): Promise<PerSystem> =>
    atEach(systems, (system) => {
      const [was, is] = [before, after].map((look) => look.get(system.name) ?? new Map<string, SeenAccount>())
      return changesBetween(was ?? new Map(), is ?? new Map()).filter((change) => such(change, system)).length
    })
  const isListed = ({ id }: AccountChange, system: DoorSystem): boolean => listedAt(system).has(id)
  claims.exactly(
    'released by the second subject',
    (await releasedBy(story, plan)) === house.two.subject ? 1 : 0,
    1,
    'plans',
  )
  claims.exactly('accounts that the plan lists, and that changed', await changed(isListed), sizes, 'accounts')
  claims.exactly(
    'accounts that changed, and that the plan does not list',
    await changed((change, system) => !isListed(change, system)),
    0,
    'accounts',
  )
  const isExact = ({ id, parts }: AccountChange, system: DoorSystem): boolean => {
    const [was, is] = [before, after].map((look) => look.get(system.name)?.get(id))
    if (was === undefined || is === undefined || !same(listedAt(system).get(id) ?? [], ['lock'])) return false
    return isShut(is) && same(parts, partsOfLock(was))
  }
  claims.exactly('accounts that changed in exactly the listed parts', await changed(isExact), sizes, 'accounts')
  const expected = new Set(missing.map((person) => userIdOf(rowOf(story, person))))
  claims.exactly(
    'accounts in the plan of people whom the file did name',
    await atEach(systems, (system) => [...listedAt(system).keys()].filter((id) => !expected.has(id)).length),
    0,
    'accounts',
  )
  story.workforce = drop(story.workforce, missing).workforce
}

/** What a plan calls `lock`: closed, an end in the past, and each card blocked that was not. */
function partsOfLock({ cards }: SeenAccount): readonly string[] {
  return [...(cards.some(({ blocked }) => !blocked) ? ['cards'] : []), 'closed', 'validity']
}

async function releasedBy({ house }: Story, { id }: PlanView): Promise<string | null> {
  const { state, decidedBy } = await house.call<PlanView>(`/v1/plans/${id}`)
  return state === 'released' ? decidedBy : null
}

/** The parts that the plan lists, by account at one door system. */
type Listed = ReadonlyMap<string, readonly string[]>

/** By the door system's name in the configuration. */
async function listedAccounts(story: Story, plan: PlanView): Promise<ReadonlyMap<string, Listed>> {
  const changes: PlanChangeView[] = []
  for (let after: string | null = ''; after !== null; ) {
    const cursor: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const page: { rows: PlanChangeView[]; next: string | null } = await story.house.call(
      `/v1/plans/${plan.id}/changes?limit=200${cursor}`,
    )
    changes.push(...page.rows)
    after = page.next
  }
  const listed = new Map<string, Map<string, readonly string[]>>()
  for (const [person, ofPerson] of Map.groupBy(changes, (change) => change.person ?? '')) {
    const { accounts } = await personView(story, person)
    for (const [account, parts] of Map.groupBy(ofPerson, (change) => change.account)) {
      const view = accounts.find((candidate) => candidate.account === account)
      const target = view?.target ?? ''
      const there = listed.get(target) ?? new Map<string, readonly string[]>()
      listed.set(target, there.set(view?.externalId ?? account, namesOfParts(parts)))
    }
  }
  return listed
}

function namesOfParts(changes: readonly PlanChangeView[]): readonly string[] {
  return changes
    .filter(({ dropped }) => !dropped)
    .map(({ part }) => part)
    .sort()
}

function calm(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, calmMs))
}
