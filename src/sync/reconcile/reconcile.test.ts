import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../../test/support/servers.ts'
import { cardKey, h10301 } from '../../model/card.ts'
import { mortal } from '../crash.fixture.ts'
import { type Bench, day, type Engine, minute, second, startEngine } from '../engine.fixture.ts'
import type { HrRow } from '../hr-file.fixture.ts'
import { nextCalls, type TargetUser } from '../memory-target.fixture.ts'
import { lockPerson, unlockPerson } from '../operator.ts'
import { startTargetWorker } from './worker.ts'

let engine: Engine
let bench: Bench
beforeAll(async () => {
  engine = await startEngine()
}, 60_000)
afterAll(() => engine[Symbol.asyncDispose]())
beforeEach(async () => {
  bench = await engine.begin()
})

const row = (who: number, more: Partial<HrRow> = {}): HrRow => ({
  id: `${who}`,
  number: `n${who}`,
  given: `Person${who}`,
  family: 'Test',
  department: 'Research',
  card: `10${who}`,
  ...more,
})
const user = (who = 1) => bench.target.users.get(`n${who}`)
const levels = (who = 1) => [...(user(who)?.levels ?? [])].map((id) => id.replace('id of ', '')).sort()
const cardOf = (who = 1) => user(who)?.cards.get(cardKey(h10301(7, 100 + who)))
const settled = async (...rows: HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
const account = async () => {
  const [found] = await bench.rows<{
    failures: string | null
    applied_version: number
    desired_version: number
    frozen_at: Date | null
  }>('select failures, applied_version, desired_version, frozen_at from account')
  return { ...found, failures: JSON.parse(found?.failures ?? 'null') as unknown }
}
const work = () =>
  bench.rows<{ lane: string; attempts: number; dead: boolean; verify: boolean }>(
    'select lane, attempts, dead_at is not null as dead, verify_at is not null as verify from account_work',
  )
const lockouts = () =>
  bench.rows<{ cause: string; proven: boolean; proof: string | null; ended: boolean }>(
    'select cause, proven_at is not null as proven, proof, ended_at is not null as ended from lockout order by decided_at, version',
  )
const worker = () => startTargetWorker(bench.context, bench.setup, () => 'read-back')
const stranger = (): TargetUser => ({
  lock: 'open',
  validity: { from: null, until: null },
  profile: { name: 'Somebody Else', department: '' },
  cards: new Map(),
  levels: new Set(['id of Vault']),
  inherited: new Set(),
  untouchable: false,
})

describe('one account, part by part', () => {
  test('a joiner gets account, card and levels, and what is as desired is not written again', async () => {
    await settled(row(1))
    expect(user()).toMatchObject({ lock: 'open', profile: { name: 'Person1 Test', department: 'Research' } })
    expect([levels(), cardOf()?.state]).toEqual([['Lab', 'Main'], 'on'])
    expect(await work()).toEqual([])
    bench.target.calls.length = 0
    await bench.rows(`insert into account_work (account_id, target, lane) select id, target, 'bulk' from account`)
    await bench.rest()
    expect(bench.target.calls.map(({ verb }) => verb)).toEqual(['read'])
  })

  test('a name that the target refuses keeps neither card nor level out', async () => {
    await settled(row(1))
    nextCalls(bench.target, 'put', { is: 'parts', parts: ['profile'], kind: 'rejected' })
    await settled(row(1, { family: 'Refused', department: 'Sales', card: '300' }))
    expect(user()?.profile.name).toBe('Person1 Test')
    expect(levels()).toEqual(['Main'])
    expect(user()?.cards.has(cardKey(h10301(7, 300)))).toBe(true)
    expect(await account()).toMatchObject({
      failures: { profile: { kind: 'rejected', code: 'memory.profile-refused' } },
      applied_version: 2,
    })
    expect(await work()).toEqual([])
  })

  test('an account that can not be made at all is a dead letter, until something else is desired', async () => {
    nextCalls(bench.target, 'put', { is: 'parts', parts: ['profile'], kind: 'rejected' })
    await settled(row(1))
    expect(user()).toBeUndefined()
    expect(await work()).toMatchObject([{ dead: true }])
    expect(await account()).toMatchObject({ applied_version: 0 })
    expect(await bench.rows(`select 1 from audit_pending where action = 'account.dead'`)).toHaveLength(1)
    await settled(row(1, { family: 'Better' }))
    expect(user()?.profile.name).toBe('Person1 Better')
    expect(await work()).toEqual([])
  })

  test('a part that the target can not write just now is tried for as long as that lasts', async () => {
    await settled(row(1, { card: '' }))
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'parts', parts: ['card'], kind: 'transient' } : null)
    await bench.deliver([row(1)])
    for (let i = 0; i < 20; i++) {
      await bench.work()
      await bench.pass(minute + 15 * second)
    }
    expect(await account()).toMatchObject({ failures: { card: { kind: 'transient', code: 'memory.card-refused' } } })
    bench.target.fault = () => null
    await bench.rest()
    expect([cardOf()?.state, (await account()).failures, await work()]).toEqual(['on', null, []])
  })

  test('a part that the target accepts and does not keep is left to a person after some tries', async () => {
    await settled(row(1))
    const { put } = { put: bench.target.connection.accounts.apply.bind(bench.target.connection.accounts) }
    bench.target.connection.accounts.apply = async (change, signal) => {
      const applied = await put(change, signal)
      user()?.levels.delete('id of Main')
      return applied
    }
    user()?.levels.clear()
    await settled(row(1, { family: 'Other' }))
    expect(await account()).toMatchObject({
      failures: { 'level:id of Main': { kind: 'transient', code: 'engine.not-kept' } },
    })
    expect([levels(), await work()]).toEqual([['Lab'], []])
  })

  test('a level that reaches the person by another way is not granted once more', async () => {
    await settled(row(1, { department: 'Sales' }))
    user()?.inherited.add('id of Lab')
    await settled(row(1))
    expect(levels()).toEqual(['Main'])
    expect((await account()).failures).toBeNull()
  })

  test('a start that lies in the past on both sides is the same start', async () => {
    await settled(row(1, { start: '2026-01-01' }))
    ;(user() as TargetUser).validity = { from: null, until: null }
    bench.target.calls.length = 0
    await bench.rows(`insert into account_work (account_id, target, lane) select id, target, 'bulk' from account`)
    await bench.rest()
    expect(bench.target.calls.map(({ verb }) => verb)).toEqual(['read'])
  })
})

