/** Somebody at the console puts their own finger in the place of a worker's, and no count shows it: noticed, shut, and opened by two people only. */
import type { AlarmView } from '../../src/api/acts/alarms.ts'
import type { PersonView } from '../../src/api/acts/people.ts'
import type { EnrolmentView, SuspensionView } from '../../src/api/acts/suspensions.ts'
import { figure } from '../claims.ts'
import { atEach, type DoorSystem, type Fingers } from '../door-system.ts'
import { cardsThatOpen, isShutOut, levelsAndCards, openEverywhere, opens, shutOut } from '../doors.ts'
import { userIdOf } from '../expectation.ts'
import type { Operator } from '../house.ts'
import { lockOutRecords, slowestAt } from '../lock-out-records.ts'
import { isRefused } from '../refused-call.ts'
import { doorNames } from '../site.ts'
import { deliverChanges, gatewayIdOf, isSettled, rowOf, type Story, until } from '../story.ts'
import { joiners } from '../workforce/changes.ts'
import { everybody } from '../workforce/gateway-config.ts'
import type { WorkerRow } from '../workforce/worker-row.ts'

/** From the swap until everybody who should know does, and the door is shut. */
const noticedWithinMs = 10_000
/** Readers tell of an enrolment so much later than it was, at most: until then a window that is closed still explains it. */
const windowLastsMs = 5_000

/** The door system where it happens, and whose finger it is. */
interface Victim {
  readonly system: DoorSystem
  readonly fingers: Fingers
  readonly row: WorkerRow
  /** The gateway's own id of them, and of their account there. */
  readonly person: string
  readonly account: string
  /** Accounts whose holders were given a level at the console of the door system: that is told as well, and nobody is shut for it. */
  readonly byHand: ReadonlySet<string>
}

export async function silentSwap(story: Story): Promise<void> {
  const { claims } = story.narrator
  story.narrator.scene('Somebody puts their own finger on the account of another', 'silent swap')
  const victim = await enrolled(story)
  const { system, row } = victim
  const before = levelsAndCards(system, row)
  const found = await swapped(story, victim)
  await approved(story, victim, found)
  claims.exactly(
    'what was shut is open again, with the same levels and card',
    levelsAndCards(system, row) === before ? 1 : 0,
    1,
    'accounts',
  )
  const { suspensions, alarms } = await known(story)
  claims.exactly('accounts that were suspended, in the end', suspensions.length, 1, 'accounts')
  claims.exactly('alarms that are still on, of others than these', others(alarms, victim.byHand).length, 0, 'alarms')
  claims.exactly('approvals on record, by two names, each with a reason', await approvals(story, found), 2, 'approvals')
}

/** Somebody new, so that nothing of the scenes before is undone, enrols a finger while an operator has said that they will. */
async function enrolled(story: Story): Promise<Victim> {
  const { house, narrator } = story
  const { claims } = narrator
  const { systems } = house
  const system = systems.find(({ fingers }) => fingers !== null)
  if (system === undefined || system.fingers === null) throw new Error('no door system shows fingers')
  const { fingers, target, name } = system
  const came = joiners(story.workforce, 1)
  story.workforce = came.workforce
  const [joiner = ''] = came.touched
  const row = rowOf(story, joiner)
  await deliverChanges(story, [joiner])
  await until(story, 'the joiner to be in', () => openEverywhere(systems, [row]))
  await until(story, 'whatever follows', () => isSettled(story))
  await until(story, 'Gatehouse to have looked at all that was told', () => isLookedAt(story, target))
  const byHand = new Set(await Promise.all([...story.byHand.keys()].map((user) => accountOf(story, user, target))))
  await claimAsBefore(story, system, byHand)
  const person = await gatewayIdOf(story, row)
  const account = await accountOf(story, userIdOf(row), target)
  narrator.say(
    `Gatehouse never writes a finger, and reads none: of ${name} it sees how many there are, and who was changed. Somebody new enrols one, and ${house.two.name} has said so before: a window is open for them.`,
  )
  const victim: Victim = { system, fingers, row, person, account, byHand }
  await announced(story, victim, () => fingers.enrol(userIdOf(row)))
  const { suspensions, alarms } = await known(story)
  const because = suspensions.length + others(alarms, byHand).length
  claims.exactly('alarms or suspensions because of a finger that was announced', because, 0, 'times')
  claims.exactly(
    'main entrances that the finger opens',
    fingers.opens(userIdOf(row), everybody) ? 1 : 0,
    1,
    'entrances',
  )
  await new Promise((resolve) => setTimeout(resolve, windowLastsMs + 1_000))
  return victim
}

