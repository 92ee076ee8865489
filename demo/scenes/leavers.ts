/** Two hundred people leave, one to twenty at a time, and each is shut out at both door systems within a second, with proof. */
import { figure, percentile } from '../claims.ts'
import { atEach, type DoorSystem, doubled } from '../door-system.ts'
import { cardsThatOpen, shutOut } from '../doors.ts'
import { userIdOf } from '../expectation.ts'
import {
  allProven,
  figuresOf,
  type LockOutFigures,
  type LockOutRecord,
  lockOutRecords,
  settleTimes,
} from '../lock-out-records.ts'
import { deliverChanges, gatewayIdOf, rowOf, type Story, until } from '../story.ts'
import { type LeavingHow, leavers as leave } from '../workforce/changes.ts'

const total = 200
const atOnceMax = 20
const ways: readonly LeavingHow[] = ['terminated-now', 'end-dated-yesterday', 'last-working-day']

/** A lock-out sends at most five requests; those that read back come on top. */
const lockRequestsMax = 5

export async function leavers(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  const { systems } = house
  narrator.scene('People leave, and every door closes for them', 'leavers')
  narrator.say(
    `${total} people leave, in files of 1 to ${atOnceMax}, said in the three ways that HR systems say it. The clock of each starts when Gatehouse has read the bytes, and stops when a separate read has shown the account closed there, and every card blocked.`,
  )
  const since = new Date()
  const requestsBefore = await atEach(systems, (system) => system.requestCount())
  const gone: string[] = []
  const opened = new Map<string, number>()
  for (let round = 0; gone.length < total; round += 1) {
    const size = Math.min(1 + ((round * 7) % atOnceMax), total - gone.length)
    const change = leave(story.workforce, size, { how: ways[round % ways.length] as LeavingHow })
    const leaving = change.touched.map((person) => rowOf(story, person))
    for (const [name, cards] of await cardsThatOpen(systems, leaving)) opened.set(name, (opened.get(name) ?? 0) + cards)
    story.workforce = change.workforce
    gone.push(...change.touched)
    await deliverChanges(story, change.touched)
    await until(story, 'their lock-outs to be proven', () => allProven(house, gone.length, since), {
      everyMs: 100,
      progress: () => `${figure(gone.length)} of ${total} people have left`,
    })
  }

  const rows = gone.map((person) => rowOf(story, person))
  const withCard = rows.filter((row) => systems.every(({ account }) => account(userIdOf(row))?.cards.length === 1))
  claims.exactly('leavers whose card opened the main entrance before', opened, total, 'cards')
  claims.exactly(
    'leavers closed, with every card blocked',
    await atEach(systems, (system) => shutOut(system, withCard)),
    total,
    'people',
  )
  claims.exactly('leavers whose card still opens the main entrance', await cardsThatOpen(systems, rows), 0, 'cards')
  await measure(story, gone, since)
  claims.exactly(
    'leavers whose last request at the door system was the read that proves it',
    await atEach(systems, (system) => proofReads(system, rows.map(userIdOf), requestsBefore.get(system.name) ?? 0)),
    total,
    'people',
  )
}

/** Figures over the records of exactly these people. */
async function measure(story: Story, gone: readonly string[], since: Date): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  const ids: string[] = []
  for (const person of gone) ids.push(await gatewayIdOf(story, rowOf(story, person)))
  const records = await lockOutRecords(house.store, ids, since)
  const figures = new Map(
    house.systems.map(({ name, target }) => [name, figuresOf(records.filter((record) => record.target === target))]),
  )
  const told = (figureOf: (figures: LockOutFigures) => number) =>
    new Map([...figures].map(([name, each]) => [name, figureOf(each)]))
  claims.exactly(
    'lock-outs on record, one for each leaver',
    await atEach(house.systems, ({ target }) => {
      const people = records.filter((record) => record.target === target).map(({ person }) => person)
      return doubled(people) === 0 ? people.length : Number.NaN
    }),
    total,
    'lock-outs',
  )
  claims.below(
    `lock-out, 99 of 100, from bytes read to proof (${proofsOf(records)})`,
    told(({ totalP99Ms }) => totalP99Ms),
    1000,
    'ms',
  )
  claims.below(
    'the same until somebody is out at both, 99 of 100',
    percentile(untilOutAtAll(records), 0.99),
    1000,
    'ms',
  )
  claims.below(
    "Gatehouse's own share of it, 99 of 100",
    told(({ ownP99Ms }) => ownP99Ms),
    100,
    'ms',
  )
  const requestsMax = await atEach(house.systems, ({ readRequestsMax }) => lockRequestsMax + readRequestsMax)
  claims.atMost(
    'requests for one lock-out with its proof, at most',
    told((each) => each.requestsMax),
    requestsMax,
    'requests',
  )
  claims.atMost(
    'requests for one lock-out with its proof, on average',
    told(({ requestsMean }) => requestsMean),
    requestsMax,
    'requests',
  )
  // How long a file must stand still is a setting (200 ms here), and comes before the clock starts.
  claims.below(
    'beside it: time until a file counted as settled, 99 of 100',
    percentile(await settleTimes(house.store, since), 0.99),
    1000,
    'ms',
  )
  for (const [name, { totalP50Ms, totalMaxMs, decideP99Ms, beginP99Ms }] of figures)
    narrator.say(
      `${name}: half of the lock-outs took less than ${figure(totalP50Ms)} ms, the slowest ${figure(totalMaxMs)} ms. Of Gatehouse's own share, 99 of 100 were decided on within ${figure(decideP99Ms)} ms, and begun within ${figure(beginP99Ms)} ms more.`,
    )
  narrator.say('Each of the simulated servers needs 40 ms for a request, and 200 ms for one in a hundred.')
}

/** For each leaver, until the last of the door systems has shown it. */
function untilOutAtAll(records: readonly LockOutRecord[]): readonly number[] {
  return [...Map.groupBy(records, ({ person }) => person).values()].map((each) =>
    Math.max(...each.map(({ totalMs }) => totalMs)),
  )
}

function proofsOf(records: readonly { readonly proof: string }[]): string {
  return [...new Set(records.map(({ proof }) => proof))].sort().join(', ')
}

/** By the door system's own record of requests: the last one about each of these people was a read. */
function proofReads(system: DoorSystem, people: readonly string[], since: number): number {
  return people.filter((id) => {
    const requests = system.requestsAbout(id, since)
    const last = requests.at(-1)
    return requests.some(({ writes }) => writes) && last?.writes === false && last.answered
  }).length
}
