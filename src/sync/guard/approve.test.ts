import { beforeEach, describe, expect, test } from 'vitest'
import type { SuspensionId } from '../../model/id.ts'
import { sweepIfDue } from '../drift/sweep-target.ts'
import { type Bench, day, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { lockPerson, unlockPerson } from '../operator.ts'
import { approveSuspension, keepSuspended, releaseSuspension } from './approve.ts'
import { GuardBench } from './guard.fixture.ts'
import { watchSuspensions } from './watch-suspensions.ts'

const engine = useEngine()
let bench: Bench
let guard: GuardBench

beforeEach(async () => {
  bench = await engine.begin({ guard: { unexpected: 'suspend' } })
  guard = new GuardBench(bench)
  await guard.people(1)
})

const approve = async (by: Awaited<ReturnType<GuardBench['subject']>>, id?: SuspensionId) =>
  approveSuspension(bench.context, id ?? (await guard.open()), by, 'they stood before me')

describe('a suspended account', () => {
  beforeEach(() => guard.swapAndWatch(1))

  test('opens when two different people have approved, and not twice by one', async () => {
    const [one, other] = [await guard.subject(), await guard.subject('admin')]
    expect(await approve(one)).toEqual({ lifted: false })
    await expect(approve(one)).rejects.toMatchObject({ code: 'suspension.approved-already' })
    await bench.work()
    expect(guard.isShut(1)).toBe(true)
    expect(await approve(other)).toEqual({ lifted: true })
    await bench.rest()
    expect(guard.isShut(1)).toBe(false)
    expect([...guard.user(1).cards.values()].map(({ state }) => state)).toEqual(['on'])
    expect(await bench.alarms()).toEqual([])
    expect(await bench.rows(`select actor from audit_pending where action like 'suspension.%' order by id`)).toEqual([
      { actor: one },
      { actor: other },
      { actor: other },
    ])
    await expect(approve(one, (await guard.suspensions())[0]?.id)).rejects.toMatchObject({ code: 'suspension.over' })
  })

  test('is lifted by nobody else: not by records, by unlock, by rules, nor by a sweep', async () => {
    await bench.deliver([hrRow(1, { card: '101', status: 'suspended' })])
    await bench.rest()
    await bench.deliver([hrRow(1, { card: '101', department: 'Sales' })])
    await bench.rest()
    const person = await bench.personOf('n1')
    await lockPerson(bench.context, person, bench.operator, 'seen')
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    bench.policy([{ grant: ['doors/Vault'], to: 'true' }])
    await bench.followCalendar()
    await bench.rest()
    expect(guard.isShut(1)).toBe(true)
    await approve(await guard.subject())
    await approve(await guard.subject())
    await bench.rest()
    expect(guard.isShut(1)).toBe(false)
  })

  test('stays shut after approval where its person is out, or locked, by somebody else', async () => {
    const person = await bench.personOf('n1')
    await lockPerson(bench.context, person, bench.operator, 'seen')
    await approve(await guard.subject())
    await approve(await guard.subject())
    await bench.rest()
    expect(guard.isShut(1)).toBe(true)
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    await bench.rest()
    expect(guard.isShut(1)).toBe(false)
  })

  test('opens also when nothing certain is known of its person meanwhile', async () => {
    await bench.deliver([hrRow(1, { card: '101', status: '' })])
    await bench.rest()
    await approve(await guard.subject())
    await approve(await guard.subject())
    await bench.rest()
    expect(guard.isShut(1)).toBe(false)
  })

  test('needs approvals of what was found last: earlier ones are void', async () => {
    const [one, other] = [await guard.subject(), await guard.subject()]
    await approve(one)
    await bench.pass(minute)
    await guard.swapAndWatch(1)
    expect(await approve(other)).toEqual({ lifted: false })
    expect(await approve(one)).toEqual({ lifted: true })
  })

  test('is kept shut by name; what was approved before counts no more, and it needs nobody to look', async () => {
    const [one, other] = [await guard.subject(), await guard.subject()]
    await approve(one)
    await keepSuspended(bench.context, await guard.open(), bench.operator, 'the police asked for it')
    await watchSuspensions(bench.context)
    expect(await bench.alarms()).toEqual([])
    expect(await approve(other)).toEqual({ lifted: false })
    expect(await approve(one)).toEqual({ lifted: true })
  })

  test('is approved by nobody whose name was made since, by no viewer, and not by who was disabled', async () => {
    const late = await guard.subject('admin', new Date(bench.context.now().getTime() + 1))
    await expect(approve(late)).rejects.toMatchObject({ code: 'suspension.approver-new' })
    const [viewer, gone] = [await guard.subject('viewer'), await guard.subject()]
    await approve(viewer)
    await approve(gone)
    await engine.tamper('update subject set disabled_at = now() where id = $1', [gone])
    expect(await approve(await guard.subject())).toEqual({ lifted: false })
  })

  test.each(['viewer', 'security', 'attendance'] as const)(
    'is not approved by who has the role %s by now',
    async (role) => {
      await approve(await guard.subject(role))
      expect(await approve(await guard.subject())).toEqual({ lifted: false })
      expect(await approve(await guard.subject('admin'))).toEqual({ lifted: true })
    },
  )

  test('has its alarm again as long as nobody has decided', async () => {
    await engine.tamper('delete from alarm')
    await watchSuspensions(bench.context)
    expect(await bench.alarms()).toEqual(['credential.changed_unexpectedly'])
  })
})

describe('a thief who writes to the database', () => {
  beforeEach(() => guard.swapAndWatch(1))

  const settle = async () => {
    await watchSuspensions(bench.context)
    await bench.rest()
  }

  test('approves nothing', async () => {
    await approve(await guard.subject())
    await engine.tamper(
      `insert into suspension_approval select gen_random_uuid(), suspension_id, finding, person_id, gen_random_uuid(), reason, at, guard
         from suspension_approval`,
    )
    const last = await guard.subject()
    await engine.tamper(
      `insert into suspension_approval select gen_random_uuid(), suspension_id, finding, person_id, $1, reason, at, guard
         from suspension_approval limit 1`,
      [last],
    )
    expect(await bench.alarms()).toEqual(['credential.changed_unexpectedly'])
    expect(await approve(last)).toEqual({ lifted: true })
    expect(await bench.alarms()).toEqual(['guard.failed', 'guard.failed'])
  })

  test.each([
    ['says that it is over', `update suspension set state = 'lifted', lifted_at = now()`],
    ['takes it away', 'delete from suspension'],
    ['changes what was found', `update suspension set finding = gen_random_uuid()`],
  ])('who %s opens nothing: it is suspended anew, and can be approved', async (_, sql) => {
    await approve(await guard.subject())
    await engine.tamper(sql)
    await settle()
    await guard.swapAndWatch(1)
    await bench.pass(minute)
    expect(guard.isShut(1)).toBe(true)
    expect(await bench.alarms()).toContain('guard.failed')
    expect(await approve(await guard.subject())).toEqual({ lifted: false })
    expect(await approve(await guard.subject())).toEqual({ lifted: true })
  })

  test('who puts the account back as it was before has it shut again', async () => {
    await engine.tamper('create table kept as select * from account')
    await approve(await guard.subject())
    await approve(await guard.subject())
    await bench.rest()
    await engine.tamper('drop table kept')
    await engine.tamper('create table kept as select * from account')
    await bench.pass(minute)
    await guard.swapAndWatch(1)
    await engine.tamper(
      'update account a set wanted = k.wanted, desired = k.desired, desired_version = k.desired_version, desired_mac = k.desired_mac, suspension = k.suspension, pending = k.pending, guard = k.guard from kept k where k.id = a.id',
    )
    await engine.tamper('drop table kept')
    await settle()
    expect(guard.isShut(1)).toBe(true)
    expect(await bench.rows('select suspension is not null as shut from account')).toEqual([{ shut: true }])
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('who puts an older finding back, with its approval, has it refused', async () => {
    const one = await guard.subject()
    await approve(one)
    await engine.tamper('create table kept as select * from suspension')
    await bench.pass(minute)
    await guard.swapAndWatch(1)
    await engine.tamper('delete from suspension')
    await engine.tamper('insert into suspension select * from kept')
    await engine.tamper('drop table kept')
    await expect(approve(await guard.subject())).rejects.toMatchObject({ code: 'suspension.put-back' })
  })

  test('who changes its row is answered in plain words', async () => {
    const id = await guard.open()
    await engine.tamper(`update suspension set cause = 'card'`)
    await expect(approve(await guard.subject(), id)).rejects.toMatchObject({ code: 'suspension.forged' })
    await engine.tamper('delete from suspension')
    await expect(approve(await guard.subject(), id)).rejects.toMatchObject({ code: 'suspension.unknown' })
  })
})

describe('a thief who writes suspensions of everybody', () => {
  const who = [1, 2, 3, 4]
  const begin = async (policy: Parameters<typeof engine.begin>[0]): Promise<void> => {
    bench = await engine.begin(policy)
    guard = new GuardBench(bench)
    await guard.people(who.length)
  }
  const forge = (state = 'shut', where = 'true') =>
    engine.tamper(
      `insert into suspension (id, account_id, person_id, target, state, cause, finding, found_at, last_found_at, shut_at, guard)
         select gen_random_uuid(), id, person_id, target, $1, 'record', gen_random_uuid(), now(), now(), now(), '\\x00' from account where ${where}`,
      [state],
    )
  const settle = async () => {
    await watchSuspensions(bench.context)
    await watchSuspensions(bench.context)
    await bench.rest()
  }
  const shut = () => who.filter((each) => guard.isShut(each)).length

  test('has as many shut as the brake lets; the others wait for an admin', async () => {
    await begin({ guard: { unexpected: 'suspend', brake: { min: 2, percent: 0 } } })
    await forge()
    await settle()
    expect(shut()).toBe(2)
    expect((await guard.suspensions()).map(({ state }) => state).sort()).toEqual(['shut', 'shut', 'waits', 'waits'])
    expect(await bench.alarms()).toEqual(expect.arrayContaining(['guard.failed', 'guard.braked']))
    // Whatever is written over those that wait shuts none, nor does it to take away those that count.
    await engine.tamper(`update suspension set state = 'shut' where state = 'waits'`)
    await settle()
    expect(shut()).toBe(2)
    await engine.tamper('delete from suspension')
    await forge('shut', 'suspension is null')
    await settle()
    expect(shut()).toBe(2)
    expect((await guard.suspensions()).map(({ state }) => state).sort()).toEqual(['shut', 'shut', 'waits', 'waits'])
  })

  test('has no more shut for the accounts that he makes up: a percentage is of those that a sweep knew', async () => {
    await begin({ guard: { unexpected: 'suspend', brake: { min: 1, percent: 50 } } })
    const sweep = () =>
      sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
    await sweep()
    await engine.tamper(
      `insert into account (id, target, person_id, key_id, external_digest, external_id, wanted, wanted_facts, wanted_facts_version,
                            wanted_by, pending, desired, owned, guard)
         select gen_random_uuid(), 'doors', null, gen_random_uuid(), decode(md5(i::text), 'hex'), '', '', '', 1, 'x', false,
                '{"lock":"open",', '{"made":true,', '' from generate_series(1, 1000) i`,
    )
    await sweep()
    await forge('shut', 'person_id is not null')
    await settle()
    expect(shut()).toBe(2)
    expect(await bench.alarms()).toContain('guard.braked')
  })

  test('has nobody protected shut', async () => {
    await begin({ guard: { unexpected: 'suspend' } })
    for (const each of who) await bench.protect(await bench.personOf(`n${each}`))
    await forge()
    await settle()
    expect(shut()).toBe(0)
    expect(new Set((await guard.suspensions()).map((row) => row.waits_for))).toEqual(new Set(['protected']))
  })

  test.each(['shut', 'waits'])('has nobody shut where the policy only reports, by %s', async (state) => {
    await begin({ guard: { unexpected: 'report' } })
    await forge(state)
    await settle()
    expect([shut(), await guard.suspensions()]).toEqual([0, []])
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('has nobody shut past the brake by what is found meanwhile', async () => {
    await begin({ guard: { unexpected: 'suspend', brake: { min: 1, percent: 0 } } })
    await forge()
    for (const each of who) guard.swap(each)
    for (const each of who) guard.tell('credential.changed', { account: `n${each}` })
    await guard.watch()
    await settle()
    expect(shut()).toBe(1)
  })

  test('has nobody shut by what he writes into accounts', async () => {
    await begin({ guard: { unexpected: 'suspend' } })
    await engine.tamper('update account set suspension = gen_random_uuid()')
    await settle()
    expect([shut(), await guard.suspensions()]).toEqual([0, []])
    expect(await bench.alarms()).toContain('guard.failed')
  })
})

test('more than the brake lets within a day wait for an admin, with an alarm; each is released by name', async () => {
  bench = await engine.begin({ guard: { unexpected: 'suspend', brake: { min: 2, percent: 0 } } })
  guard = new GuardBench(bench)
  await guard.people(4)
  for (const who of [1, 2, 3, 4]) guard.swap(who)
  for (const who of [1, 2, 3, 4]) guard.tell('credential.changed', { account: `n${who}` })
  await guard.watch()
  await bench.work()
  const shut = () => [1, 2, 3, 4].filter((who) => guard.isShut(who)).length
  expect(shut()).toBe(2)
  expect(await bench.rows(`select count from alarm where code = 'guard.braked'`)).toEqual([{ count: 2 }])
  const waiting = (await guard.suspensions()).filter(({ state }) => state === 'waits')
  for (const { id } of waiting) await releaseSuspension(bench.context, id, bench.operator, 'looked at')
  await bench.work()
  expect(shut()).toBe(4)
  expect(await bench.alarms()).not.toContain('guard.braked')
  await expect(
    releaseSuspension(bench.context, waiting[0]?.id as SuspensionId, bench.operator, 'again'),
  ).rejects.toMatchObject({ code: 'suspension.not-waiting' })
  // A day later as many may be shut again.
  await bench.pass(day + minute)
  expect(shut()).toBe(4)
})
