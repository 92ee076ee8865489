import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import { mortal } from '../fixtures/crash.fixture.ts'
import { type Bench, day, minute, second, useEngine } from '../fixtures/engine.fixture.ts'
import { nextCalls, type TargetUser } from '../fixtures/memory-target.fixture.ts'
import { lockPerson, unlockPerson } from '../operator.ts'
import { row, Site, stranger } from './site.fixture.ts'

const engine = useEngine()
let bench: Bench
let site: Site
beforeEach(async () => {
  bench = await engine.begin()
  site = new Site(bench)
})

describe('one account, part by part', () => {
  test('a joiner gets account, card and levels, and what is as desired is not written again', async () => {
    await site.settle(row(1))
    expect(site.user()).toMatchObject({ lock: 'open', profile: { name: 'Person1 Test', department: 'Research' } })
    expect([site.levels(), site.card()?.state]).toEqual([['Lab', 'Main'], 'on'])
    expect(await site.work()).toEqual([])
    bench.target.calls.length = 0
    await bench.rows(`insert into account_work (account_id, target, lane) select id, target, 'bulk' from account`)
    await bench.rest()
    expect(bench.target.calls.map(({ verb }) => verb)).toEqual(['read'])
  })

  test('a name that the target refuses keeps neither card nor level out', async () => {
    await site.settle(row(1))
    nextCalls(bench.target, 'put', { is: 'parts', parts: ['profile'], kind: 'rejected' })
    await site.settle(row(1, { family: 'Refused', department: 'Sales', card: '300' }))
    expect(site.user()?.profile.name).toBe('Person1 Test')
    expect(site.levels()).toEqual(['Main'])
    expect(site.user()?.cards.has(cardKey(h10301(7, 300)))).toBe(true)
    expect(await site.account()).toMatchObject({
      failures: { profile: { kind: 'rejected', code: 'memory.profile-refused' } },
      applied: 2,
    })
    expect(await site.work()).toEqual([])
  })

  test('an account that can not be made at all is a dead letter, until something else is desired', async () => {
    nextCalls(bench.target, 'put', { is: 'parts', parts: ['profile'], kind: 'rejected' })
    await site.settle(row(1))
    expect(site.user()).toBeUndefined()
    expect(await site.work()).toMatchObject([{ dead: true }])
    expect(await site.account()).toMatchObject({ applied: 0 })
    expect(await bench.rows(`select 1 from audit_pending where action = 'account.dead'`)).toHaveLength(1)
    await site.settle(row(1, { family: 'Better' }))
    expect(site.user()?.profile.name).toBe('Person1 Better')
    expect(await site.work()).toEqual([])
  })

  test('what a process that died may have written is looked at in its time, though what is in the way is tried seldom', async () => {
    await site.settle(row(1))
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'parts', parts: ['card'], kind: 'conflict' } : null)
    await bench.deliver([row(1, { card: '300' })])
    for (let tries = 0; tries < 8; tries += 1) {
      await bench.work()
      await bench.pass(minute)
    }
    await bench.rows(
      `update account_work set lease_owner = gen_random_uuid(), lease_until = now() - interval '1 s', due_at = now()`,
    )
    await bench.work()
    const inDoubt = () => bench.rows('select 1 from account_work where verify_at is not null')
    expect(await inDoubt()).toHaveLength(1)
    await bench.pass(bench.setup.lateWriteMs + second)
    await bench.work()
    expect(await inDoubt()).toEqual([])
  })

  test('a part that the target can not write just now is tried for as long as that lasts', async () => {
    await site.settle(row(1, { card: '' }))
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'parts', parts: ['card'], kind: 'transient' } : null)
    await bench.deliver([row(1)])
    for (let i = 0; i < 20; i++) {
      await bench.work()
      await bench.pass(minute + 15 * second)
    }
    expect(await site.account()).toMatchObject({
      failures: { card: { kind: 'transient', code: 'memory.card-refused' } },
    })
    bench.target.fault = () => null
    await bench.rest()
    expect([site.card()?.state, (await site.account()).failures, await site.work()]).toEqual(['on', null, []])
  })

  test('a part that the target accepts and does not keep is left to a person after some tries', async () => {
    await site.settle(row(1))
    const { put } = { put: bench.target.connection.accounts.apply.bind(bench.target.connection.accounts) }
    bench.target.connection.accounts.apply = async (change, signal) => {
      const applied = await put(change, signal)
      site.user()?.levels.delete('id of Main')
      return applied
    }
    site.user()?.levels.clear()
    await site.settle(row(1, { family: 'Other' }))
    expect(await site.account()).toMatchObject({
      failures: { 'level:id of Main': { kind: 'transient', code: 'engine.not-kept' } },
    })
    expect([site.levels(), await site.work()]).toEqual([['Lab'], []])
  })

  test('a level that the target refuses keeps the other one, and the card, not out', async () => {
    await site.settle(row(1, { department: 'Sales', card: '' }))
    nextCalls(bench.target, 'put', { is: 'parts', parts: ['level'], kind: 'rejected' })
    await site.settle(row(1))
    expect([site.levels(), site.card()?.state]).toEqual([['Main'], 'on'])
    expect((await site.account()).failures).toEqual({
      'level:id of Lab': { kind: 'rejected', code: 'memory.level-refused' },
    })
  })

  test('an account that the target could not make just now, or made and lost, is made again', async () => {
    nextCalls(bench.target, 'put', { is: 'parts', parts: ['profile'], kind: 'transient' })
    await site.settle(row(1))
    expect([site.user()?.lock, await site.work()]).toEqual(['open', []])
    const apply = bench.target.connection.accounts.apply.bind(bench.target.connection.accounts)
    bench.target.connection.accounts.apply = async () => {
      bench.target.connection.accounts.apply = apply
      return { parts: [{ part: { kind: 'profile' }, outcome: 'applied' }] }
    }
    await site.settle(row(1), row(2))
    expect([site.user(2)?.lock, await site.work()]).toEqual(['open', []])
  })

  test('a level that reaches the person by another way is not granted once more', async () => {
    await site.settle(row(1, { department: 'Sales' }))
    site.user()?.inherited.add('id of Lab')
    await site.settle(row(1))
    expect(site.levels()).toEqual(['Main'])
    expect((await site.account()).failures).toBeNull()
  })

  test('a start that lies in the past on both sides is the same start', async () => {
    await site.settle(row(1, { start: '2026-01-01' }))
    ;(site.user() as TargetUser).validity = { from: null, until: null }
    bench.target.calls.length = 0
    await bench.rows(`insert into account_work (account_id, target, lane) select id, target, 'bulk' from account`)
    await bench.rest()
    expect(bench.target.calls.map(({ verb }) => verb)).toEqual(['read'])
  })
})

