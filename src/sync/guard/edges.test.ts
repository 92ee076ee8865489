import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { EnrolmentId, SuspensionId } from '../../model/id.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { inTransaction } from '../../store/transaction.ts'
import { sweepIfDue } from '../drift/sweep-target.ts'
import { type Bench, day, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { isUnder, prepareStore } from '../rekey/replace.ts'
import { pauseTarget } from '../stop.ts'
import { approveSuspension } from './approve.ts'
import { closeEnrolment, openEnrolment } from './enrolment.ts'
import { GuardBench } from './guard.fixture.ts'
import { watchSuspensions } from './watch-suspensions.ts'

const engine = useEngine()
const nobody = '00000000-0000-4000-8000-000000000000'
let bench: Bench
let guard: GuardBench

beforeEach(async () => {
  bench = await engine.begin({ guard: { unexpected: 'suspend' } })
  guard = new GuardBench(bench)
  await guard.people(1)
})

const codeOf = (act: Promise<unknown>) =>
  act.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

describe('an enrolment window', () => {
  const open = async (text: string) =>
    openEnrolment(bench.context, await bench.personOf('n1'), bench.operator, { for: text, reason: 'desk' })
  const close = (id: EnrolmentId) => closeEnrolment(bench.context, id, bench.operator, 'done')

  test.each(['9h', '0s', 'soon'])('of %s is refused', async (text) => {
    expect(await codeOf(open(text))).toBe('enrolment.too-long')
  })

  test('is closed once, and not after it is over; one that is not there, or that somebody wrote, is none', async () => {
    const [first, second, third] = [await open('10m'), await open('10m'), await open('2h')]
    await close(first.id)
    await close(first.id)
    await engine.tamper(`update enrolment set until = until + interval '1 h' where id = $1`, [third.id])
    expect(await codeOf(close(third.id))).toBe('enrolment.unknown')
    expect(await codeOf(close(nobody as EnrolmentId))).toBe('enrolment.unknown')
    await bench.pass(20 * minute)
    await close(second.id)
    expect(await bench.rows('select id from enrolment where closed_at is not null')).toEqual([{ id: first.id }])
    expect(await bench.rows(`select 1 from audit_pending where action = 'enrolment.closed'`)).toHaveLength(1)
  })
})

test('above fifty alarms of accounts, one counts the rest', async () => {
  for (let i = 0; i < 50; i++)
    await raiseAlarm(engine.database.pool, bench.context.vault, 'credential.changed_unexpectedly', randomUUID())
  const many = () => bench.rows(`select scope, count from alarm where code = 'credential.many_changed'`)
  await guard.swapAndWatch(1)
  expect(guard.isShut(1)).toBe(true)
  expect(await many()).toEqual([{ scope: 'doors', count: 1 }])
  await bench.pass(minute)
  await guard.swapAndWatch(1)
  expect(await many()).toEqual([{ scope: 'doors', count: 2 }])
})

test('what is found of a suspended account, by a sweep or where everybody can see it, voids what was decided', async () => {
  await guard.swapAndWatch(1)
  const findings = [(await guard.suspensions())[0]?.finding]
  await bench.pass(minute)
  guard.swap(1)
  await sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
  findings.push((await guard.suspensions())[0]?.finding)
  await bench.pass(minute)
  guard.user(1).profile = { ...guard.user(1).profile, name: 'Somebody Else' }
  await guard.swapAndWatch(1)
  const [last] = await guard.suspensions()
  findings.push(last?.finding)
  expect(new Set(findings).size).toBe(3)
  expect(last?.state).toBe('shut')
})

test('what is looked up later happened when its device says so', async () => {
  await bench.pass(day)
  await guard.readBack(1)
  const at = bench.context.now().toISOString()
  await bench.pass(60 * minute)
  guard.tell('credential.changed', { account: 'n1', at })
  guard.events.push({ ...guard.events.pop(), live: false } as (typeof guard.events)[number])
  await guard.watch()
  expect(await guard.suspensions()).toEqual([])
})

test('a suspension that is not there is approved by nobody, and one of nobody’s account is dropped', async () => {
  const approved = approveSuspension(bench.context, nobody as SuspensionId, bench.operator, 'seen')
  expect(await codeOf(approved)).toBe('suspension.unknown')
  await guard.swapAndWatch(1)
  await engine.tamper('update account set person_id = null')
  await engine.tamper(`update suspension set guard = '\\x00'`)
  await watchSuspensions(bench.context)
  expect(await guard.suspensions()).toEqual([])
  expect(await bench.alarms()).toContain('guard.failed')
})

test('two looks of two processes note one position, and find a thing once', async () => {
  guard.swap(1)
  guard.tell('credential.changed', { account: 'n1' })
  await Promise.all([guard.watch(), guard.watch()])
  expect(await guard.suspensions()).toHaveLength(1)
  const found = await bench.rows(
    `select 1 from audit_pending where action = 'credential.changed_unexpectedly'
     union all select 1 from audit where action = 'credential.changed_unexpectedly'`,
  )
  expect(found).toHaveLength(1)
})

describe('an account is looked at', () => {
  test('once a run of ours that is at it is over, or has taken too long', async () => {
    await bench.rows(
      `insert into account_work (account_id, target, lane, lease_until) select id, target, 'bulk', now() + interval '3 s' from account
         on conflict (account_id) do update set lease_until = excluded.lease_until`,
    )
    guard.swap(1)
    guard.tell('credential.changed', { account: 'n1' })
    await guard.watch()
    expect(await guard.suspensions()).toEqual([])
    await bench.pass(minute)
    await guard.watch()
    expect(await guard.suspensions()).toHaveLength(1)
  })

  test('not while its target is paused: what can not be seen counts as unexpected after a while', async () => {
    await inTransaction(engine.database.pool, (client) =>
      pauseTarget(client, bench.context, 'doors', 'biostar2.login-refused'),
    )
    guard.tell('credential.changed', { account: 'n1' })
    await guard.watch()
    expect(await guard.suspensions()).toEqual([])
    await bench.pass(minute)
    await guard.watch()
    expect(await guard.suspensions()).toMatchObject([{ cause: 'unread' }])
  })

  test('once for all that was told of it, of which what was announced explains no more than itself', async () => {
    guard.tell('credential.changed', { account: 'n1' })
    await bench.pass(minute)
    const person = await bench.personOf('n1')
    await openEnrolment(bench.context, person, bench.operator, { for: '10m', reason: 'desk' })
    guard.swap(1)
    guard.tell('biometric.enrolled', { account: 'n1' })
    guard.tell('credential.changed', { account: 'n1' })
    await guard.watch()
    expect(await guard.suspensions()).toMatchObject([{ cause: 'event' }])
  })
})

test('a store says whose keys it is under, and nobody else can say so', async () => {
  const { vault } = bench.context
  const { pool } = engine.database
  await prepareStore(pool, vault)
  expect(await isUnder(pool, vault)).toBe(true)
  await engine.tamper(`update gateway set key_set_guard = '\\x00'`)
  expect(await isUnder(pool, vault)).toBe(false)
  await engine.tamper('update gateway set key_set_guard = null')
  expect(await isUnder(pool, vault)).toBe(false)
  await engine.tamper(`update gateway set key_set = gen_random_uuid(), key_set_guard = '\\x00'`)
  expect(await isUnder(pool, vault)).toBe(false)
  await engine.tamper('delete from gateway')
  expect(await isUnder(pool, vault)).toBe(false)
})
