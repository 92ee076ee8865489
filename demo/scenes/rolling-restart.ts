/** Several processes are restarted one after the other while people leave: nothing is lost, nothing twice, and no lock-out waits long. */
import { atEach, faultsOf } from '../door-system.ts'
import { openHouse } from '../house.ts'
import { lockOutRecords, slowestAt } from '../lock-out-records.ts'
import type { Narrator } from '../narrator.ts'
import {
  beginStory,
  deliverChanges,
  gatewayIdOf,
  heldPlan,
  isSettled,
  judge,
  rowOf,
  type Story,
  trailered,
  until,
} from '../story.ts'
import { joiners, leavers } from '../workforce/changes.ts'
import { toCsv } from '../workforce/csv.ts'

const people = 300
const processes = ['api,scheduler', 'worker', 'worker', 'api,scheduler'] as const
const lockOutMaxMs = 6_000

export async function rollingRestart(narrator: Narrator): Promise<void> {
  const { claims } = narrator
  narrator.scene('A rolling restart', 'rolling restart')
  await using house = await openHouse({ fixedMs: 20, processes })
  const story = beginStory(house, narrator, people)
  narrator.say(
    `A company with ${processes.length} processes on one PostgreSQL: two that read and answer, two that write to the door systems. ${people} people are in.`,
  )
  await house.drop(`workers-${story.workforce.today}T0600.csv`, toCsv(story.workforce.rows, trailered))
  await until(story, 'the plan to be held', async () => (await heldPlan(story)) !== null)
  const plan = await heldPlan(story)
  await house.call(`/v1/plans/${plan?.id}/release`, { reason: 'first import, looked through' })
  await until(story, 'everybody to have an account', () => isSettled(story), { limitMs: 60_000 })

  narrator.say('Each is ended and started again, one after the other, while people come and leave.')
  const since = new Date()
  const gone: string[] = []
  for (const index of processes.keys()) {
    const restarted = house.restart(index)
    gone.push(...(await comeAndLeave(story)))
    await restarted
  }
  await until(
    story,
    'every lock-out to be proven',
    async () => (await records(story, gone, since)).length >= gone.length * house.systems.length,
    {
      limitMs: 30_000,
    },
  )
  await until(story, 'everything to be written', () => isSettled(story))
  const proven = await records(story, gone, since)
  claims.exactly(
    'leavers shut out, with proof',
    await atEach(house.systems, ({ target }) => proven.filter((record) => record.target === target).length),
    gone.length,
    'people',
  )
  claims.below(
    'the slowest of their lock-outs, from bytes read to proof',
    slowestAt(house.systems, proven),
    lockOutMaxMs,
    'ms',
  )
  claims.exactly('changes lost', await judge(story, faultsOf), 0, 'people')
  claims.exactly('accounts made twice', await judge(story, ({ twice }) => twice), 0, 'accounts')
}

async function comeAndLeave(story: Story): Promise<readonly string[]> {
  const came = joiners(story.workforce, 3)
  const left = leavers(came.workforce, 3, { how: 'terminated-now' })
  story.workforce = left.workforce
  await deliverChanges(story, [...came.touched, ...left.touched])
  return left.touched
}

async function records(story: Story, gone: readonly string[], since: Date) {
  const ids: string[] = []
  for (const person of gone) ids.push(await gatewayIdOf(story, rowOf(story, person)))
  return lockOutRecords(story.house.store, ids, since)
}