describe('what is not ours', () => {
  test('a grant made by hand stays when rights change, and when everything else is taken away', async () => {
    await site.settle(row(1))
    site.user()?.levels.add('id of Vault')
    await site.settle(row(1, { department: 'Sales' }))
    expect(site.levels()).toEqual(['Main', 'Vault'])
    await site.settle(row(1, { department: 'Sales', status: 'left' }))
    await bench.pass(8 * day)
    await bench.followCalendar()
    await bench.rest()
    expect(site.levels()).toEqual(['Vault'])
  })

  test('a level that somebody gave by hand before the rules did is never taken away by them', async () => {
    await site.settle(row(1, { department: 'Sales' }))
    site.user()?.levels.add('id of Lab')
    await site.settle(row(1))
    await site.settle(row(1, { department: 'Sales' }))
    expect(site.levels()).toEqual(['Lab', 'Main'])
  })

  test('a block made by hand stays, on the account and on the card, through a lock-out and back', async () => {
    await site.settle(row(1), row(2))
    ;(site.user(1) as TargetUser).lock = 'closed'
    ;(site.card(2) as { state: string }).state = 'blocked'
    await site.settle(row(1, { family: 'Other' }), row(2, { family: 'Other' }))
    expect([site.user(1)?.lock, site.card(2)?.state]).toEqual(['closed', 'blocked'])
    await site.settle(row(1, { status: 'suspended' }), row(2, { status: 'suspended' }))
    await site.settle(row(1, { family: 'Other' }), row(2, { family: 'Other' }))
    expect([site.user(1)?.lock, site.card(1)?.state]).toEqual(['closed', 'on'])
    expect([site.user(2)?.lock, site.card(2)?.state]).toEqual(['open', 'blocked'])
  })

  test("a stranger's account of that id is never adopted, changed or counted as ours", async () => {
    bench.target.users.set('n1', stranger())
    await site.settle(row(1))
    expect(site.user()).toEqual(stranger())
    expect(await site.work()).toMatchObject([{ dead: true }])
    expect((await site.account()).failures).toMatchObject({ account: { kind: 'conflict' } })
    await site.settle(row(1, { family: 'Other' }))
    expect(site.user()).toEqual(stranger())
    expect((await site.account()).failures).toMatchObject({ account: { kind: 'conflict' } })
  })

  test('nor one that bears the very name, at a target that refuses the creation as a whole', async () => {
    const namesake: TargetUser = { ...stranger(), profile: { name: 'Person1 Test', department: 'Research' } }
    bench.target.users.set('n1', namesake)
    const before = structuredClone(namesake)
    nextCalls(bench.target, 'put', { is: 'failure', kind: 'conflict' })
    await site.settle(row(1))
    await site.settle(row(1, { card: '300' }))
    expect(site.user()).toEqual(before)
    expect(await site.work()).toMatchObject([{ dead: true }])
    expect((await site.account()).failures).toMatchObject({ account: { kind: 'conflict' } })
  })

  test('a conflict over something else than the account itself is tried again', async () => {
    nextCalls(bench.target, 'put', { is: 'failure', kind: 'conflict' })
    await site.settle(row(1))
    expect(site.user()?.profile.name).toBe('Person1 Test')
    expect(await site.work()).toEqual([])
  })

  test('nor when a run that was killed left open whether we had made one', async () => {
    await bench.deliver([row(1)])
    await bench.work(mortal(bench.context, bench.setup, 7)).catch(() => undefined)
    bench.target.users.set('n1', stranger())
    await bench.rest()
    expect(site.user()).toEqual(stranger())
    expect((await site.account()).failures).toEqual({ account: { kind: 'conflict', code: 'account.held-by-stranger' } })
  })

  test('nor is an operator of that id, though a killed run left open whether we had made one', async () => {
    await bench.deliver([row(1)])
    await bench.work(mortal(bench.context, bench.setup, 7)).catch(() => undefined)
    const twin = { ...stranger(), profile: { name: 'Person1 Test', department: 'Research' }, untouchable: true }
    bench.target.users.set('n1', twin)
    await bench.rest()
    expect([site.user()?.levels, await site.work()]).toMatchObject([new Set(['id of Vault']), [{ dead: true }]])
  })

  test("a stranger's account is not shut out when the person whose id it bears leaves", async () => {
    bench.target.users.set('n1', stranger())
    await site.settle(row(1))
    await site.settle(row(1, { status: 'left' }))
    expect(site.user()).toEqual(stranger())
    expect([await site.lockouts(), await site.work()]).toMatchObject([[{ proven: true }], []])
  })

  test('an account made by hand for the very person is: it is their way in', async () => {
    bench.target.users.set('n1', { ...stranger(), profile: { name: 'Person1 Test', department: 'Research' } })
    await site.settle(row(1))
    await site.settle(row(1, { status: 'left' }))
    expect([site.user()?.lock, site.levels()]).toEqual(['closed', ['Vault']])
  })

  test('operators and service accounts are never touched', async () => {
    await site.settle(row(1))
    ;(site.user() as TargetUser).untouchable = true
    const before = structuredClone(site.user()?.profile)
    await site.settle(row(1, { family: 'Other' }))
    expect(site.user()?.profile).toEqual(before)
    expect((await site.account()).failures).toEqual({ account: { kind: 'rejected', code: 'account.untouchable' } })
  })

  test('a new account whose card alone is taken is ours, and gets the card when it is free', async () => {
    const other = stranger()
    other.cards.set(cardKey(h10301(7, 101)), { card: h10301(7, 101), state: 'on' })
    bench.target.users.set('x', other)
    await bench.deliver([row(1)])
    await bench.rest()
    expect([site.levels(), site.card()]).toEqual([['Lab', 'Main'], undefined])
    expect((await site.account()).failures).toEqual({ card: { kind: 'conflict', code: 'memory.card-taken' } })
    other.cards.clear()
    await bench.rest()
    expect([site.card()?.state, (await site.account()).failures, await site.work()]).toEqual(['on', null, []])
    await site.settle(row(1, { department: 'Sales' }))
    expect(site.levels()).toEqual(['Main'])
  })
})

