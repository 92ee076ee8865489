import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import { sweepIfDue } from '../drift/sweep-target.ts'
import { mortal } from '../fixtures/crash.fixture.ts'
import { type Bench, day, minute, second, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { approveSuspension, keepSuspended } from './approve.ts'
import { closeEnrolment, openEnrolment } from './enrolment.ts'
import { GuardBench } from './guard.fixture.ts'
import { watchOnce } from './watch.ts'

const engine = useEngine()
let bench: Bench
let guard: GuardBench

async function begin(unexpected: 'report' | 'suspend', people = 1): Promise<void> {
  bench = await engine.begin({ guard: { unexpected } })
  guard = new GuardBench(bench)
  await guard.people(people)
}

const found = async () => (await bench.alarms()).filter((code) => code === 'credential.changed_unexpectedly')

describe('a silent swap, of which only an event tells', () => {
  beforeEach(() => begin('suspend'))

  test('shuts the account at once, with proof, as a lock-out of its own', async () => {
    await guard.swapAndWatch(1)
    expect(guard.isShut(1)).toBe(true)
    expect(await bench.rows(`select cause, proven_at is not null as proven from lockout`)).toEqual([
      { cause: 'suspended', proven: true },
    ])
    expect(await guard.suspensions()).toMatchObject([{ state: 'shut', cause: 'event', waits_for: null }])
    expect(await found()).toHaveLength(1)
    expect(
      await bench.rows(`select action from audit_pending where action = 'credential.changed_unexpectedly'`),
    ).toHaveLength(1)
  })

  test('is told once, however many readers tell of it, and however late', async () => {
    await guard.swapAndWatch(1)
    const [first] = await guard.suspensions()
    await bench.pass(day)
    guard.tell('credential.changed', { account: 'n1' })
    await guard.watch()
    expect(await guard.suspensions()).toEqual([first])
  })

  test('explains nothing that comes after: a second one is found as well', async () => {
    await guard.swapAndWatch(1)
    const [first] = await guard.suspensions()
    await bench.pass(minute)
    await guard.swapAndWatch(1)
    const [second] = await guard.suspensions()
    expect(second?.id).toBe(first?.id)
    expect(second?.finding).not.toBe(first?.finding)
  })

  test('of somebody whom Gatehouse just wrote to is told as ours only around that write', async () => {
    await bench.deliver([
      { id: '1', number: 'n1', given: 'Other', family: 'Name', department: 'Research', card: '101' },
    ])
    await bench.rest()
    guard.tell('credential.changed', { account: 'n1' })
    await guard.watch()
    expect(await guard.suspensions()).toEqual([])
    // A reader that was away tells of that write hours later: the record is as we left it.
    await bench.pass(5 * 60 * minute)
    guard.tell('credential.changed', { account: 'n1' })
    await guard.watch()
    expect(await guard.suspensions()).toEqual([])
    await guard.swapAndWatch(1)
    expect(await guard.suspensions()).toHaveLength(1)
  })
})

test('what a run of ours writes while the guard looks is not taken for somebody else’s', async () => {
  await begin('suspend')
  const { accounts } = bench.setup.connection
  let reads = 0
  const read: typeof accounts.read = async (...asked) => {
    reads += 1
    if (reads === 1) {
      await bench.deliver([hrRow(1, { card: '101', given: 'Other' })])
      await bench.work()
    }
    return accounts.read(...asked)
  }
  const setup = { ...bench.setup, connection: { ...bench.setup.connection, accounts: { ...accounts, read } } }
  guard.tell('credential.changed', { account: 'n1' })
  for (let look = 0; look < 2; look++)
    await watchOnce(bench.context, setup, guard.read, guard.seen, new AbortController().signal)
  expect([reads > 0, await guard.suspensions(), await found()]).toEqual([true, [], []])
})

describe('a run of ours that was killed between its write and its note', () => {
  beforeEach(() => begin('suspend'))

  /** As far as the write went; its event is told, and nothing of it was noted. */
  async function killedAfterWriting(): Promise<void> {
    await bench.deliver([hrRow(1, { card: '101', given: 'Other' })])
    const before = guard.user(1).marks?.revision
    for (let steps = 1; guard.user(1).marks?.revision === before; steps++) {
      await bench.work(mortal(bench.context, bench.setup, steps)).catch(() => undefined)
      await bench.pass(minute)
    }
    guard.tell('credential.changed', { account: 'n1' })
  }

  test('is taken for ours once it was begun again, within seconds', async () => {
    await killedAfterWriting()
    await guard.watch()
    expect([await guard.suspensions(), await found()]).toEqual([[], []])
    await bench.rest()
    await guard.watch()
    expect([await guard.suspensions(), await found(), guard.isShut(1)]).toEqual([[], [], false])
    await bench.pass(minute)
    await guard.swapAndWatch(1)
    expect(await guard.suspensions()).toHaveLength(1)
  })

  test('also by a process that is started an hour later, which waits for its own runs first', async () => {
    await killedAfterWriting()
    await bench.pass(60 * minute)
    guard.seen.clear()
    await guard.watch()
    expect([await guard.suspensions(), await found()]).toEqual([[], []])
    await bench.rest()
    await guard.watch()
    expect([await guard.suspensions(), await found()]).toEqual([[], []])
  })

  test('and that does not come again explains nothing for longer than a quarter of a minute', async () => {
    await killedAfterWriting()
    await guard.watch()
    expect(await guard.suspensions()).toEqual([])
    await bench.pass(20 * second)
    await guard.watch()
    expect(await guard.suspensions()).toMatchObject([{ cause: 'event' }])
  })

  test('is not waited for where it was given up', async () => {
    await killedAfterWriting()
    await engine.tamper('update account_work set dead_at = now()')
    await guard.watch()
    expect(await guard.suspensions()).toHaveLength(1)
  })

  test('is no change to a sweep, of somebody who is out', async () => {
    await bench.deliver([hrRow(1, { card: '101', status: 'left' })])
    await bench.rest()
    await engine.tamper(
      `insert into account_work (account_id, target, lane, intents, due_at)
         select id, target, 'bulk', jsonb_build_array('{}'::jsonb), now() + interval '5 s' from account`,
    )
    guard.swap(1)
    const sweep = () =>
      sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
    await sweep()
    expect(await found()).toEqual([])
    await engine.tamper('delete from account_work')
    await sweep()
    expect(await found()).toHaveLength(1)
  })
})

describe('what explains a change', () => {
  beforeEach(() => begin('suspend'))

  test('is an enrolment window that somebody opened by name, for as long as it is open', async () => {
    const person = await bench.personOf('n1')
    const request = { for: '30m', reason: 'new employee, at the desk' }
    const opened = await openEnrolment(bench.context, person, bench.operator, request)
    await guard.swapAndWatch(1)
    expect([await guard.suspensions(), await found()]).toEqual([[], []])
    await closeEnrolment(bench.context, opened.id, bench.operator, 'done')
    await bench.pass(minute)
    await guard.swapAndWatch(1)
    expect(await guard.suspensions()).toHaveLength(1)
  })

  test('is no window that somebody wrote into the database, and none that is over', async () => {
    const person = await bench.personOf('n1')
    const opened = await openEnrolment(bench.context, person, bench.operator, { for: '10m', reason: 'desk' })
    await bench.pass(20 * minute)
    await engine.tamper(`update enrolment set until = $2 where id = $1`, [
      opened.id,
      new Date(bench.context.now().getTime() + day),
    ])
    await guard.swapAndWatch(1)
    expect(await guard.suspensions()).toHaveLength(1)
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('is anything that everybody can see, which is told and not shut; the same explains nothing more', async () => {
    guard.user(1).profile = { ...guard.user(1).profile, name: 'Somebody Else' }
    await guard.swapAndWatch(1)
    expect([await guard.suspensions(), await found()]).toEqual([[], ['credential.changed_unexpectedly']])
    expect(await bench.rows(`select class from drift`)).toEqual([{ class: 'profile-changed' }])
    await bench.pass(minute)
    await guard.swapAndWatch(1)
    expect(await guard.suspensions()).toHaveLength(1)
  })

  test('is never an order of ours, of a finger or a face', async () => {
    await guard.readBack(1)
    guard.tell('biometric.enrolled', { account: 'n1' })
    guard.user(1).marks = { fingers: 2, revision: 9 }
    await guard.watch()
    expect(await guard.suspensions()).toMatchObject([{ cause: 'biometrics' }])
  })

  test('is not that the target does not answer: after a while it counts as unexpected', async () => {
    bench.target.fault = ({ verb }) => (verb === 'read' ? { is: 'failure', kind: 'transient' } : null)
    guard.tell('credential.changed', { account: 'n1' })
    await guard.watch()
    expect(await guard.suspensions()).toEqual([])
    await bench.pass(20 * second)
    await guard.watch()
    expect(await guard.suspensions()).toMatchObject([{ cause: 'unread' }])
  })
})

test('an alarm that somebody else put there beforehand is told all the same', async () => {
  await begin('report')
  await bench.rows(`insert into alarm (code, scope, raised_at) values ('credential.changed_unexpectedly', $1, now())`, [
    await guard.account(1),
  ])
  await guard.swapAndWatch(1)
  const told = await bench.rows(`select is_on from alarm_notice where code = 'credential.changed_unexpectedly'`)
  expect(told).toEqual([{ is_on: true }])
})

test('what only takes away, and accounts of nobody, are passed over', async () => {
  await begin('suspend')
  guard.tell('credential.removed', { account: 'n1' })
  guard.tell('credential.changed', { account: 'stranger' })
  guard.tell('access.granted', { account: 'n1' })
  await guard.watch()
  expect(await found()).toEqual([])
})

describe('a card and a PIN that nobody ordered', () => {
  beforeEach(() => begin('suspend'))

  test('are found by an event', async () => {
    const card = h10301(9, 999)
    guard.user(1).cards.set(cardKey(card), { card, state: 'on' })
    await guard.swapAndWatch(1)
    expect(await guard.suspensions()).toMatchObject([{ cause: 'card' }])
  })

  test('and a PIN that appears', async () => {
    guard.user(1).pin = '4711'
    await guard.swapAndWatch(1)
    expect(await guard.suspensions()).toMatchObject([{ cause: 'pin' }])
  })
})

test('where the policy only reports, nothing is shut', async () => {
  await begin('report')
  await guard.swapAndWatch(1)
  expect([guard.isShut(1), await guard.suspensions(), await found()]).toEqual([
    false,
    [],
    ['credential.changed_unexpectedly'],
  ])
})

test('protected people are not shut without a name on it', async () => {
  await begin('suspend')
  await bench.protect(await bench.personOf('n1'))
  await guard.swapAndWatch(1)
  expect(guard.isShut(1)).toBe(false)
  expect(await guard.suspensions()).toMatchObject([{ state: 'waits', waits_for: 'protected' }])
  expect(await bench.alarms()).toContain('guard.braked')
  const subject = await guard.subject()
  for (const act of [approveSuspension, keepSuspended])
    await expect(act(bench.context, await guard.open(), subject, 'seen')).rejects.toMatchObject({
      code: 'suspension.waits',
    })
})

test('a thief who sets the position back, or on, is found', async () => {
  await begin('suspend')
  guard.tell('access.granted', { account: 'n1' })
  await guard.watch()
  guard.swap(1)
  guard.tell('credential.changed', { account: 'n1' })
  await engine.tamper(`update event_guard set position = 2`)
  await guard.watch()
  expect(await guard.suspensions()).toHaveLength(1)
  expect(await bench.alarms()).toContain('guard.failed')
})
