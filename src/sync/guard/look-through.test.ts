import { beforeEach, describe, expect, test } from 'vitest'
import { inTransaction } from '../../store/transaction.ts'
import { sweepIfDue } from '../drift/sweep-target.ts'
import { type Bench, day, minute, second, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { nextCalls } from '../fixtures/memory-target.fixture.ts'
import { pauseTarget } from '../stop.ts'
import { openEnrolment } from './enrolment.ts'
import { GuardBench } from './guard.fixture.ts'
import { lookFirst } from './look-first.ts'

const engine = useEngine()
let bench: Bench
let guard: GuardBench

async function begin(unexpected: 'report' | 'suspend'): Promise<void> {
  bench = await engine.begin({ guard: { unexpected } })
  guard = new GuardBench(bench)
  await guard.people(2)
  await sweep()
}

async function sweep(): Promise<void> {
  await sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
  await bench.work()
}
const causes = async () => (await guard.suspensions()).map(({ cause }) => cause)
const isTold = async () => (await bench.alarms()).includes('credential.changed_unexpectedly')

describe('without any event, a sweep finds', () => {
  beforeEach(() => begin('suspend'))

  test('nothing where nothing changed', async () => {
    await sweep()
    expect([await causes(), await isTold()]).toEqual([[], false])
  })

  test('a finger that was swapped, by the mark of the record', async () => {
    guard.swap(1)
    await sweep()
    expect(await causes()).toEqual(['record'])
    expect([guard.isShut(1), guard.isShut(2)]).toEqual([true, false])
    const [first] = await guard.suspensions()
    await bench.pass(minute)
    await sweep()
    expect(await guard.suspensions()).toEqual([first])
  })

  test('a finger that was added, by the count, whatever the record says', async () => {
    guard.user(1).marks = { fingers: 2, revision: 1 }
    await sweep()
    expect(await causes()).toEqual(['biometrics'])
  })

  test('a finger that was added before a run of ours read the account, or while it wrote', async () => {
    guard.user(1).marks = { fingers: 2, revision: 2 }
    await guard.readBack(1)
    await bench.pass(minute)
    await sweep()
    expect(await causes()).toEqual(['biometrics'])
    await bench.pass(minute)
    const [first] = await guard.suspensions()
    await guard.readBack(1)
    await sweep()
    expect(await guard.suspensions()).toEqual([first])
  })

  test('a PIN that nobody issued', async () => {
    guard.user(1).pin = '4711'
    guard.swap(1)
    await sweep()
    expect(await causes()).toEqual(['pin'])
  })

  test('nothing new in marks that are shown for the first time, and what changes once they are noted', async () => {
    delete guard.user(1).marks
    await guard.readBack(1)
    guard.user(1).marks = { fingers: 3, revision: 5 }
    await sweep()
    await guard.readBack(1)
    expect(await causes()).toEqual([])
    guard.user(1).marks = { fingers: 4, revision: 7 }
    await sweep()
    expect(await causes()).toEqual(['biometrics'])
  })

  test('no more than drift in what everybody can see', async () => {
    guard.user(1).profile = { ...guard.user(1).profile, name: 'Somebody Else' }
    guard.swap(1)
    await sweep()
    expect(await causes()).toEqual([])
    expect(await bench.rows('select class from drift')).toEqual([{ class: 'profile-changed' }])
  })

  test('what was enrolled in a window as announced, and not in one that somebody wrote into the database', async () => {
    const [one, two] = [await bench.personOf('n1'), await bench.personOf('n2')]
    await openEnrolment(bench.context, one, bench.operator, { for: '10m', reason: 'at the desk' })
    const forged = await openEnrolment(bench.context, two, bench.operator, { for: '10m', reason: 'at the desk' })
    await engine.tamper(`update enrolment set until = until + interval '1 h' where id = $1`, [forged.id])
    guard.swap(1)
    guard.swap(2)
    await sweep()
    expect([guard.isShut(1), guard.isShut(2)]).toEqual([false, true])
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('nothing in a write of ours to somebody who is out, of which nobody knows yet whether it was carried out', async () => {
    await bench.deliver([hrRow(1, { card: '101', status: 'left' }), hrRow(2, { card: '102' })])
    await bench.rest()
    await bench.pass(8 * day)
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'late' })
    await bench.followCalendar()
    await bench.work()
    // Done once more, and noted; then the first one is carried out as well.
    for (let i = 0; i < 4 && guard.user(1).levels.size > 0; i++) {
      await bench.pass(second)
      await bench.work()
    }
    expect(bench.target.land()).toBe(1)
    await sweep()
    expect(await isTold()).toBe(false)
    await bench.rest()
    await sweep()
    expect([await causes(), await isTold()]).toEqual([[], false])
    await bench.pass(minute)
    guard.swap(1)
    await sweep()
    expect(await isTold()).toBe(true)
  })

  test('what changed though the window was over long before', async () => {
    await openEnrolment(bench.context, await bench.personOf('n1'), bench.operator, { for: '10m', reason: 'desk' })
    await bench.pass(3 * day)
    guard.swap(1)
    await sweep()
    expect(await causes()).toEqual(['record'])
  })
})

describe('an enrolment window, where no event says when something changed', () => {
  beforeEach(() => begin('suspend'))

  const open = async (minutes = 10) =>
    openEnrolment(bench.context, await bench.personOf('n1'), bench.operator, { for: `${minutes}m`, reason: 'desk' })

  test('explains nothing that was swapped before it was opened: that is found as it opens', async () => {
    guard.swap(1)
    await open()
    await bench.work()
    expect([await causes(), guard.isShut(1)]).toEqual([['record'], true])
    const [first] = await guard.suspensions()
    guard.swap(1)
    await sweep()
    expect(await guard.suspensions()).toEqual([first])
  })

  test('explains what was enrolled after it was opened, also when a run of ours has come in between', async () => {
    await open()
    await bench.pass(minute)
    await guard.readBack(1)
    guard.swap(1)
    guard.user(1).marks = { fingers: 2, revision: 9 }
    await guard.readBack(1)
    await sweep()
    expect(await causes()).toEqual([])
  })

  test('explains what may have been enrolled in it until it is over, and nothing once the account was looked at since', async () => {
    await open()
    await bench.pass(30 * minute)
    guard.swap(1)
    await sweep()
    expect(await causes()).toEqual([])
    await bench.pass(minute)
    guard.swap(1)
    await sweep()
    expect(await causes()).toEqual(['record'])
  })

  test('explains nothing of an account that could not be looked at as it opened', async () => {
    const person = await bench.personOf('n1')
    bench.target.fault = ({ verb }) => (verb === 'read' ? { is: 'failure', kind: 'transient' } : null)
    guard.swap(1)
    expect(await lookFirst(bench.context, person)).toEqual(['doors'])
    await open()
    bench.target.fault = () => null
    await sweep()
    expect(await causes()).toEqual(['record'])
  })

  test('is opened without a look where the target is paused, or a run of ours is at the account', async () => {
    const person = await bench.personOf('n1')
    expect(await lookFirst(bench.context, person)).toEqual([])
    await engine.tamper(`insert into account_work (account_id, target, lane) select id, target, 'bulk' from account`)
    expect(await lookFirst(bench.context, person)).toEqual(['doors'])
    await engine.tamper('delete from account_work')
    await inTransaction(engine.database.pool, (client) =>
      pauseTarget(client, bench.context, 'doors', 'biostar2.login-refused'),
    )
    expect(await lookFirst(bench.context, person)).toEqual(['doors'])
    expect((await open()).person_id).toBe(person)
  })
})

test('where the policy only reports, it is told and nothing is shut', async () => {
  await begin('report')
  guard.swap(1)
  await sweep()
  expect([await causes(), await isTold(), guard.isShut(1)]).toEqual([[], true, false])
})
