import { beforeEach, describe, expect, test } from 'vitest'
import { h10301 } from '../model/card.ts'
import type { PlanId } from '../model/id.ts'
import { issueCard, loseCard } from './cards.ts'
import { sweepIfDue } from './drift/sweep-target.ts'
import { continueErasures } from './erasure/continue.ts'
import { erasePerson } from './erasure/erase.ts'
import { type Bench, type BenchOptions, day, hour, second, useEngine } from './fixtures/engine.fixture.ts'
import type { HrRow } from './fixtures/hr-file.fixture.ts'
import { leaver, leaverSteps, left, row, whole } from './fixtures/leaver.fixture.ts'
import { nextCalls, opens } from './fixtures/memory-target.fixture.ts'
import { adoptMatches, linkByHand } from './match/adopt.ts'
import { existing, match } from './match/match.fixture.ts'
import { lockPerson, unlockPerson } from './operator.ts'
import { stranger } from './reconcile/site.fixture.ts'
import { resolveEveryone } from './resolve/re-resolve.ts'
import { freezeByHand, unfreezeByHand } from './stop.ts'
import { followCalendar } from './sweep.ts'
import { enableTarget, observeTarget } from './target-modes.ts'

const engine = useEngine()
let bench: Bench

const begin = async (options: BenchOptions = {}) => {
  bench = await engine.begin({ leaver, ...options })
}
beforeEach(() => begin())

const { user, levels, cards, card, there, settle, pass, holds, release, failures } = leaverSteps(() => bench)
const person = (who = 1) => bench.personOf(`n${who}`)

/** Removed, withdrawn and deleted. */
const deleted = async (...others: readonly HrRow[]) => {
  await settle(row(1), ...others)
  await settle(row(1, left), ...others)
  await pass(30 * day)
  expect(there()).toBeNull()
}
const sweep = async () => {
  await sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
  await bench.rest()
}
const removals = async () =>
  (await bench.rows<{ action: string }>(`select action from audit_pending where action = 'account.removed'`)).length
const lockouts = () => bench.rows('select cause, proven_at is not null as proven from lockout order by decided_at')

describe('of a leaver', () => {
  test('levels, cards and account go to the second, one after the other, and the proof of the lock-out stays', async () => {
    await settle(row(1))
    await settle(row(1, left))
    await pass(7 * day - second)
    expect(there()).toEqual(whole)
    await pass(second)
    expect(there()).toEqual(['closed', [], ['blocked']])
    await pass(7 * day - second)
    expect(there()).toEqual(['closed', [], ['blocked']])
    await pass(second)
    expect(there()).toEqual(['closed', [], []])
    await pass(16 * day - second)
    expect(there()).toEqual(['closed', [], []])
    await pass(second)
    expect(there()).toBeNull()
    expect(await lockouts()).toEqual([{ cause: 'record', proven: true }])
    expect([await removals(), await bench.rows('select 1 from account_work'), await bench.alarms()]).toEqual([
      1,
      [],
      [],
    ])
    const [account] = await bench.rows('select person_id is not null as theirs, pending, owned from account')
    expect(account).toMatchObject({ theirs: true, pending: false, owned: expect.stringContaining('"made":false') })
  })

  test('nothing is deleted where no time for it is set', async () => {
    await begin({ leaver: { deleteAfterMs: null } })
    await settle(row(1))
    await settle(row(1, left))
    await pass(3650 * day)
    expect(there()).toEqual(['closed', [], []])
  })

  test('who is only suspended, or locked by an operator, keeps everything', async () => {
    await settle(row(1))
    await settle(row(1, { status: 'suspended' }))
    await pass(3650 * day)
    expect(there()).toEqual(whole)
  })

  test('who is deleted is deleted once, though asked for again and again', async () => {
    await deleted()
    await settle(row(1, left))
    await resolveEveryone(bench.context, bench.brakes)
    await pass(30 * day)
    expect([there(), await removals()]).toEqual([null, 1])
  })

  test('the times count from the lock-out also where they are set only later, and all stages are due at once', async () => {
    await begin({ leaver: { removeAfterMs: 3650 * day, withdrawAfterMs: 3650 * day, deleteAfterMs: null } })
    await settle(row(1))
    await settle(row(1, left))
    await pass(40 * day)
    expect(there()).toEqual(whole)
    Object.assign(bench.context, { leaver })
    await resolveEveryone(bench.context, bench.brakes)
    await followCalendar(bench.context, bench.brakes)
    await bench.rest()
    expect(there()).toBeNull()
  })

  test('an account that was never made is never missed', async () => {
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'failure', kind: 'rejected' } : null)
    await settle(row(1))
    await settle(row(1, left))
    await pass(30 * day)
    expect([there(), bench.target.calls.filter(({ verb }) => verb === 'remove')]).toEqual([null, []])
  })
})

