/** One door system goes down in the middle of a wave of changes; the other goes on, and when it is back, everything is as it should be, and nothing was done twice. */
import { figure } from '../claims.ts'
import { atEach, type DoorSystem, doubled, faultsOf, type PerSystem } from '../door-system.ts'
import { userIdOf } from '../expectation.ts'
import { type LockOutRecord, lockOutRecords } from '../lock-out-records.ts'
import {
  deliverChanges,
  expectation,
  gatewayIdOf,
  isSettled,
  judge,
  rightAt,
  rightEverywhere,
  rowOf,
  type Story,
  somebodyLeaves,
  until,
} from '../story.ts'
import { joiners, movers } from '../workforce/changes.ts'

const joining = 30
const moving = 20
const downMs = 4_000
/** After so many people of the wave, the line goes dead. */
const doneBeforeOutage = 5
const answersLost = 3
const healedWithinS = 30

/** Each of them in turn. */
export async function outage(story: Story): Promise<void> {
  for (const system of story.house.systems) await outageOf(story, system)
}

async function outageOf(story: Story, system: DoorSystem): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  const others = house.systems.filter((other) => other !== system)
  narrator.scene(`${system.name} goes down`, `outage of ${system.name}`)
  narrator.say(
    `HR delivers ${joining} joiners and ${moving} movers. In the middle of it ${system.name} loses answers (done, but nobody is told), then is gone for ${downMs / 1000} seconds or more.`,
  )
  const moved = movers(story.workforce, moving)
  const came = joiners(moved.workforce, joining)
  story.workforce = came.workforce
  const before = await atEach(house.systems, (each) => each.requestCount())
  const answers = system.loseAnswers(answersLost)
  const people = new Set([...came.touched, ...moved.touched])
  const ids = [...people].map((person) => userIdOf(rowOf(story, person)))
  const wanted = expectation(story)
  const doneAt = (each: DoorSystem): number => rightAt(story, each, wanted, ids)
  await deliverChanges(story, [...people])
  await until(story, 'the wave to begin', () => doneAt(system) >= doneBeforeOutage, { everyMs: 10 })
  const done = doneAt(system)
  const [comeBack, gone] = [system.goDown(), performance.now()]
  const leaver = await leaveMeanwhile(story, system, people)
  await until(story, 'the others to go on', async () => {
    const proven = await recordsOf(story, leaver)
    const goneMs = performance.now() - gone
    return (
      goneMs >= downMs &&
      others.every((other) => doneAt(other) === people.size && proven.some(({ target }) => target === other.target))
    )
  }).catch(() => narrator.say('The others did not do all of it in time.'))
  const missed = people.size - doneAt(system)
  claims.exactly(
    'people of the wave who are done at the other meanwhile',
    await atEach(others, doneAt),
    people.size,
    'people',
  )
  const meanwhile = await recordsOf(story, leaver)
  claims.below(
    'a leaver named meanwhile: from bytes read to proof at the other',
    await atEach(others, ({ target }) => meanwhile.find((record) => record.target === target)?.totalMs ?? Number.NaN),
    1000,
    'ms',
  )
  narrator.say(
    `${system.name} went down with ${figure(done)} of ${figure(people.size)} people done. After ${figure((performance.now() - gone) / 1000)} s it is back.`,
  )
  comeBack()
  const [back, backAt] = [performance.now(), new Date()]
  const least = (): number => rightEverywhere(story, wanted, ids)
  await until(story, 'everything to heal', async () => least() === people.size && (await isSettled(story)), {
    limitMs: healedWithinS * 1000,
    everyMs: 250,
    progress: () => `${figure(least())} of ${figure(people.size)} people done`,
  }).catch(() => narrator.say('It has not healed in time.'))
  const healedS = (performance.now() - back) / 1000
  answers.end()

  const afterBack = (await recordsOf(story, leaver)).find(({ target }) => target === system.target)
  claims.below(
    'the same leaver: from the server being back to proof there',
    afterBack === undefined ? Number.NaN : afterBack.provenAt.getTime() - backAt.getTime(),
    3000,
    'ms',
  )
  claims.exactly('answers that were lost after the work was done', answers.lost(), answersLost, 'answers')
  claims.exactly('people who had to wait for the server to come back, at least one', Math.min(missed, 1), 1, 'people')
  claims.exactly('changes lost in the outage', await judge(story, faultsOf), 0, 'people')
  claims.exactly('accounts made twice', await madeTwice(story, before), 0, 'accounts')
  claims.atMost('from the server being back to everything healed', healedS, healedWithinS, 's')
}

interface Leaver {
  readonly person: string
  readonly since: Date
}

/** Of somebody whom the wave does not touch. */
async function leaveMeanwhile(story: Story, { name }: DoorSystem, wave: ReadonlySet<string>): Promise<Leaver> {
  story.narrator.say(`While ${name} is gone, HR names somebody who has left.`)
  const since = new Date()
  const person = somebodyLeaves(story, wave)
  await deliverChanges(story, [person])
  return { person, since }
}

async function recordsOf(story: Story, { person, since }: Leaver): Promise<readonly LockOutRecord[]> {
  return lockOutRecords(story.house.store, [await gatewayIdOf(story, rowOf(story, person))], since)
}

/** What is there twice, and what was made more than once by the server's own record of requests. */
async function madeTwice(story: Story, since: PerSystem): Promise<PerSystem> {
  const twice = await judge(story, (verdict) => verdict.twice)
  return atEach(
    story.house.systems,
    (system) => (twice.get(system.name) ?? Number.NaN) + doubled(system.madeSince(since.get(system.name) ?? 0)),
  )
}