describe('what is not ours', () => {
  test('a grant made by hand stays when rights change, and when everything else is taken away', async () => {
    await settled(row(1))
    user()?.levels.add('id of Vault')
    await settled(row(1, { department: 'Sales' }))
    expect(levels()).toEqual(['Main', 'Vault'])
    await settled(row(1, { department: 'Sales', status: 'left' }))
    await bench.pass(8 * day)
    await bench.followCalendar()
    await bench.rest()
    expect(levels()).toEqual(['Vault'])
  })

  test('a level that somebody gave by hand before the rules did is never taken away by them', async () => {
    await settled(row(1, { department: 'Sales' }))
    user()?.levels.add('id of Lab')
    await settled(row(1))
    await settled(row(1, { department: 'Sales' }))
    expect(levels()).toEqual(['Lab', 'Main'])
  })

  test('a block made by hand stays, on the account and on the card, through a lock-out and back', async () => {
    await settled(row(1), row(2))
    ;(user(1) as TargetUser).lock = 'closed'
    ;(cardOf(2) as { state: string }).state = 'blocked'
    await settled(row(1, { family: 'Other' }), row(2, { family: 'Other' }))
    expect([user(1)?.lock, cardOf(2)?.state]).toEqual(['closed', 'blocked'])
    await settled(row(1, { status: 'suspended' }), row(2, { status: 'suspended' }))
    await settled(row(1, { family: 'Other' }), row(2, { family: 'Other' }))
    expect([user(1)?.lock, cardOf(1)?.state]).toEqual(['closed', 'on'])
    expect([user(2)?.lock, cardOf(2)?.state]).toEqual(['open', 'blocked'])
  })

  test("a stranger's account of that id is never adopted, changed or counted as ours", async () => {
    bench.target.users.set('n1', stranger())
    await settled(row(1))
    expect(user()).toEqual(stranger())
    expect(await work()).toMatchObject([{ dead: true }])
    expect((await account()).failures).toMatchObject({ account: { kind: 'conflict' } })
    await settled(row(1, { family: 'Other' }))
    expect(user()).toEqual(stranger())
    expect((await account()).failures).toMatchObject({ account: { kind: 'conflict' } })
  })

  test('nor when a run that was killed left open whether we had made one', async () => {
    await bench.deliver([row(1)])
    await bench.work(mortal(bench.context, bench.setup, 4)).catch(() => undefined)
    bench.target.users.set('n1', stranger())
    await bench.rest()
    expect(user()).toEqual(stranger())
    expect((await account()).failures).toEqual({ account: { kind: 'conflict', code: 'account.held-by-stranger' } })
  })

  test("a stranger's account is not shut out when the person whose id it bears leaves", async () => {
    bench.target.users.set('n1', stranger())
    await settled(row(1))
    await settled(row(1, { status: 'left' }))
    expect(user()).toEqual(stranger())
    expect([await lockouts(), await work()]).toMatchObject([[{ proven: true }], []])
  })

  test('an account made by hand for the very person is: it is their way in', async () => {
    bench.target.users.set('n1', { ...stranger(), profile: { name: 'Person1 Test', department: 'Research' } })
    await settled(row(1))
    await settled(row(1, { status: 'left' }))
    expect([user()?.lock, levels()]).toEqual(['closed', ['Vault']])
  })

  test('operators and service accounts are never touched', async () => {
    await settled(row(1))
    ;(user() as TargetUser).untouchable = true
    const before = structuredClone(user()?.profile)
    await settled(row(1, { family: 'Other' }))
    expect(user()?.profile).toEqual(before)
    expect((await account()).failures).toEqual({ account: { kind: 'rejected', code: 'account.untouchable' } })
  })

  test('a new account whose card alone is taken is ours, and gets the card when it is free', async () => {
    const other = stranger()
    other.cards.set(cardKey(h10301(7, 101)), { card: h10301(7, 101), state: 'on' })
    bench.target.users.set('x', other)
    await bench.deliver([row(1)])
    await bench.rest()
    expect([levels(), cardOf()]).toEqual([['Lab', 'Main'], undefined])
    expect((await account()).failures).toEqual({ card: { kind: 'conflict', code: 'memory.card-taken' } })
    other.cards.clear()
    await bench.rest()
    expect([cardOf()?.state, (await account()).failures, await work()]).toEqual(['on', null, []])
    await settled(row(1, { department: 'Sales' }))
    expect(levels()).toEqual(['Main'])
  })
})

