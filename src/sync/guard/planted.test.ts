import { beforeEach, describe, expect, test } from 'vitest'
import { sweepIfDue } from '../drift/sweep-target.ts'
import { mortal } from '../fixtures/crash.fixture.ts'
import { type Bench, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { nextCalls } from '../fixtures/memory-target.fixture.ts'
import { GuardBench } from './guard.fixture.ts'

const engine = useEngine()
let bench: Bench
let guard: GuardBench

beforeEach(async () => {
  bench = await engine.begin({ guard: { unexpected: 'suspend' } })
  guard = new GuardBench(bench)
  await guard.people(2)
  await sweep()
  await bench.pass(60 * minute)
})

async function sweep(): Promise<void> {
  await sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
  await bench.work()
}

const causes = async () => (await guard.suspensions()).map(({ cause }) => cause)
const renamed = () => bench.deliver([hrRow(1, { card: '101', given: 'Other' }), hrRow(2, { card: '102' })])

/** As whoever may write to the list of work, which is not signed; the intent is the account's own, which is. */
async function plant(intents: string, leaseUntil = 'null'): Promise<void> {
  await bench.rows(
    `insert into account_work (account_id, target, lane, intents, due_at, lease_until)
       select id, target, 'bulk', ${intents}, now(), ${leaseUntil} from account
       on conflict (account_id) do update set lease_until = excluded.lease_until`,
  )
}
const ownIntent = `jsonb_build_array(jsonb_build_object('desired', desired, 'mac', encode(desired_mac, 'base64')))`

describe('a run that somebody else put on the list explains no swap', () => {
  test.each(['credential.changed', 'biometric.enrolled'] as const)('of which %s tells', async (type) => {
    await plant(ownIntent)
    guard.swap(1)
    guard.tell(type, { account: 'n1' })
    await guard.watch()
    await bench.rest()
    await guard.watch()
    expect(await causes()).toEqual(['event'])
  })

  test.each(['[]', 'own'] as const)('that only a sweep finds, where it has set out for %s', async (intents) => {
    guard.swap(1)
    await plant(intents === 'own' ? ownIntent : `'[]'::jsonb`)
    await bench.rest()
    await sweep()
    expect([await causes(), guard.isShut(1), guard.isShut(2)]).toEqual([['record'], true, false])
  })

  test('also where it wrote something, or was not noted of the account what it showed', async () => {
    guard.swap(1)
    await plant(ownIntent)
    await renamed()
    await bench.rest()
    expect(guard.user(1).profile.name).toMatch(/^Other/)
    await sweep()
    expect(await causes()).toEqual(['record'])
  })

  test('nor that what was noted of the account is gone', async () => {
    guard.swap(1)
    await engine.tamper('update account set actual = null, actual_version = null')
    await plant(ownIntent)
    await bench.rest()
    await sweep()
    expect(await causes()).toEqual(['record', 'record'])
  })

  test('and a lease that no worker would take keeps nobody from looking', async () => {
    guard.swap(1)
    await plant(`'[]'::jsonb`, `now() + interval '23 h'`)
    await bench.work()
    await sweep()
    expect(await causes()).toEqual(['record'])
  })
})

test('by a lease that no worker would take nobody is kept in', async () => {
  await bench.deliver([hrRow(1, { card: '101', status: 'left' }), hrRow(2, { card: '102' })])
  await bench.rows(`update account_work set lease_owner = gen_random_uuid(), lease_until = now() + interval '1 h'`)
  await bench.work()
  expect(guard.isShut(1)).toBe(true)
})

describe('a run of ours swallows nothing that was changed before it came', () => {
  test('a finger that was swapped, which a sweep finds, or an event that is told late', async () => {
    guard.swap(1)
    await renamed()
    await bench.rest()
    await guard.readBack(1)
    guard.swap(2)
    guard.tell('credential.changed', { account: 'n2' })
    await bench.deliver([hrRow(1, { card: '101', given: 'Other' }), hrRow(2, { card: '102', given: 'Else' })])
    await bench.pass(minute)
    await bench.work()
    await guard.watch()
    await sweep()
    expect((await causes()).toSorted()).toEqual(['event', 'record'])
  })

  test('a PIN that nobody issued', async () => {
    guard.user(1).pin = '4711'
    guard.swap(1)
    await renamed()
    await bench.rest()
    await sweep()
    expect(await causes()).toEqual(['pin'])
  })

  test('and is told, not shut, where everybody could see that something had been changed', async () => {
    guard.swap(1)
    guard.user(1).profile = { ...guard.user(1).profile, name: 'Somebody Else' }
    await renamed()
    await bench.rest()
    await sweep()
    expect([await causes(), await bench.alarms()]).toEqual([[], ['credential.changed_unexpectedly']])
    await bench.pass(minute)
    guard.swap(1)
    await sweep()
    expect(await causes()).toEqual(['record'])
  })

  test('silent as it was, also when somebody changes a name for all to see afterwards', async () => {
    guard.swap(1)
    await renamed()
    await bench.rest()
    guard.user(1).profile = { ...guard.user(1).profile, name: 'Somebody Else' }
    await sweep()
    expect(await causes()).toEqual(['record'])
  })
})

describe('what runs of ours write is taken for nobody else’s', () => {
  async function quiet(): Promise<void> {
    for (let looks = 0; looks < 2; looks++) {
      guard.tell('credential.changed', { account: 'n1' })
      await guard.watch()
      await sweep()
      await bench.pass(60 * minute)
    }
    expect([await causes(), await bench.alarms()]).toEqual([[], []])
  }

  test.each(['at-once', 'late', 'never'] as const)('without an answer, carried out %s', async (lands) => {
    nextCalls(bench.target, 'put', { is: 'unanswered', lands })
    await renamed()
    await bench.work()
    if (lands === 'late') expect(bench.target.land()).toBe(1)
    await bench.rest()
    await quiet()
  })

  test('carried out after it was done once more', async () => {
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'late' })
    await renamed()
    await bench.work()
    await bench.pass(2_000)
    await bench.work()
    expect(bench.target.land()).toBe(1)
    await bench.rest()
    await quiet()
  })

  test.each([
    ['a name', () => renamed()],
    ['a card less', () => bench.deliver([hrRow(1, { card: '' }), hrRow(2, { card: '102' })])],
    ['another card', () => bench.deliver([hrRow(1, { card: '103' }), hrRow(2, { card: '102' })])],
    ['who left', () => bench.deliver([hrRow(1, { card: '101', status: 'left' }), hrRow(2, { card: '102' })])],
  ] as const)('cut off before it was noted: %s', async (_, change) => {
    await change()
    const before = guard.user(1).marks?.revision
    for (let steps = 1; guard.user(1).marks?.revision === before; steps++) {
      await bench.work(mortal(bench.context, bench.setup, steps)).catch(() => undefined)
      await bench.pass(minute)
    }
    await bench.rest()
    await quiet()
  })

  test('cut off before it was noted, and another name is desired by then', async () => {
    await renamed()
    const before = guard.user(1).marks?.revision
    for (let steps = 1; guard.user(1).marks?.revision === before; steps++) {
      await bench.work(mortal(bench.context, bench.setup, steps)).catch(() => undefined)
      await bench.pass(minute)
    }
    await bench.deliver([hrRow(1, { card: '101', given: 'Newer' }), hrRow(2, { card: '102' })])
    await bench.rest()
    expect(guard.user(1).profile.name).toMatch(/^Newer/)
    await quiet()
  })

  test('that undoes what an event told, and everybody could see: it is told, and not shut', async () => {
    Object.assign(bench.setup, { drift: { ...bench.setup.drift, profile_changed: 'revert' } })
    guard.swap(1)
    guard.user(1).profile = { ...guard.user(1).profile, name: 'Somebody Else' }
    guard.tell('credential.changed', { account: 'n1' })
    for (let looks = 0; looks < 3; looks++) {
      await guard.watch()
      await bench.work()
    }
    await bench.pass(minute)
    await sweep()
    await guard.watch()
    expect([await causes(), guard.user(1).profile.name]).toEqual([[], 'Person1 Test'])
  })
})