describe('who comes back', () => {
  test('before their cards went finds exactly what the lock-out closed', async () => {
    await settle(row(1))
    await issueCard(bench.context, await person(), h10301(7, 200), bench.operator, 'second card')
    await settle(row(1, left))
    await pass(7 * day - second)
    await settle(row(1))
    expect([user()?.lock, levels(), card(101), card(200)]).toEqual(['open', ['Lab', 'Main'], 'on', 'on'])
  })

  test('while the withdrawal waits in a plan keeps the cards that an operator issued', async () => {
    const none = { min: 0, percent: 0 }
    await begin({ source: { brakes: { ...bench.brakes, revoke: none } } })
    await settle(row(1))
    await issueCard(bench.context, await person(), h10301(7, 200), bench.operator, 'second card')
    await settle()
    await settle(row(1, left))
    await pass(30 * day)
    expect([await holds(), cards()]).toEqual([['revoke brake 1'], ['blocked', 'blocked']])
    await settle(row(1))
    await release()
    expect([user()?.lock, levels(), card(101), card(200)]).toEqual(['open', ['Lab', 'Main'], 'on', 'on'])
  })

  test('after it has only what the source still names; a card of an operator must be issued anew, a lost one stays lost', async () => {
    await settle(row(1))
    await issueCard(bench.context, await person(), h10301(7, 200), bench.operator, 'second card')
    await issueCard(bench.context, await person(), h10301(7, 201), bench.operator, 'third card')
    await loseCard(bench.context, { card: h10301(7, 201), person: await person() }, bench.operator, 'lost')
    await settle(row(1, left))
    await pass(14 * day)
    expect(there()).toEqual(['closed', [], []])
    await settle(row(1))
    expect([user()?.lock, card(101), card(200), card(201)]).toEqual(['open', 'on', undefined, 'blocked'])
    await issueCard(bench.context, await person(), h10301(7, 200), bench.operator, 'handed out again')
    await settle()
    expect([card(200), card(201)]).toEqual(['on', 'blocked'])
  })

  test('after the deletion gets a new account, once and by a plan, with the lock-outs of before', async () => {
    await begin({ source: { brakes: { ...bench.brakes, create: { min: 1, percent: 0 } } } })
    await deleted()
    await settle(row(1, { department: 'Sales' }))
    expect([[...bench.target.users.keys()], user()?.lock, levels(), card(101)]).toEqual([
      ['n1'],
      'open',
      ['Main'],
      'on',
    ])
    expect(opens(user(), bench.context.now())).toBe(true)
    expect(await lockouts()).toHaveLength(1)
    expect(await bench.rows('select 1 from account')).toHaveLength(1)
    const [made] = await bench.rows<{ counts: string }>(`select counts from plan order by created_at desc limit 1`)
    expect(JSON.parse(made?.counts ?? '')).toEqual([{ kind: 'create', target: 'doors', accounts: 1 }])
    await settle(row(1, left))
    expect(there()).toEqual(['closed', ['Main'], ['blocked']])
    await pass(30 * day)
    expect([there(), await removals()]).toEqual([null, 2])
  })

  test('waits for the brake of new accounts, and leaves again without having had one', async () => {
    const none = { min: 0, percent: 0 }
    await deleted()
    Object.assign(bench.source.brakes, { create: none })
    await settle(row(1))
    expect([there(), await holds()]).toEqual([null, ['create brake 1']])
    await settle(row(1, left))
    expect([there(), await holds()]).toEqual([null, []])
  })

  test('under another number gets another account, and the old one keeps being watched', async () => {
    await deleted()
    await settle(row(1, { number: 'n7' }))
    expect([...bench.target.users.keys()]).toEqual(['n7'])
    bench.target.users.set('n1', { ...stranger(), profile: { name: 'Person1 Test', department: 'Research' } })
    await settle(row(1, { number: 'n7', status: 'left' }))
    await sweep()
    expect([user()?.lock, bench.target.users.get('n7')?.lock]).toEqual(['closed', 'closed'])
    await settle(row(1))
    expect(bench.target.users.get('n7')?.lock).toBe('open')
  })

  test('under the number of an older account that was deleted gets that one again', async () => {
    await deleted()
    await settle(row(1, { number: 'n7' }))
    await settle(row(1, { number: 'n7', status: 'left' }))
    await pass(30 * day)
    await settle(row(1))
    expect([[...bench.target.users.keys()], user()?.lock]).toEqual([['n1'], 'open'])
    expect(await bench.rows('select 1 from account where is_primary')).toHaveLength(1)
  })

  test('while the deletion is not carried out yet finds the account open, whenever its late removal lands', async () => {
    await settle(row(1))
    await settle(row(1, left))
    await pass(29 * day)
    nextCalls(bench.target, 'remove', { is: 'unanswered', lands: 'late' })
    await bench.pass(day)
    await bench.followCalendar()
    await bench.work()
    await bench.deliver([row(1)])
    await bench.work()
    expect(bench.target.land()).toBe(1)
    await bench.rest()
    expect([user()?.lock, levels(), card(101)]).toEqual(['open', ['Lab', 'Main'], 'on'])
  })

  test('is not let in by an operator’s word alone once the account is gone', async () => {
    await deleted()
    const unlock = async () => unlockPerson(bench.context, await person(), bench.operator, 'was a mistake', 24)
    await expect(unlock()).rejects.toMatchObject({ code: 'person.deleted' })
    // A lock of an operator is lifted all the same, and opens nothing.
    await lockPerson(bench.context, await person(), bench.operator, 'to be sure')
    expect(await unlock()).toMatchObject({ lifted: true, heldOpenUntil: null })
    await settle()
    expect(there()).toBeNull()
  })
})