describe('a write whose answer never came', () => {
  test.each(['at-once', 'late', 'never'] as const)(
    'and that lands %s: in the end the account is as desired',
    async (lands) => {
      await settled(row(1, { department: 'Sales' }))
      nextCalls(bench.target, 'put', { is: 'unanswered', lands })
      await bench.deliver([row(1, { family: 'Other' })])
      await bench.work()
      expect(await work()).toMatchObject([{ verify: true }])
      await bench.pass(second)
      await bench.work()
      bench.target.land()
      await bench.rest()
      expect([user()?.profile.name, levels(), await work()]).toEqual(['Person1 Other', ['Lab', 'Main'], []])
      // And what it wrote is ours to take away again.
      await settled(row(1, { family: 'Other', department: 'Sales' }))
      expect(levels()).toEqual(['Main'])
    },
  )

  test('our own account is known again though its profile is to be another by now', async () => {
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'at-once' })
    await bench.deliver([row(1)])
    await bench.work()
    await settled(row(1, { family: 'Other', department: 'Sales' }))
    expect([user()?.profile.name, levels()]).toEqual(['Person1 Other', ['Main']])
  })

  test('that lands after a lock-out was proven takes the proof back, and the account is shut again', async () => {
    await settled(row(1, { department: 'Sales' }))
    await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'seen')
    await bench.rest()
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'late' })
    await unlockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'seen', 1)
    await bench.work()
    await bench.deliver([row(1, { status: 'left' })])
    await bench.work()
    expect([user()?.lock, (await lockouts()).at(-1)]).toMatchObject(['closed', { proven: true }])
    bench.target.land()
    expect(user()?.lock).toBe('open')
    await bench.rest()
    expect([user()?.lock, (await lockouts()).at(-1), await work()]).toMatchObject(['closed', { proven: true }, []])
  })
})

