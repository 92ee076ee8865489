/** HR suddenly calls a quarter of all people leavers: the first are shut out, the brake holds the rest, and a person decides what is true. */
import { readdir } from 'node:fs/promises'
import type { SourceView } from '../../src/api/acts/sources.ts'
import { figure } from '../claims.ts'
import { atEach, changesSince, faultsOf, lookAt } from '../door-system.ts'
import { cardsThatOpen, isShutOut, shutOut } from '../doors.ts'
import { userIdOf } from '../expectation.ts'
import { type House, openHouse } from '../house.ts'
import { allProven, lockOutRecords, slowestAt } from '../lock-out-records.ts'
import type { Narrator } from '../narrator.ts'
import {
  beginStory,
  deliverChanges,
  gatewayIdOf,
  heldPlan,
  isQuiet,
  isSettled,
  judge,
  rowOf,
  type Story,
  trailered,
  until,
} from '../story.ts'
import { leavers } from '../workforce/changes.ts'
import { type CsvOptions, toCsv } from '../workforce/csv.ts'
import { columns, type WorkerRow } from '../workforce/worker-row.ts'

const people = 500
const wave = 120
/** The product's own limit: the larger of 50 people and a tenth of the source's, within an hour. */
const limit = 50

export async function suspectSource(narrator: Narrator): Promise<void> {
  narrator.scene('A source that goes mad', 'suspect source')
  await using house = await openHouse({ fixedMs: 5 })
  const story = beginStory(house, narrator, people)
  narrator.say(`Another company, of ${figure(people)} people, with the limits that Gatehouse has by default.`)
  await deliverAll(story, 'T0600')
  await until(story, 'the plan to be held', async () => (await heldPlan(story)) !== null)
  const plan = await heldPlan(story)
  await house.call(`/v1/plans/${plan?.id}/release`, { reason: 'first import, looked through' })
  await until(
    story,
    'everybody to have an account',
    async () => house.systems.every((system) => system.accountCount() > 0) && isSettled(story),
  )
  await until(story, 'every account to be read back', () => isQuiet(story), { everyMs: 250 })
  await movedColumns(story)
  const gone = await tooManyLeavers(story)
  await cleared(story, [...gone, await oneMore(story, gone)])
}

async function movedColumns(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  narrator.say("HR's export comes with its columns in another order: a shifted column would make everybody a leaver.")
  const before = lookAt(house.systems)
  await deliverAll(story, 'T0700', { columns: columns.toReversed() })
  await until(story, 'the columns to be noticed', async () => (await source(house)).standing.columnsMoved)
  claims.exactly('files that are not read before a person has looked', await waitingFiles(house), 1, 'files')
  narrator.say(`${house.two.name} finds them right, and accepts them.`)
  await house.call('/v1/sources/hr/accept', { reason: 'the export was set up anew' }, house.two)
  await until(story, 'the file to be read', async () => (await source(house)).deliveries[0]?.outcome === 'taken')
  await until(story, 'whatever follows', () => isSettled(story))
  await claimOnceOnAndOff(story, 'source.columns-moved', 'the alarm about the columns')
  claims.exactly(
    'accounts that changed by either',
    await atEach(house.systems, (system) => changesSince(before, system).length),
    0,
    'accounts',
  )
}

/** Returns whom HR calls gone. */
async function tooManyLeavers(story: Story): Promise<readonly WorkerRow[]> {
  const { house, narrator } = story
  const { claims } = narrator
  const before = lookAt(house.systems)
  const change = leavers(story.workforce, wave, { how: 'terminated-now' })
  const gone = change.touched.map((person) => rowOf(story, person))
  claims.exactly('cards that open the main entrance before', await cardsThatOpen(house.systems, gone), wave, 'cards')
  narrator.say(
    `Then HR's file calls ${wave} people leavers. Nobody waits for a leaver that a record names; but so many within an hour are a sign that something is wrong.`,
  )
  story.workforce = change.workforce
  await deliverAll(story, 'T0800', { columns: columns.toReversed() })
  await until(story, 'the source to be suspect', async () => (await source(house)).standing.heldBack === wave - limit)
  await until(story, 'those within the limit to be shut out', () => isSettled(story))
  const { standing } = await source(house)
  claims.exactly('sources named suspect', standing.suspectSince === null ? 0 : 1, 1, 'sources')
  claims.exactly(
    'leavers shut out before the brake held the others',
    await atEach(house.systems, (system) => shutOut(system, gone)),
    limit,
    'people',
  )
  claims.exactly('leavers whose lock-out waits', standing.heldBack, wave - limit, 'people')
  claims.exactly(
    'cards of theirs that still open the main entrance',
    await cardsThatOpen(house.systems, gone),
    wave - limit,
    'cards',
  )
  const named = new Set(gone.map(userIdOf))
  claims.exactly(
    'accounts of anybody else that changed',
    await atEach(house.systems, (system) => changesSince(before, system).filter(({ id }) => !named.has(id)).length),
    0,
    'accounts',
  )
  return gone
}

