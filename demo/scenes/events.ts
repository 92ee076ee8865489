/** People go through doors: a receiver is told of each time, once and under a pseudonym; payroll learns when somebody worked, and not where. */
import type { ShiftView } from '../../src/api/acts/attendance.ts'
import { atEach, namesOf } from '../door-system.ts'
import { opens } from '../doors.ts'
import { cardNumberOf, userIdOf } from '../expectation.ts'
import type { Operator } from '../house.ts'
import { isRefused } from '../refused-call.ts'
import { dateIn, doorNamed } from '../site.ts'
import { expectation, type Story, until } from '../story.ts'
import { everybody } from '../workforce/gateway-config.ts'
import type { WorkerRow } from '../workforce/worker-row.ts'

const peopleCount = 20

export async function events(story: Story): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  const { systems, receiver } = house
  narrator.scene('People go through doors', 'events')
  const people = atWork(story).slice(0, peopleCount)
  const access = (source: string) =>
    receiver.events.filter((event) => event.source.endsWith(`/${source}`) && event.type.includes('.access.'))
  await until(story, 'the receiver to have heard of all that was before', () => hasSettled(story), { everyMs: 500 })
  narrator.say(
    `${people.length} people hold their cards to the main entrance at ${namesOf(systems)}. A receiver outside is told of it by signed messages.`,
  )
  const slowest = await atEach(systems, async (system) => {
    const before = access(system.target).length
    let last = performance.now()
    for (const row of people) {
      opens(system, row, everybody)
      last = performance.now()
    }
    await until(story, 'the receiver to be told', () => access(system.target).length >= before + people.length, {
      everyMs: 20,
    })
    return Math.max(0, (access(system.target)[before + people.length - 1]?.receivedAt ?? Number.NaN) - last)
  })
  claims.below('from the last card to the receiver', slowest, 3000, 'ms')
  const told = receiver.events.slice()
  claims.exactly(
    'events that the receiver was told of twice',
    told.length - new Set(told.map(({ id, source }) => `${source} ${id}`)).size,
    0,
    'events',
  )
  claims.exactly('messages whose signature is wrong', receiver.wrongSignatures(), 0, 'messages')
  const names = people.flatMap((row) => [row.familyName, userIdOf(row), cardNumberOf(row)])
  claims.exactly(
    'of these people, names, numbers and cards that it was told',
    names.filter((name) => told.some(({ text }) => text.includes(`"${name}"`))).length,
    0,
    'values',
  )
  await timesOfWork(story, people)
}

/** Whose card opens the main entrance. */
function atWork(story: Story): WorkerRow[] {
  const { accounts } = expectation(story)
  const known = story.beginning.rows.filter((row) => {
    const card = accounts.get(userIdOf(row))?.card
    return card?.number === cardNumberOf(row) && !card.blocked
  })
  return [...new Map(known.map((row) => [row.personId, row])).values()]
}

/** Nothing new for as long as two looks are apart. */
async function hasSettled({ house }: Story): Promise<boolean> {
  const before = house.receiver.events.length
  await new Promise((resolve) => setTimeout(resolve, 1500))
  return house.receiver.events.length === before
}

async function timesOfWork(story: Story, people: readonly WorkerRow[]): Promise<void> {
  const { house, narrator } = story
  const { claims } = narrator
  narrator.say('Payroll has a token of its own: it reads when somebody worked, and nothing else.')
  const made = await house.call<{ token: string; subject: string }>('/v1/tokens', {
    ...{ name: 'Demo Payroll', role: 'attendance', days: 1 },
  })
  const payroll: Operator = { name: 'Demo Payroll', ...made, tokenPath: '' }
  const now = new Date()
  const days = {
    from: dateIn('Europe/Berlin', new Date(now.getTime() - 2 * 86_400_000)),
    to: dateIn('Europe/Berlin', now),
  }
  const shifts = async (row: WorkerRow) =>
    (await house.call<{ rows: ShiftView[] }>('/v1/attendance/shifts/list', { by: userIdOf(row), ...days }, payroll))
      .rows
  await until(story, 'punches', async () => (await shifts(people.at(-1) as WorkerRow)).length > 0)
  const all = await Promise.all(people.map(shifts))
  claims.exactly(
    'people with the time at which they came',
    all.filter((of) => of.some(({ firstIn }) => firstIn !== null)).length,
    people.length,
    'people',
  )
  claims.exactly('doors that payroll is told of', JSON.stringify(all).split(doorNamed('')).length - 1, 0, 'doors')
  const by = userIdOf(people[0] as WorkerRow)
  const refused = await Promise.all([
    isRefused(house.call('/v1/people/find', { by }, payroll), 'api.forbidden'),
    isRefused(house.call('/v1/attendance/shifts/list', { by, ...days }, house.two), 'api.forbidden'),
  ])
  claims.exactly(
    'looks across the wall that are refused, one from either side',
    refused.filter(Boolean).length,
    2,
    'looks',
  )
}