describe('a lock-out', () => {
  test('sends lock fields only, and is proven by a read of its own', async () => {
    await settled(row(1))
    bench.target.calls.length = 0
    await settled(row(1, { status: 'left', family: 'Other' }))
    expect(bench.target.calls.map(({ verb }) => verb)).toEqual(['lock', 'read'])
    expect(user()).toMatchObject({ lock: 'closed', profile: { name: 'Person1 Test' } })
    expect([cardOf()?.state, levels()]).toEqual(['blocked', ['Lab', 'Main']])
    expect(await lockouts()).toEqual([{ cause: 'record', proven: true, proof: 'read-back', ended: false }])
  })

  test('of an account that the target does not know is proven: nobody gets in with it', async () => {
    await settled(row(1))
    bench.target.users.clear()
    await settled(row(1, { status: 'left' }))
    expect(await lockouts()).toMatchObject([{ proven: true }])
  })

  test.each(['lock', 'card'] as const)(
    'is not proven while the %s stays open, is tried on and on, and never given up',
    async (part) => {
      await settled(row(1))
      bench.target.fault = ({ verb }) => (verb === 'lock' ? { is: 'parts', parts: [part], kind: 'rejected' } : null)
      await bench.deliver([row(1, { status: 'left' })])
      for (let i = 0; i < 10; i++) {
        await bench.work()
        await bench.pass(2 * second)
      }
      expect(await lockouts()).toMatchObject([{ proven: false }])
      expect(await work()).toMatchObject([{ lane: 'urgent', dead: false }])
      bench.target.fault = () => null
      await bench.rest()
      expect([await lockouts(), await work()]).toMatchObject([[{ proven: true }], []])
    },
  )

  test('accepted by the target but not to be seen in the read is not proven', async () => {
    await settled(row(1))
    const apply = bench.target.connection.accounts.apply.bind(bench.target.connection.accounts)
    bench.target.connection.accounts.apply = async () => ({ parts: [{ part: { kind: 'lock' }, outcome: 'applied' }] })
    await bench.deliver([row(1, { status: 'left' })])
    await bench.work()
    expect(await lockouts()).toMatchObject([{ proven: false }])
    expect((await account()).failures).toEqual({ lock: { kind: 'transient', code: 'engine.not-shut' } })
    bench.target.connection.accounts.apply = apply
    await bench.rest()
    expect(await lockouts()).toMatchObject([{ proven: true }])
  })

  test('runs whatever else failed on that account', async () => {
    await settled(row(1))
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'failure', kind: 'rejected' } : null)
    await settled(row(1, { family: 'Refused' }))
    expect(await work()).toMatchObject([{ dead: true }])
    await settled(row(1, { family: 'Refused', status: 'left' }))
    expect([user()?.lock, await lockouts()]).toMatchObject(['closed', [{ proven: true }]])
  })

  test('overtakes a put that is running, and what that put may still do is looked at again', async () => {
    await settled(row(1, { department: 'Sales' }))
    nextCalls(bench.target, 'put', { is: 'hanging', lands: 'late' })
    await bench.deliver([row(1)])
    const busy = worker()
    const bulk = busy.pump('bulk')
    await until('the put hangs', () => bench.target.calls.at(-1)?.verb === 'put')
    await bench.deliver([row(1, { status: 'left' })])
    await busy.pump('urgent')
    expect([user()?.lock, await lockouts()]).toMatchObject(['closed', [{ proven: true }]])
    await bulk
    await busy.stop(second)
    expect(await work()).toMatchObject([{ verify: true }])
    bench.target.land()
    await bench.rest()
    expect([user()?.lock, await work()]).toEqual(['closed', []])
  })

  test('overtakes accounts that wait their turn in a batch', async () => {
    await settled(...Array.from({ length: 12 }, (_, i) => row(i)))
    bench.target.calls.length = 0
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'hanging', lands: 'never' } : null)
    const moved = (more: Partial<HrRow> = {}) =>
      Array.from({ length: 12 }, (_, i) => row(i, { family: 'Other', ...(i === 11 ? more : {}) }))
    await bench.deliver(moved())
    const busy = worker()
    void busy.pump('bulk')
    await until('puts hang', () => bench.target.calls.filter(({ verb }) => verb === 'put').length >= 8)
    await bench.deliver(moved({ status: 'left' }))
    await busy.pump('urgent')
    expect([user(11)?.lock, await lockouts()]).toMatchObject(['closed', [{ proven: true }]])
    bench.target.fault = () => null
    await busy.stop(0)
    await bench.rest()
    expect(user(0)?.profile.name).toBe('Person0 Other')
  })

  test('that a person took back before it was proven is no longer pursued', async () => {
    await settled(row(1))
    await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'seen')
    await unlockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'seen', 1)
    await bench.rest()
    expect([user()?.lock, await lockouts()]).toMatchObject(['open', [{ proven: false, ended: true }]])
  })

  test('that HR took back before it was proven is no longer pursued either', async () => {
    await settled(row(1))
    await bench.deliver([row(1, { status: 'left' })])
    await bench.deliver([row(1)])
    await bench.rest()
    expect([user()?.lock, await lockouts(), await work()]).toMatchObject(['open', [{ proven: false, ended: true }], []])
  })
})