/** What was done at the console in the scenes before is told where it should be, and nobody was shut for it, nor for what Gatehouse wrote itself. */
async function claimAsBefore(story: Story, system: DoorSystem, byHand: ReadonlySet<string>): Promise<void> {
  const { claims } = story.narrator
  const { suspensions, alarms } = await known(story)
  claims.exactly(
    `accounts that Gatehouse shut for what somebody else did, of ${figure(system.accountCount())} that it wrote there`,
    suspensions.length,
    0,
    'accounts',
  )
  claims.exactly(
    'accounts that somebody gave a level there by hand, and of which it is told that they were changed',
    alarms.filter(({ scope }) => byHand.has(scope)).length,
    byHand.size,
    'accounts',
  )
  claims.exactly('others of which that is told', others(alarms, byHand).length, 0, 'accounts')
}

/** Something is enrolled while an operator has said that it will be, and that is over when it resolves. */
async function announced(story: Story, { system, person }: Victim, enrol: () => void): Promise<void> {
  const { call, two } = story.house
  const window = await call<EnrolmentView>(
    `/v1/people/${person}/enrolments`,
    { for: '10m', reason: 'comes to the reception' },
    two,
  )
  enrol()
  await until(story, 'it to be looked at', () => isLookedAt(story, system.target, new Date(window.openedAt)))
  await call(`/v1/enrolments/${window.id}/close`, { reason: 'it is done' }, two)
}

async function swapped(story: Story, victim: Victim): Promise<SuspensionView> {
  const { system, fingers, row, person, account } = victim
  const { house, narrator } = story
  const { claims } = narrator
  const { systems, receiver } = house
  const { target, name } = system
  const user = userIdOf(row)
  const count = fingers.count(user)
  narrator.say(
    `Then somebody at the console of ${name} puts a finger of their own in its place. That is what strangers could do in 2019. There are as many as before, and nobody says anything.`,
  )
  const [since, begun] = [new Date(), performance.now()]
  fingers.swap(user)
  const took = { alarm: Number.NaN, shut: Number.NaN }
  await until(
    story,
    'the swap to be noticed',
    async () => {
      if (Number.isNaN(took.shut) && isShutOut(system, row)) took.shut = performance.now() - begun
      const { alarms } = await known(story)
      if (Number.isNaN(took.alarm) && alarms.some(({ scope }) => scope === account))
        took.alarm = performance.now() - begun
      return !Number.isNaN(took.alarm + took.shut)
    },
    { everyMs: 10 },
  )
  claims.exactly('fingers that the door system counts more, or fewer', fingers.count(user) - count, 0, 'fingers')
  claims.below('from the swap to the alarm', took.alarm, noticedWithinMs, 'ms')
  claims.below('from the swap to the account shut, with every card blocked', took.shut, noticedWithinMs, 'ms')
  const records = () => lockOutRecords(house.store, [person], since)
  await until(story, 'the proof', async () => (await records()).length > 0, { everyMs: 10 })
  const proven = await records()
  claims.exactly(
    'lock-outs because of it, proven by a separate read',
    proven.filter(({ cause, proof }) => cause === 'suspended' && proof === 'read-back').length,
    1,
    'lock-outs',
  )
  claims.below('from the decision to that proof', slowestAt([system], proven), 1000, 'ms')
  await claimShut(story, victim)
  claims.exactly(
    'card at the main entrance: refused there, and taken where no finger was swapped',
    await cardsThatOpen(systems, [row]),
    await atEach(systems, (each) => (each === system ? 0 : 1)),
    'entrances',
  )
  const told = () =>
    receiver.events.filter(
      (event) =>
        event.receivedAt >= begun && event.source.endsWith(`/${target}`) && event.type.includes('.credential.changed.'),
    )
  await until(story, 'the receiver to be told', () => told().length > 0)
  claims.exactly('the receiver outside is told that something was changed', Math.min(told().length, 1), 1, 'times')
  const { suspensions } = await known(story)
  const shut = suspensions.filter(({ state }) => state === 'shut')
  claims.exactly('accounts that are suspended', shut.length, 1, 'accounts')
  return shut[0] as SuspensionView
}

