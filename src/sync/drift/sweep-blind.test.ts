import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import { Refusal } from '../../model/refusal.ts'
import { type Bench, day, hour, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import type { TargetUser } from '../fixtures/memory-target.fixture.ts'
import { existing, match } from '../match/match.fixture.ts'
import { freezeByHand } from '../stop.ts'
import { openDeepSweep } from './deep-sweep.ts'
import { sweepIfDue } from './sweep-target.ts'
import { acceptByHand, revertByHand } from './take-side.ts'

const engine = useEngine()
let bench: Bench

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { card: `${100 + who}`, ...more })
const many = (count = 12) => Array.from({ length: count }, (_, who) => row(who))
const user = (who: number) => bench.target.users.get(`n${who}`) as TargetUser
const signal = new AbortController().signal
const sweep = (now = true) => sweepIfDue(bench.context, bench.setup, { now, brakes: bench.brakes }, signal)
const settle = async (rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
const drifts = async () =>
  (await bench.rows<{ class: string }>('select class from drift order by class')).map((each) => each.class)

describe('who is locked out and was opened is shut again', () => {
  beforeEach(async () => {
    bench = await engine.begin({ leaver: { deleteAfterMs: 14 * day } })
    await settle(many())
    await settle([row(0, { status: 'left' }), ...many().slice(1)])
    user(0).lock = 'open'
  })

  const works: readonly [what: string, values: string, alarms: readonly string[]][] = [
    ['that is put off', `'bulk', '2099-01-01', null`, ['guard.failed', 'lockout.undone']],
    ['that was given up', `'bulk', now(), now()`, ['lockout.undone']],
    ['that waits', `'bulk', now() + interval '30 minutes', null`, ['lockout.undone']],
    ['of a lock-out that is put off', `'urgent', '2099-01-01', null`, ['guard.failed']],
    ['of a lock-out that was given up', `'urgent', now(), now()`, ['lockout.undone']],
  ]
  test.each(works)('though there is work %s', async (_what, values, alarms) => {
    await engine.tamper(
      `insert into account_work (account_id, target, lane, due_at, dead_at)
       select id, target, ${values} from account where desired like '{"lock":"closed"%'`,
    )
    await sweep()
    await bench.work()
    expect([user(0).lock, await bench.alarms()]).toEqual(['closed', alarms])
  })

  test('though somebody says that more was applied than was ever desired', async () => {
    await engine.tamper('update account set applied_version = 2147483647')
    user(1).levels.add('id of Vault')
    await sweep()
    await bench.rest()
    await sweep()
    expect([user(0).lock, await drifts()]).toEqual(['closed', ['level-added']])
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('under whatever name, as long as the account that is to be deleted is there', async () => {
    user(0).lock = 'closed'
    bench.target.fault = ({ verb }) => (verb === 'remove' ? { is: 'failure', kind: 'rejected' } : null)
    await bench.pass(15 * day)
    await bench.followCalendar()
    await bench.work()
    expect(await bench.rows(`select 1 from account where desired like '%"gone":true%'`)).toHaveLength(1)
    Object.assign(user(0), { lock: 'open', profile: { name: 'Somebody Else' } })
    await sweep()
    await bench.work()
    expect(user(0).lock).toBe('closed')
  })

  test('and what got the id of a deleted one under another name is told as an account of nobody', async () => {
    user(0).lock = 'closed'
    await match(bench)
    await bench.pass(15 * day)
    await bench.followCalendar()
    await bench.rest()
    expect(bench.target.users.has('n0')).toBe(false)
    bench.target.users.set('n0', existing({ name: 'A Stranger' }))
    await sweep()
    await sweep()
    await bench.rest()
    expect([user(0).lock, await drifts()]).toEqual(['open', ['unknown-account']])
  })

  test('and the alarm of a single read is over only when that is proven', async () => {
    bench.target.shallow = true
    Object.assign(bench.target, { lockUntold: true })
    await sweep()
    Object.assign(bench.setup, { deepSweep: { everyMs: hour, requestsPerSecond: 1 } })
    const { step } = openDeepSweep(bench.context, bench.setup)
    for (let past = 0; past < hour; past += minute) {
      await step(signal)
      await bench.pass(minute)
    }
    await sweep()
    expect(await bench.alarms()).toEqual(['lockout.undone'])
    await bench.work()
    await sweep()
    expect([user(0).lock, await drifts()]).toEqual(['closed', []])
    expect(await bench.alarms()).toEqual([])
  })
})

describe('what somebody else writes about sweeps', () => {
  const deep = async (ms: number) => {
    const { step } = openDeepSweep(bench.context, bench.setup)
    for (let past = 0; past < ms; past += minute) {
      await step(signal)
      await bench.pass(minute)
    }
  }
  const reads = () =>
    new Set(bench.target.calls.flatMap(({ verb, externalId }) => (verb === 'read' ? [externalId] : [])))

  beforeEach(async () => {
    bench = await engine.begin()
    await settle(many())
    bench.target.shallow = true
    Object.assign(bench.setup, { deepSweep: { everyMs: hour, requestsPerSecond: 1 } })
    await sweep()
  })

  test('puts no sweep off', async () => {
    expect(await sweep(false)).toBeNull()
    await engine.tamper(`update target set swept_at = 'infinity'`)
    expect(await sweep(false)).toBeNull()
    await bench.pass(16 * minute)
    expect(await sweep(false)).not.toBeNull()
    await engine.tamper(
      `update target set swept_at = now(), sweep_counts = replace(sweep_counts, '"endedAt":"20', '"endedAt":"29')`,
    )
    expect(await sweep(false)).not.toBeNull()
  })

  test.each([
    `deep_sweep = '{"begunAt":"2999-01-01","endedAt":"2999-01-01","total":12,"read":12}'`,
    `sweep_counts = '{"shallow":false}'`,
    `looked_through = 'ffffffff-ffff-4fff-bfff-ffffffffffff'`,
  ])('keeps no account from being read singly: %s', async (set) => {
    await deep(10 * minute)
    await engine.tamper(`update target set ${set}`)
    bench.target.calls.length = 0
    await deep(hour)
    expect(reads().size).toBe(12)
  })

  test('has single reads begin anew no more often than the process that does them ends, and is alarmed', async () => {
    Object.assign(bench.setup, { deepSweep: { everyMs: day, requestsPerSecond: 1 } })
    const { step } = openDeepSweep(bench.context, bench.setup)
    bench.target.calls.length = 0
    for (let past = 0; past < day; past += hour) {
      await step(signal)
      await bench.pass(hour)
      await engine.tamper(
        'update target set deep_sweep = null, looked_through = null, deep_guard = null, sweep_counts = null',
      )
    }
    expect(reads().size).toBe(12)
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('hides no target that forgot, and has none taken for one', async () => {
    await deep(10 * minute)
    await engine.tamper(`update target set deep_sweep = replace(deep_sweep, '"changed":0', '"changed":-1000')`)
    for (let who = 0; who < 12; who++) user(who).cards.clear()
    await deep(hour)
    expect(await bench.alarms()).toContain('target.restored')
    bench = await engine.begin()
    await settle(many())
    bench.target.shallow = true
    await sweep()
    await deep(10 * minute)
    await engine.tamper(`update target set deep_sweep = replace(deep_sweep, '"changed":0', '"changed":1000')`)
    await deep(10 * minute)
    expect(await bench.alarms()).toEqual([])
  })

  test('makes no target larger than it is', async () => {
    bench.target.shallow = false
    await engine.tamper(
      `insert into account (id, target, key_id, external_digest, external_id, is_primary, wanted, wanted_facts, wanted_facts_version, wanted_by, pending, desired, desired_version, applied_version, owned, guard)
       select gen_random_uuid(), target, key_id, uuid_send(gen_random_uuid()), external_id, is_primary, wanted, wanted_facts, wanted_facts_version, wanted_by,
              pending, replace(desired, '"open"', '"closed"'), desired_version, applied_version, owned, guard
         from account, generate_series(1, 100)`,
    )
    for (let who = 0; who < 6; who++) user(who).levels.clear()
    await sweep()
    expect(await bench.alarms()).toContain('target.restored')
  })
})

describe('a card that nobody is to get in by, put on another account by hand', () => {
  beforeEach(async () => {
    bench = await engine.begin()
    await settle(many())
    await settle([row(0, { cardState: 'lost' }), ...many().slice(1)])
    user(0).cards.clear()
    user(1).cards.set(cardKey(h10301(7, 100)), { card: h10301(7, 100), state: 'on' })
  })

  test.each([
    `update credential set state = 'returned' where state = 'lost'`,
    `update credential set state = 'active' where state = 'lost'`,
  ])('is shut, with an alarm, whatever somebody writes about it: %s', async (sql) => {
    await engine.tamper(sql)
    await sweep()
    await bench.work()
    expect(user(1).cards.get(cardKey(h10301(7, 100)))?.state).not.toBe('on')
    expect(await bench.alarms()).toContain('guard.failed')
  })
})

describe('what was noted to be undone', () => {
  const owned = () =>
    bench.rows<{ id: string; owned: string; owned_guard: Buffer }>('select id, owned, owned_guard from account')

  test('is not any more when that was long ago, whoever puts it back: a block made by hand since stays', async () => {
    bench = await engine.begin()
    await settle(many())
    user(1).lock = 'closed'
    await sweep()
    await revertByHand(
      bench.context,
      'doors',
      { class: 'blocked' },
      { subject: bench.operator, isAdmin: false, reason: 'seen' },
    )
    const noted = (await owned()).find((each) => each.owned.includes('reverts'))
    await bench.rest()
    expect(user(1).lock).toBe('open')
    await bench.pass(2 * hour)
    user(1).lock = 'closed'
    await engine.tamper(
      'update account set owned = $2, owned_guard = $3, applied_version = desired_version - 1 where id = $1',
      [noted?.id, noted?.owned, noted?.owned_guard],
    )
    await bench.rest()
    expect(user(1).lock).toBe('closed')
  })
})

describe('a person who takes a side', () => {
  const by = () => ({ subject: bench.operator, isAdmin: false, reason: 'seen' })
  const accept = (is: 'blocked' | 'card-added') => acceptByHand(bench.context, 'doors', { class: is }, by())

  beforeEach(async () => {
    bench = await engine.begin()
    await settle(many())
  })

  test('is told what is being undone already: that is left', async () => {
    user(1).lock = 'closed'
    await sweep()
    await revertByHand(bench.context, 'doors', { class: 'blocked' }, by())
    expect(await accept('blocked')).toEqual({ drifts: 0, left: 1 })
    expect(await bench.rows('select 1 from drift where accepted_at is not null')).toEqual([])
  })

  test('lets no card stay whose number nobody sees: its id may be that of another one day', async () => {
    user(1).cards.set('phone', { card: h10301(9, 9), state: 'on' })
    bench.target.unreadable.add('phone')
    Object.assign(bench.setup, { drift: { ...bench.setup.drift, card_added: 'accept' } })
    await sweep()
    expect(await accept('card-added')).toEqual({ drifts: 0, left: 1 })
    expect(await bench.rows('select 1 from drift where accepted_at is not null')).toEqual([])
  })

  test('has nothing undone at a target that is frozen', async () => {
    user(1).lock = 'closed'
    await sweep()
    await freezeByHand(bench.context, 'doors', bench.operator, 'looking')
    await expect(revertByHand(bench.context, 'doors', { class: 'blocked' }, by())).rejects.toMatchObject({
      code: 'drift.target-waits',
    })
  })
})

test('nothing is undone or accepted by a configuration that another has taken the place of', async () => {
  bench = await engine.begin()
  await settle(many())
  user(1).levels.delete('id of Lab')
  user(2).lock = 'closed'
  Object.assign(bench.setup, { drift: { ...bench.setup.drift, level_removed: 'revert', blocked: 'accept' } })
  Object.assign(bench.context, {
    refuseSuperseded: async () => {
      throw new Refusal('config.superseded')
    },
  })
  await expect(sweep()).rejects.toMatchObject({ code: 'config.superseded' })
  expect(await bench.rows(`select 1 from drift where accepted_at is not null`)).toEqual([])
  expect(await bench.rows(`select 1 from account where owned like '%reverts%'`)).toEqual([])
})