describe('a target that fails as a whole', () => {
  const standing = () =>
    bench.rows<{ paused: string | null; resting: boolean; open: boolean }>(
      'select pause_code as paused, coalesce(rest_until > now(), false) as resting, coalesce(breaker_until > now(), false) as open from target',
    )

  test('and asks us to wait is left alone by bulk work until then; a lock-out tries once', async () => {
    await settled(row(1), row(2))
    nextCalls(bench.target, 'read', { is: 'failure', kind: 'throttled', retryAfterMs: 30_000 })
    await bench.deliver([row(1, { family: 'Other' }), row(2)])
    await bench.work()
    expect(await standing()).toEqual([{ paused: null, resting: true, open: false }])
    bench.target.calls.length = 0
    await bench.deliver([row(1, { family: 'Other' }), row(2, { status: 'left' })])
    const urgent = worker()
    await urgent.pump('bulk')
    expect(bench.target.calls).toEqual([])
    await urgent.pump('urgent')
    expect(user(2)?.lock).toBe('closed')
    await urgent.stop(second)
    await bench.rest()
    expect(user(1)?.profile.name).toBe('Person1 Other')
  })

  test('throttled without a time rests a second, also when it is the lock-out that is throttled', async () => {
    await settled(row(1))
    nextCalls(bench.target, 'lock', { is: 'failure', kind: 'throttled' })
    await bench.deliver([row(1, { status: 'left' })])
    await bench.work()
    expect(await standing()).toMatchObject([{ resting: true }])
    await bench.rest()
    expect(await lockouts()).toMatchObject([{ proven: true }])
  })

  test('and refuses our login is paused for everything, alarmed, until a person resumes it', async () => {
    await settled(row(1))
    nextCalls(bench.target, 'lock', { is: 'failure', kind: 'unauthenticated' })
    await bench.deliver([row(1, { status: 'left' })])
    await bench.rest()
    expect(await standing()).toMatchObject([{ paused: 'memory.unauthenticated' }])
    expect(await bench.alarms()).toContain('target.paused')
    bench.target.calls.length = 0
    await bench.pass(minute)
    const paused = worker()
    await paused.pump('urgent')
    await paused.stop(second)
    expect(bench.target.calls).toEqual([])
    await bench.rows('update target set paused_at = null, pause_code = null')
    await bench.rest()
    expect(user()?.lock).toBe('closed')
  })

  test('opens its breaker after some failures in a row; then lock-outs probe, and the first success closes it', async () => {
    await settled(row(1), row(2))
    bench.target.fault = () => ({ is: 'failure', kind: 'transient' })
    await bench.deliver([row(1, { family: 'Other' }), row(2, { family: 'Other' })])
    for (let i = 0; i < 4; i++) {
      await bench.work()
      await bench.pass(20 * second)
    }
    await bench.work()
    expect(await standing()).toMatchObject([{ open: true }])
    bench.target.fault = () => null
    await bench.rest()
    expect(await standing()).toMatchObject([{ open: false }])
    expect([user(1)?.profile.name, user(2)?.profile.name]).toEqual(['Person1 Other', 'Person2 Other'])
  })

  test('for a whole day: nothing is lost and nothing is done twice', async () => {
    await settled(row(1))
    bench.target.fault = () => ({ is: 'failure', kind: 'transient' })
    await bench.deliver([row(1, { status: 'left' }), row(2)])
    for (let i = 0; i < 24; i++) {
      await bench.work()
      await bench.pass(60 * minute)
    }
    bench.target.fault = () => null
    await bench.rest()
    expect([user(1)?.lock, user(2)?.lock, await work()]).toEqual(['closed', 'open', []])
    expect(bench.target.users.size).toBe(2)
  })

  test.each([
    ['conflict', 'memory.conflict'],
    ['rejected', 'memory.rejected'],
  ] as const)('a call that ends in %s again and again is a dead letter in the end', async (kind, code) => {
    await settled(row(1))
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'failure', kind } : null)
    await settled(row(1, { family: 'Other' }))
    expect(await work()).toMatchObject([{ dead: true }])
    expect((await account()).failures).toEqual({ account: { kind, code } })
  })

  test('a bug of the connector is told by its class, counts as unknown and is tried again', async () => {
    await settled(row(1))
    nextCalls(bench.target, 'put', { is: 'bug' })
    await settled(row(1, { family: 'Other' }))
    expect(bench.logged).toContainEqual({ event: 'engine.unexpected', fields: { target: 'doors', code: 'TypeError' } })
    expect([user()?.profile.name, await work()]).toEqual(['Person1 Other', []])
  })
})