/** The source is not believed, and an operator still is. Returns the leaver whom it names meanwhile. */
async function oneMore(story: Story, gone: readonly WorkerRow[]): Promise<WorkerRow> {
  const { house, narrator } = story
  const { claims } = narrator
  const one = leavers(story.workforce, 1, { how: 'terminated-now' })
  const [person = ''] = one.touched
  narrator.say('HR names one more leaver, who waits like the rest. One of the others is sent away, and locked by hand.')
  story.workforce = one.workforce
  await deliverChanges(story, [person])
  await until(story, 'one more to wait', async () => (await source(house)).standing.heldBack === wave - limit + 1)
  const row = rowOf(story, person)
  claims.exactly('one more leaver: still in', await cardsThatOpen(house.systems, [row]), 1, 'people')
  const waiting = gone.find((each) => house.systems.every((system) => !isShutOut(system, each)))
  if (waiting === undefined) throw new Error('nobody waits')
  const since = new Date()
  const id = await gatewayIdOf(story, waiting)
  await house.call(`/v1/people/${id}/lock`, { reason: 'sent away by the guard' }, house.two)
  await until(story, 'the proof', () => allProven(house, 1, since), { everyMs: 10 })
  const records = await lockOutRecords(house.store, [id], since)
  claims.below(
    "an operator's lock meanwhile, from the order to the proof",
    slowestAt(house.systems, records),
    1000,
    'ms',
  )
  return row
}

async function cleared(story: Story, gone: readonly WorkerRow[]): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  narrator.say(`HR is asked: the branch was sold, and the file is right. ${house.one.name} clears the source.`)
  const since = performance.now()
  await house.call('/v1/sources/hr/clear', { reason: 'asked HR: the branch was sold' }, house.one)
  await until(
    story,
    'everybody who waited to be shut out',
    () => house.systems.every((system) => shutOut(system, gone) === gone.length),
    {
      everyMs: 25,
    },
  )
  await until(story, 'all of it to be proven', () => isSettled(story), { everyMs: 25 })
  claims.below('from the word to the last proof', (performance.now() - since) / 1000, 20, 's')
  claims.exactly(
    'leavers shut out now',
    await atEach(house.systems, (system) => shutOut(system, gone)),
    gone.length,
    'people',
  )
  claims.exactly('cards of leavers that open anything', await cardsThatOpen(house.systems, gone), 0, 'cards')
  claims.exactly('sources still suspect', (await source(house)).standing.suspectSince === null ? 0 : 1, 0, 'sources')
  await claimOnceOnAndOff(story, 'source.suspect', 'the alarm about the source')
  claims.exactly('people who are not as HR says now', await judge(story, faultsOf), 0, 'people')
}

async function deliverAll({ house, workforce }: Story, at: string, options: Partial<CsvOptions> = {}): Promise<void> {
  await house.drop(`workers-${workforce.today}${at}.csv`, toCsv(workforce.rows, { ...trailered, ...options }))
}

function source(house: House): Promise<SourceView> {
  return house.call<SourceView>('/v1/sources/hr')
}

/** Deliveries that lie where HR has put them. */
async function waitingFiles({ folder }: House): Promise<number> {
  return (await readdir(folder)).length
}

/** By the log, which says each time that an alarm comes, and each time that it goes. */
async function claimOnceOnAndOff({ house, narrator }: Story, code: string, what: string): Promise<void> {
  const told = (event: string): number =>
    house.log.filter((line) => {
      if (!line.startsWith('{')) return false
      const said = JSON.parse(line) as { readonly event?: string; readonly alarm?: string }
      return said.event === event && said.alarm === code
    }).length
  await until({ narrator }, 'the alarm to be over', () => told('alarm.off') > 0)
  narrator.claims.exactly(`${what}: times that it came on`, told('alarm.on'), 1, 'times')
  narrator.claims.exactly(`${what}: times that it went off`, told('alarm.off'), 1, 'times')
}
