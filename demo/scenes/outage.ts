/** The door system goes down in the middle of a wave of changes; when it is back, everything is as it should be, and nothing was done twice. */
import { figure } from '../claims.ts'
import { userIdOf } from '../expectation.ts'
import { lockOutRecords } from '../lock-out-records.ts'
import {
  deliverChanges,
  expectation,
  gatewayIdOf,
  isSettled,
  judge,
  rightOf,
  rowOf,
  type Story,
  somebodyLeaves,
  until,
} from '../story.ts'
import { joiners, movers } from '../workforce/changes.ts'

const joining = 60
const moving = 40
const downMs = 4_000
/** After so many requests of the wave, the line goes dead. */
const requestsBeforeOutage = 60
const healedWithinS = 30

export async function outage(story: Story): Promise<void> {
  const { house, narrator } = story
  const { simulator } = house
  const { claims } = narrator
  narrator.scene('The door system goes down', 'outage')
  narrator.say(
    `HR delivers ${joining} joiners and ${moving} movers. In the middle of it the server loses answers (done, but nobody is told), then is gone for ${downMs / 1000} seconds.`,
  )
  const moved = movers(story.workforce, moving)
  const came = joiners(moved.workforce, joining)
  story.workforce = came.workforce
  const before = simulator.requests.count
  const lostAnswers = simulator.faults.add({ kind: 'drop-after', method: '^POST$', path: '^/api/users$', times: 3 })
  const people = new Set([...came.touched, ...moved.touched])
  const users = [...people].map((person) => userIdOf(rowOf(story, person)))
  const wanted = expectation(story)
  const doneBy = (): number => rightOf(story, wanted, users)
  await deliverChanges(story, [...people])
  await until(story, 'the wave to begin', () => simulator.requests.count >= before + requestsBeforeOutage, {
    everyMs: 5,
  })
  const done = doneBy()
  const down = simulator.faults.add({ kind: 'down' })
  const leaver = await leaveMeanwhile(story, people)
  await new Promise((resolve) => setTimeout(resolve, downMs))
  const missed = people.size - doneBy()
  narrator.say(`It went down with ${figure(done)} of ${figure(people.size)} people done. Now it is back.`)
  simulator.faults.remove(down.id)
  const [back, backAt] = [performance.now(), new Date()]
  await until(story, 'everything to heal', async () => doneBy() === people.size && (await isSettled(story)), {
    limitMs: healedWithinS * 1000,
    everyMs: 250,
    progress: () => `${figure(doneBy())} of ${figure(people.size)} people done`,
  }).catch(() => narrator.say('It has not healed in time.'))
  const healedS = (performance.now() - back) / 1000
  simulator.faults.remove(lostAnswers.id)
  const unanswered = simulator.requests.find().filter(({ n, fault }) => n > before && fault === 'drop-after').length

  await claimLeaver(story, leaver, backAt)
  const verdict = judge(story)
  const wrong = verdict.missing.length + verdict.wrong.length + verdict.open.length
  claims.exactly('answers that were lost after the work was done', unanswered, 3, 'answers')
  claims.exactly('people who had to wait for the server to come back, at least one', Math.min(missed, 1), 1, 'people')
  claims.exactly('changes lost in the outage', wrong, 0, 'people')
  claims.exactly('accounts made twice', verdict.twice + createdTwice(story, before), 0, 'accounts')
  claims.atMost('from the server being back to everything healed', healedS, healedWithinS, 's')
}

interface Leaver {
  readonly person: string
  readonly since: Date
}

/** Of somebody whom the wave does not touch. */
async function leaveMeanwhile(story: Story, wave: ReadonlySet<string>): Promise<Leaver> {
  story.narrator.say('While it is gone, HR names somebody who has left.')
  const since = new Date()
  const person = somebodyLeaves(story, wave)
  await deliverChanges(story, [person])
  return { person, since }
}

async function claimLeaver(story: Story, { person, since }: Leaver, backAt: Date): Promise<void> {
  const { house, narrator } = story
  const id = await gatewayIdOf(story, rowOf(story, person))
  const [record] = await lockOutRecords(house.store, [id], since)
  const afterBackMs = record === undefined ? Number.NaN : record.provenAt.getTime() - backAt.getTime()
  narrator.claims.below('a leaver named meanwhile: from the server being back to proof', afterBackMs, 3000, 'ms')
}

/** Users whom the server has created more than once, by its own record of requests. */
function createdTwice({ house }: Story, since: number): number {
  const created = house.simulator.requests
    .find({ method: 'POST', path: '^/api/users$' })
    .filter(({ n, code }) => n > since && code === '0')
    .flatMap(({ users }) => users)
  return created.length - new Set(created).size
}