describe('leases', () => {
  test('a worker that dies at whatever step is followed by another, and the account ends as desired', async () => {
    for (let steps = 1; ; steps++) {
      bench = await engine.begin()
      await settled(row(1))
      await bench.deliver([row(1, { family: 'Other', department: 'Sales' })])
      const dying = mortal(bench.context, bench.setup, steps)
      await bench.work(dying).catch(() => undefined)
      await bench.rest()
      expect([user()?.profile.name, levels(), await work()], `after ${steps} steps`).toEqual([
        'Person1 Other',
        ['Main'],
        [],
      ])
      if (!dying.dead()) return
    }
  })

  test('a worker whose lease ran out and was taken over writes nothing into the store', async () => {
    await settled(row(1))
    nextCalls(bench.target, 'put', { is: 'meanwhile', run: takeOver })
    async function takeOver() {
      await bench.pass(5 * second)
      await bench.work()
    }
    await bench.deliver([row(1, { family: 'Other' })])
    const slow = worker()
    await slow.pump('bulk')
    await slow.stop(second)
    await bench.rest()
    expect([user()?.profile.name, (await account()).applied_version, await work()]).toEqual(['Person1 Other', 2, []])
  })

  test('are renewed while a run takes long, so that nobody takes the account over', async () => {
    await settled(row(1))
    nextCalls(bench.target, 'put', { is: 'meanwhile', run: () => sleep(2_000) })
    await bench.deliver([row(1, { family: 'Other' })])
    const slow = worker()
    const done = slow.pump('bulk')
    await until(
      'the lease is there',
      async () => (await bench.rows('select 1 from account_work where lease_until is not null')).length === 1,
    )
    const [before] = await bench.rows<{ at: Date }>('select lease_until as at from account_work')
    await until('it is renewed', async () => {
      const [now] = await bench.rows<{ at: Date }>('select lease_until as at from account_work')
      return (now?.at ?? 0) > (before?.at ?? 0)
    })
    await done
    await slow.stop(second)
    expect(user()?.profile.name).toBe('Person1 Other')
  })

  test('a stop lets running accounts finish and gives the rest back at once', async () => {
    await settled(...Array.from({ length: 12 }, (_, i) => row(i)))
    bench.target.calls.length = 0
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'meanwhile', run: () => gate } : null)
    await bench.deliver(Array.from({ length: 12 }, (_, i) => row(i, { family: 'Other' })))
    const busy = worker()
    const pump = busy.pump('bulk')
    await until('eight run', () => bench.target.calls.filter(({ verb }) => verb === 'put').length === 8)
    const stop = busy.stop(5 * second)
    go()
    await Promise.all([stop, pump])
    expect(await bench.rows('select 1 from account_work where lease_owner is not null')).toEqual([])
    expect(await bench.rows('select 1 from account_work')).toHaveLength(4)
    bench.target.fault = () => null
    await bench.rest()
    expect([...bench.target.users.values()].filter(({ profile }) => profile.name?.endsWith('Other'))).toHaveLength(12)
  })

  test('a stop that a hanging target would keep waiting cuts it off, and its work is looked at again', async () => {
    await settled(row(1))
    nextCalls(bench.target, 'put', { is: 'hanging', lands: 'late' })
    await bench.deliver([row(1, { family: 'Other' })])
    const busy = worker()
    const pump = busy.pump('bulk')
    await until('the put hangs', () => bench.target.calls.at(-1)?.verb === 'put')
    await busy.stop(50)
    await pump
    expect(await work()).toMatchObject([{ verify: true }])
    bench.target.land()
    await bench.rest()
    expect([user()?.profile.name, await work()]).toEqual(['Person1 Other', []])
  })

  test('work that went missing from the list is put back, a lock-out in its lane', async () => {
    await settled(row(1), row(2))
    await bench.deliver([row(1, { family: 'Other' }), row(2, { status: 'left' })])
    await bench.rows('delete from account_work')
    await bench.rest()
    expect([user(1)?.profile.name, user(2)?.lock]).toEqual(['Person1 Other', 'closed'])
    expect(bench.logged).toContainEqual({ event: 'work.restored', fields: { count: 2 } })
  })

  test('nothing is written to a target that is only observed', async () => {
    await bench.deliver([row(1)])
    const observing = startTargetWorker(bench.context, { ...bench.setup, enabled: false }, () => 'read-back')
    await observing.pump('bulk')
    await observing.stop(second)
    expect(bench.target.calls).toEqual([])
  })
})
