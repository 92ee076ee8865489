/** A finger that is swapped without any trace but its template, as digests of templates tell it. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { AccountId } from '../../model/id.ts'
import { Confirmation, loadItems } from '../drift/confirm.ts'
import { sweepIfDue } from '../drift/sweep-target.ts'
import { type Bench, hour, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { openEnrolment } from './enrolment.ts'
import { GuardBench } from './guard.fixture.ts'
import { lookThrough } from './look-through.ts'

const engine = useEngine()
const signal = new AbortController().signal
let bench: Bench
let guard: GuardBench

async function begin(unexpected: 'report' | 'suspend' = 'suspend'): Promise<void> {
  bench = await engine.begin({ guard: { unexpected } })
  guard = new GuardBench(bench)
  await guard.people(2)
  await sweep()
  for (const who of [1, 2]) show(who, `first of ${who}`)
  await look()
  await bench.pass(hour)
}

/** What a single read shows from now on, and nothing else does. */
function show(who: number, ...templates: string[]): void {
  Object.assign(guard.user(who).marks ?? {}, { templates })
}

async function sweep(): Promise<void> {
  await sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, signal)
  await bench.work()
}

/** Both accounts are read singly, as a deep sweep reads them. */
async function look(): Promise<void> {
  await new Confirmation(bench.context, bench.setup, signal, {
    isRecent: () => false,
    looked: (looks, when) => lookThrough(bench.context, bench.setup, looks, when),
  }).confirm(await loadItems(bench.context, await accounts()))
  await bench.work()
}

const accounts = async () => Promise.all([1, 2].map(async (who) => ({ id: (await guard.account(who)) as AccountId })))
const noted = async (who: number) => {
  const [item] = await loadItems(bench.context, [{ id: (await guard.account(who)) as AccountId }])
  return item?.lastSeen?.marks?.templates
}
const causes = async () => (await guard.suspensions()).map(({ cause }) => cause)
const isTold = async () => (await bench.alarms()).includes('credential.changed_unexpectedly')

describe('once digests are made', () => {
  beforeEach(() => begin())

  test('the first look notes them and finds nothing, nor does a later one where nothing changed', async () => {
    expect(await noted(1)).toEqual(['first of 1'])
    await look()
    await sweep()
    await guard.readBack(1)
    expect([await causes(), await isTold(), await noted(1)]).toEqual([[], false, ['first of 1']])
  })

  test('a swap that nothing else tells is found by the next single look, and by no list', async () => {
    show(1, 'swapped')
    await sweep()
    expect(await causes()).toEqual([])
    await look()
    expect([await causes(), guard.isShut(1), guard.isShut(2)]).toEqual([['biometrics'], true, false])
    const [first] = await guard.suspensions()
    await bench.pass(minute)
    await look()
    expect(await guard.suspensions()).toEqual([first])
  })

  test('no run of ours hides it: what it reads is not what is noted', async () => {
    show(1, 'swapped')
    await guard.readBack(1)
    expect(await noted(1)).toEqual(['first of 1'])
    await bench.pass(minute)
    await look()
    expect(await causes()).toEqual(['biometrics'])
  })

  test('the look that an event leads to finds it, also behind a change that everybody can see', async () => {
    show(1, 'swapped')
    guard.user(1).profile = { ...guard.user(1).profile, name: 'Somebody else' }
    guard.tell('credential.changed', { account: 'n1' })
    await guard.watch()
    await bench.work()
    expect([await causes(), guard.isShut(1)]).toEqual([['biometrics'], true])
  })

  test('keys that were replaced are no swap, and hide none', async () => {
    show(1, 'under new keys', 'first of 1')
    show(2, 'of another under new keys', 'of another')
    await look()
    const [found] = await guard.suspensions()
    expect([await causes(), found?.account_id]).toEqual([['biometrics'], await guard.account(2)])
    expect(await noted(1)).toEqual(['under new keys', 'first of 1'])
    show(1, 'under newer keys', 'swapped', 'swapped')
    await look()
    expect(await causes()).toHaveLength(2)
  })

  test('where they are made no more, the next look takes them out of what is noted', async () => {
    for (const who of [1, 2]) delete guard.user(who).marks?.templates
    await sweep()
    await look()
    expect([await noted(1), await noted(2), await causes()]).toEqual([undefined, undefined, []])
    // Asked for once more, they are noted anew.
    show(1, 'swapped meanwhile')
    await look()
    expect([await noted(1), await causes()]).toEqual([['swapped meanwhile'], []])
  })
})

describe('an enrolment window', () => {
  beforeEach(() => begin())

  const open = async () =>
    openEnrolment(bench.context, await bench.personOf('n1'), bench.operator, { for: '10m', reason: 'desk' })

  test('explains what was enrolled in it, also when it is over and a run of ours was there since', async () => {
    await open()
    await bench.pass(minute)
    show(1, 'enrolled')
    await bench.pass(hour)
    await guard.readBack(1)
    await look()
    expect([await causes(), await noted(1)]).toEqual([[], ['enrolled']])
  })

  test('explains nothing that was swapped before it was opened, nor after a look since it ended', async () => {
    show(1, 'swapped')
    await open()
    await bench.work()
    expect(await causes()).toEqual(['biometrics'])
    await begin()
    await open()
    await bench.pass(hour)
    await look()
    await bench.pass(hour)
    show(1, 'swapped')
    await look()
    expect(await causes()).toEqual(['biometrics'])
  })
})

test('with report it is told, and nobody is shut', async () => {
  await begin('report')
  show(1, 'swapped')
  await look()
  expect([await causes(), await isTold(), guard.isShut(1)]).toEqual([[], true, false])
  expect(await noted(1)).toEqual(['swapped'])
})