describe('a deletion', () => {
  const everybody = (more: Partial<HrRow> = {}) => Array.from({ length: 8 }, (_, who) => row(who, more))
  const few = { min: 5, percent: 0 }

  test('of many at once after a long stop waits for a release, and the rest of the stages does not', async () => {
    await begin({ source: { brakes: { ...bench.brakes, delete: few } } })
    await settle(...everybody(), row(9))
    await settle(...everybody(left), row(9))
    // Nobody is at home for a year.
    await bench.pass(365 * day)
    await settle()
    expect([bench.target.users.size, there(0), there(7)]).toEqual([9, ['closed', [], []], ['closed', [], []]])
    expect([await holds(), await bench.heldPlan('clock')]).toEqual([['delete brake 8'], expect.any(String)])
    await release()
    expect([[...bench.target.users.keys()], await removals()]).toEqual([['n9'], 8])
  })

  test('waits until what is still held back of cards and levels is off', async () => {
    const none = { min: 0, percent: 0 }
    await begin({ source: { brakes: { ...bench.brakes, revoke: none } } })
    await settle(row(1))
    await settle(row(1, left))
    await pass(365 * day)
    expect([there(), await holds()]).toEqual([whole, ['revoke brake 1']])
    await release()
    expect(there()).toBeNull()
  })

  test('of somebody who was released for it, and came back meanwhile, is dropped', async () => {
    await begin({ source: { brakes: { ...bench.brakes, delete: { min: 0, percent: 0 } } } })
    await settle(row(1))
    await settle(row(1, left))
    await pass(30 * day)
    expect(await holds()).toEqual(['delete brake 1'])
    const plan = (await bench.heldPlan('clock')) as PlanId
    await bench.deliver([row(1)])
    expect(await bench.release(plan)).toEqual({ applied: 0, dropped: 1 })
    await bench.rest()
    expect(user()?.lock).toBe('open')
  })

  test('of a protected person waits for a release by name, like each stage before', async () => {
    await settle(row(1))
    await bench.protect(await person())
    await settle(row(1, left))
    await release()
    expect(there()).toEqual(whole)
    await pass(30 * day)
    expect([there(), await holds()]).toEqual([whole, ['revoke protected 1']])
    await release()
    expect([there(), await holds()]).toEqual([['closed', [], []], ['delete protected 1']])
    await release()
    expect(there()).toBeNull()
  })

  test('waits while everything is frozen, and while the target is only observed', async () => {
    await settle(row(1))
    await settle(row(1, left))
    await freezeByHand(bench.context, null, bench.operator, 'no')
    await pass(30 * day)
    expect(there()).toEqual(whole)
    await unfreezeByHand(bench.context, null, bench.operator, 'yes')
    await observeTarget(bench.context, 'doors', bench.operator, 'no')
    await settle()
    expect(there()).toEqual(whole)
  })

  test('is not made of whom nobody can tell any more whether they left', async () => {
    await begin({ source: { brakes: { ...bench.brakes, delete: { min: 0, percent: 0 } } } })
    await settle(row(1))
    await settle(row(1, left))
    await pass(30 * day)
    expect(await holds()).toEqual(['delete brake 1'])
    await settle(row(1, { end: 'hidden' }))
    await release()
    expect([await holds(), there()]).toEqual([[], ['closed', [], []]])
  })

  test('never reaches an account of that id that somebody else made', async () => {
    bench.target.users.set('n1', stranger())
    await settle(row(1))
    await settle(row(1, left))
    await pass(30 * day)
    expect(user()).toMatchObject({ lock: 'open', profile: { name: 'Somebody Else' } })
    expect(bench.target.calls.filter(({ verb }) => verb === 'remove')).toEqual([])
  })

  test('reaches accounts that were taken over, also what somebody had beside their main one', async () => {
    await begin({ enabled: false })
    await bench.deliver([row(1, { department: 'Sales' })])
    bench.target.users.set(
      'n1',
      existing({ name: 'Person1 Test', department: 'Sales', levels: ['Main'], cards: [101] }),
    )
    bench.target.users.set('old', existing({ name: 'Person1 Test', levels: ['Vault'], cards: [900] }))
    bench.target.users.set('x9', existing({ name: 'No One' }))
    await match(bench)
    await adoptMatches(bench.context, 'doors', bench.operator, 'looked through', bench.brakes)
    await linkByHand(bench.context, 'doors', 'old', await person(), bench.operator, 'contractor before', bench.brakes)
    await enableTarget(bench.context, 'doors', bench.operator, 'matched')
    await release()
    await settle(row(1, { department: 'Sales', status: 'left' }))
    await release()
    expect([user()?.lock, bench.target.users.get('old')?.lock]).toEqual(['closed', 'closed'])
    await pass(14 * day)
    // It was the same as wanted until now, so this is the first plan of the target.
    await release()
    // What was never ours stays on it, shut, as long as it is there.
    expect([...(bench.target.users.get('old')?.levels ?? [])]).toEqual(['id of Vault'])
    await pass(16 * day)
    expect([...bench.target.users.keys()]).toEqual(['x9'])
    await settle(row(1, { department: 'Sales' }))
    expect([...bench.target.users.keys()].sort()).toEqual(['n1', 'x9'])
  })

  test('waits as long as rules of the target itself give the account something, which stays shut', async () => {
    await settle(row(1))
    user()?.inherited.add('id of Vault')
    await settle(row(1, left))
    await bench.pass(30 * day)
    await bench.followCalendar()
    await bench.work()
    expect([there(), await failures()]).toEqual([
      ['closed', [], []],
      [JSON.stringify({ account: { kind: 'rejected', code: 'account.kept-by-rule' } })],
    ])
    user()?.inherited.clear()
    await bench.pass(hour)
    await bench.rest()
    expect([there(), await failures()]).toEqual([null, [null]])
  })

  test('of an account that was opened meanwhile is its lock-out first, timed and told', async () => {
    await settle(row(1))
    await settle(row(1, left))
    await pass(29 * day)
    const found = user()
    if (found !== undefined) found.lock = 'open'
    nextCalls(bench.target, 'remove', { is: 'failure', kind: 'transient' })
    await bench.pass(day)
    await bench.followCalendar()
    await bench.work()
    expect([found?.lock, await bench.alarms()]).toEqual(['closed', ['lockout.undone']])
    await bench.rest()
    expect([there(), await lockouts()]).toEqual([
      null,
      [
        { cause: 'record', proven: true },
        { cause: 'undone', proven: true },
      ],
    ])
  })

  test('that the target refuses is noted, and tried again', async () => {
    await settle(row(1))
    await settle(row(1, left))
    await pass(29 * day)
    bench.target.fault = ({ verb }) => (verb === 'remove' ? { is: 'failure', kind: 'rejected' } : null)
    await bench.pass(day)
    await bench.followCalendar()
    await bench.work()
    expect([there(), await failures()]).toEqual([
      ['closed', [], []],
      [JSON.stringify({ account: { kind: 'rejected', code: 'memory.rejected' } })],
    ])
    bench.target.fault = () => null
    await bench.rest()
    expect(there()).toBeNull()
  })

  test('leaves alone who may not be touched, and says so', async () => {
    await settle(row(1))
    await settle(row(1, left))
    await pass(29 * day)
    const found = user()
    if (found !== undefined) found.untouchable = true
    await pass(day)
    expect([there(), bench.target.calls.filter(({ verb }) => verb === 'remove')]).toEqual([['closed', [], []], []])
    const [entry] = await bench.rows<{ details: string }>(
      `select 1 from audit_pending where action = 'account.removed'`,
    )
    expect(entry).toBeDefined()
  })

  test('is no sign that the target forgot, however many there are', async () => {
    await settle(...everybody(), row(9))
    await settle(...everybody(left), row(9))
    await pass(30 * day)
    await sweep()
    await pass(day)
    await sweep()
    expect([bench.target.users.size, await bench.alarms()]).toEqual([1, []])
  })

  test('is undone by no backup of the target: what comes back is shut at once, and stays so', async () => {
    await settle(row(1), row(2))
    await settle(row(1, left), row(2))
    const backup = structuredClone(user())
    await pass(30 * day)
    if (backup !== undefined) bench.target.users.set('n1', { ...backup, lock: 'open' })
    await sweep()
    expect([user()?.lock, await lockouts()]).toEqual([
      'closed',
      [
        { cause: 'record', proven: true },
        { cause: 'undone', proven: true },
      ],
    ])
    expect(await bench.alarms()).toEqual(['lockout.undone'])
    await sweep()
    expect([user()?.lock, (await lockouts()).length, await bench.alarms()]).toEqual(['closed', 2, []])
  })

  test('gives the id away: whoever bears it next at the target is left alone', async () => {
    await deleted()
    bench.target.users.set('n1', stranger())
    await sweep()
    await sweep()
    expect([user()?.lock, await lockouts(), await bench.alarms()]).toEqual([
      'open',
      [{ cause: 'record', proven: true }],
      [],
    ])
  })

  test('does not keep its person from being erased', async () => {
    await deleted(row(2))
    await erasePerson(bench.context, await person(), bench.operator, 'asked for')
    for (let round = 0; round < 3; round++) {
      await continueErasures(bench.context)
      await bench.rest()
    }
    expect(await bench.rows('select 1 from person')).toHaveLength(1)
    expect(await bench.rows('select outcome from erasure_account')).toEqual([{ outcome: 'removed' }])
  })
})
