/** Two hundred people leave, one to twenty at a time, and each is shut out within a second, with proof. */
import { figure, percentile } from '../claims.ts'
import { isShut, usersOf } from '../door-system.ts'
import { cardsThatOpen } from '../doors.ts'
import { userIdOf } from '../expectation.ts'
import { figuresOf, lockOutRecords, provenSince, settleTimes } from '../lock-out-records.ts'
import { deliverChanges, gatewayIdOf, rowOf, type Story, until } from '../story.ts'
import { type LeavingHow, leavers as leave } from '../workforce/changes.ts'

const total = 200
const atOnceMax = 20
const ways: readonly LeavingHow[] = ['terminated-now', 'end-dated-yesterday', 'last-working-day']

/** A lock-out sends at most five requests, and one more that reads back. */
const requestsMax = 6

export async function leavers(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  narrator.scene('People leave, and every door closes for them', 'leavers')
  narrator.say(
    `${total} people leave, in files of 1 to ${atOnceMax}, said in the three ways that HR systems say it. The clock of each starts when Gatehouse has read the bytes, and stops when a separate read has shown the account disabled and every card blocked.`,
  )
  const since = new Date()
  const requestsBefore = house.simulator.requests.count
  const gone: string[] = []
  let opened = 0
  for (let round = 0; gone.length < total; round += 1) {
    const size = Math.min(1 + ((round * 7) % atOnceMax), total - gone.length)
    const change = leave(story.workforce, size, { how: ways[round % ways.length] as LeavingHow })
    opened += await cardsThatOpen(
      house.simulator,
      change.touched.map((person) => rowOf(story, person)),
    )
    story.workforce = change.workforce
    gone.push(...change.touched)
    await deliverChanges(story, change.touched)
    await until(
      story,
      'their lock-outs to be proven',
      async () => (await provenSince(house.store, since)) >= gone.length,
      {
        everyMs: 25,
        progress: () => `${figure(gone.length)} of ${total} people have left`,
      },
    )
  }

  const rows = gone.map((person) => rowOf(story, person))
  const users = usersOf(house.simulator)
  const shut = rows.filter((row) => {
    const user = users.get(userIdOf(row))
    return user !== undefined && isShut(user) && user.cards.length > 0
  })
  claims.exactly('leavers whose card opened the main entrance before', opened, total, 'cards')
  claims.exactly('leavers disabled, with every card blocked', shut.length, total, 'people')
  claims.exactly(
    'leavers whose card still opens the main entrance',
    await cardsThatOpen(house.simulator, rows),
    0,
    'cards',
  )
  await measure(story, gone, since)
  claims.exactly(
    'leavers whose last request at the door system was the read that proves it',
    proofReads(story, rows.map(userIdOf), requestsBefore),
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
  const figures = figuresOf(records)
  claims.exactly(
    'lock-outs on record, one for each leaver',
    new Set(records.map(({ person }) => person)).size === records.length ? records.length : Number.NaN,
    total,
    'lock-outs',
  )
  claims.below(`lock-out, 99 of 100, from bytes read to proof (${proofsOf(records)})`, figures.totalP99Ms, 1000, 'ms')
  claims.below("Gatehouse's own share of it, 99 of 100", figures.ownP99Ms, 100, 'ms')
  claims.atMost('requests for one lock-out with its proof, at most', figures.requestsMax, requestsMax, 'requests')
  claims.atMost('requests for one lock-out with its proof, on average', figures.requestsMean, requestsMax, 'requests')
  // How long a file must stand still is a setting (200 ms here), and comes before the clock starts.
  claims.below(
    'beside it: time until a file counted as settled, 99 of 100',
    percentile(await settleTimes(house.store, since), 0.99),
    1000,
    'ms',
  )
  narrator.say(
    `Half of the lock-outs took less than ${figure(figures.totalP50Ms)} ms, the slowest ${figure(figures.totalMaxMs)} ms. Of Gatehouse's own share, 99 of 100 were decided on within ${figure(figures.decideP99Ms)} ms, and begun within ${figure(figures.beginP99Ms)} ms more. The simulated server needs 40 ms for a request, and 200 ms for one in a hundred.`,
  )
}

function proofsOf(records: readonly { readonly proof: string }[]): string {
  return [...new Set(records.map(({ proof }) => proof))].sort().join(', ')
}

/** By the door system's own record of requests: the last one about each of these users was a read. */
function proofReads({ house }: Story, users: readonly string[], since: number): number {
  return users.filter((user) => {
    const entries = house.simulator.requests.find({ user }).filter(({ n }) => n > since)
    const last = entries.at(-1)
    return entries.some(({ method }) => method === 'PUT') && last?.method === 'GET' && last.status === 200
  }).length
}