describe('a write whose answer never came', () => {
  test.each(['at-once', 'late', 'never'] as const)(
    'and that lands %s: in the end the account is as desired',
    async (lands) => {
      await site.settle(row(1, { department: 'Sales' }))
      nextCalls(bench.target, 'put', { is: 'unanswered', lands })
      await bench.deliver([row(1, { family: 'Other' })])
      await bench.work()
      expect(await site.work()).toMatchObject([{ verify: true }])
      await bench.pass(second)
      await bench.work()
      bench.target.land()
      await bench.rest()
      expect([site.user()?.profile.name, site.levels(), await site.work()]).toEqual([
        'Person1 Other',
        ['Lab', 'Main'],
        [],
      ])
      // And what it wrote is ours to take away again.
      await site.settle(row(1, { family: 'Other', department: 'Sales' }))
      expect(site.levels()).toEqual(['Main'])
    },
  )

  test('our own account is known again though its profile is to be another by now', async () => {
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'at-once' })
    await bench.deliver([row(1)])
    await bench.work()
    await site.settle(row(1, { family: 'Other', department: 'Sales' }))
    expect([site.user()?.profile.name, site.levels()]).toEqual(['Person1 Other', ['Main']])
  })

  test('our own account is known again by the part of its profile that the target took', async () => {
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'at-once' })
    await bench.deliver([row(1)])
    await bench.work()
    const user = bench.target.users.get('n1')
    if (user === undefined) throw new Error('there is no such account')
    delete user.profile.department
    await bench.rest()
    expect([(await site.account()).failures, await site.work()]).toEqual([null, []])
  })

  test('that lands after a lock-out was proven takes the proof back, and the account is shut again', async () => {
    await site.settle(row(1, { department: 'Sales' }))
    await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'seen')
    await bench.rest()
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'late' })
    await unlockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'seen', 1)
    await bench.work()
    await bench.deliver([row(1, { status: 'left' })])
    await bench.work()
    expect([site.user()?.lock, (await site.lockouts()).at(-1)]).toMatchObject(['closed', { proven: true }])
    bench.target.land()
    expect(site.user()?.lock).toBe('open')
    await bench.rest()
    expect([site.user()?.lock, (await site.lockouts()).at(-1), await site.work()]).toMatchObject([
      'closed',
      { proven: true },
      [],
    ])
  })
})