async function approved(story: Story, victim: Victim, { id }: SuspensionView): Promise<void> {
  const { system, fingers, row } = victim
  const { house, narrator } = story
  const { claims } = narrator
  const approve = (operator: Operator, reason: string) =>
    house.call<{ lifted: boolean }>(`/v1/suspensions/${id}/approve`, { reason }, operator)
  narrator.say(
    `The worker's own finger is enrolled anew, announced as before. ${house.two.name} approves: that alone opens nothing, nor does the same person once more, nor with another token.`,
  )
  await announced(story, victim, () => fingers.swap(userIdOf(row)))
  const first = await approve(house.two, 'stood before me')
  claims.exactly('accounts that the word of one person opens', first.lifted ? 1 : 0, 0, 'accounts')
  const made = await house.call<{ token: string; subject: string }>('/v1/tokens', {
    ...{ name: house.two.name, role: 'operator', days: 1 },
  })
  const again: readonly Operator[] = [house.two, { ...house.two, ...made }]
  const refused = await Promise.all(
    again.map((operator) => isRefused(approve(operator, 'really'), 'suspension.approved-already')),
  )
  claims.exactly('second approvals by the same person that are refused', refused.filter(Boolean).length, 2, 'approvals')
  await claimShut(story, victim, ', still')

  narrator.say(`${house.one.name} approves as well.`)
  const begun = performance.now()
  const second = await approve(house.one, 'spoke to both of them')
  claims.exactly('accounts that the word of two people opens', second.lifted ? 1 : 0, 1, 'accounts')
  await until(story, 'the door to open', () => opens(system, row, everybody), { everyMs: 50 })
  claims.below('from there to the card that opens', performance.now() - begun, noticedWithinMs, 'ms')
  await until(story, 'everything to be written', () => isSettled(story))
  claims.exactly('main entrances that the card opens', await cardsThatOpen(house.systems, [row]), 1, 'entrances')
  claims.exactly(
    'main entrances that the finger opens again',
    fingers.opens(userIdOf(row), everybody) ? 1 : 0,
    1,
    'entrances',
  )
}

async function claimShut({ narrator }: Story, { system, fingers, row }: Victim, still = ''): Promise<void> {
  await system.settled()
  narrator.claims.exactly(
    `${system.name}: account closed, and its card blocked${still}`,
    shutOut(system, [row]),
    1,
    'accounts',
  )
  narrator.claims.exactly(
    `${system.name}: entrances that a finger opens${still}`,
    fingers.opens(userIdOf(row), everybody) ? 1 : 0,
    0,
    'entrances',
  )
}

/** Accounts that were ever suspended, and alarms about such that are on. */
async function known({ house }: Story): Promise<{
  readonly suspensions: readonly SuspensionView[]
  readonly alarms: readonly AlarmView[]
}> {
  const { rows } = await house.call<{ rows: SuspensionView[] }>('/v1/suspensions?all=true&limit=100')
  const { alarms } = await house.call<{ alarms: AlarmView[] }>('/v1/alarms')
  const about = new Set(['credential.changed_unexpectedly', 'credential.many_changed', 'guard.braked'])
  return { suspensions: rows, alarms: alarms.filter(({ code, clearedAt }) => about.has(code) && clearedAt === null) }
}

/** Of others than these accounts. */
function others(alarms: readonly AlarmView[], byHand: ReadonlySet<string>): readonly AlarmView[] {
  return alarms.filter(({ scope }) => !byHand.has(scope))
}

/** The gateway's own id of the account that the holder of this number has there. */
async function accountOf({ house }: Story, user: string, target: string): Promise<string> {
  const { id } = await house.call<{ id: string }>('/v1/people/find', { by: user })
  const { accounts } = await house.call<PersonView>(`/v1/people/${id}`)
  const found = accounts.find((each) => each.target === target)
  if (found === undefined) throw new Error(`no account at ${target}`)
  return found.account
}

/** Of what was found, by different names, and with what they said. */
async function approvals({ house }: Story, { id }: SuspensionView): Promise<number> {
  const { approvals: given } = await house.call<SuspensionView>(`/v1/suspensions/${id}`)
  return new Set(given.filter(({ reason }) => reason !== null).map(({ by }) => by)).size
}

/** Whether Gatehouse has looked at all that this door system told; of a change since then, whether every reader told of it. */
async function isLookedAt({ house }: Story, target: string, since: Date | null = null): Promise<boolean> {
  const { rowCount } = await house.store.query(
    `select from event_guard g join event_source s using (source)
      where source = $1 and g.position = s.position and ($2::timestamptz is null or $3 <=
        (select count(*) from event e where e.source = $1 and e.type = 'credential.changed' and e.received_at >= $2))`,
    [target, since, doorNames.length],
  )
  return rowCount === 1
}
