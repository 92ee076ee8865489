import { beforeEach, describe, expect, test } from 'vitest'
import { failureViews } from '../main/failure-views.ts'
import type { AccountId } from '../model/id.ts'
import { signOlderRows } from '../store/migrate.ts'
import { countSignedOff, discardByHand, retryAllFailures, retryFailure, signOffByHand } from './failures.ts'
import { type Bench, day, minute, useEngine } from './fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from './fixtures/hr-file.fixture.ts'
import { lockoutStatement } from './lockout-export.ts'
import { restoreWork, watchTheTime } from './sweep.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const user = (who: number) => bench.target.users.get(`n${who}`)
const refuse = (is: 'all' | 'levels') => {
  bench.target.fault = ({ verb }) => {
    if (verb !== 'put') return null
    return is === 'all' ? { is: 'failure', kind: 'rejected' } : { is: 'parts', parts: ['level'], kind: 'rejected' }
  }
}
const mend = () => {
  bench.target.fault = () => null
}
const list = async (limit = 100, after?: string) =>
  failureViews(bench.context, undefined, after === undefined ? { limit } : { limit, after })
const first = async () => (await list()).rows[0]?.account as AccountId
const retry = (id: AccountId) => retryFailure(bench.context, id, bench.operator, 'mended')
const retryAll = (target: string | null = null) => retryAllFailures(bench.context, target, bench.operator, 'mended')
const discard = (id: AccountId) => discardByHand(bench.context, id, bench.operator, 'leave it')
const named = () =>
  bench.rows<{ action: string }>('select action from audit_pending where actor = $1 order by id', [bench.operator])

describe('what was given up or refused', () => {
  test('is listed by account, part and code, with what to do, and nobody by name', async () => {
    refuse('all')
    await bench.deliver([row(1), row(2)])
    await bench.rest()
    const { rows, next } = await list()
    expect(next).toBeNull()
    expect(rows).toHaveLength(2)
    expect(rows[0]).toEqual({
      account: expect.any(String),
      ...{
        target: 'doors',
        part: 'account',
        kind: 'rejected',
        code: 'memory.rejected',
        state: 'given-up',
        attempts: 1,
      },
      action: expect.stringMatching(/\.$/),
      since: expect.any(String),
    })
    expect(JSON.stringify(rows)).not.toMatch(/Person|n1/)
    const page = await list(1)
    expect(page.next).toBe(page.rows[0]?.account)
    expect((await list(1, page.next ?? '')).rows[0]?.account).not.toBe(page.next)
    await expect(failureViews(bench.context, 'elsewhere', { limit: 1 })).rejects.toMatchObject({
      code: 'target.unknown',
    })
  })

  test('one part of an account that is there otherwise is listed as that part', async () => {
    refuse('levels')
    await bench.deliver([row(1)])
    await bench.rest()
    expect(user(1)?.lock).toBe('open')
    expect((await list()).rows).toMatchObject([
      { part: expect.stringMatching(/^level:/), state: 'refused', attempts: 0 },
    ])
  })

  test('keeps the time since when, over more tries, and is gone when it is mended', async () => {
    refuse('all')
    await bench.deliver([row(1)])
    await bench.rest()
    const [before] = (await list()).rows
    await retry(await first())
    await bench.rest()
    expect((await list()).rows[0]?.since).toBe(before?.since)
    mend()
    await retry(await first())
    await bench.rest()
    expect([(await list()).rows, user(1)?.lock]).toEqual([[], 'open'])
  })

  test('is tried again, all of it at once, or what is at one target', async () => {
    refuse('all')
    await bench.deliver([row(1), row(2)])
    await bench.rest()
    mend()
    await expect(retryAll('elsewhere')).rejects.toMatchObject({ code: 'target.unknown' })
    expect([await retryAll('doors'), (await named()).map(({ action }) => action)]).toEqual([2, ['account.retried']])
    await bench.rest()
    expect([await retryAll(), user(1)?.lock, user(2)?.lock]).toEqual([0, 'open', 'open'])
  })

  test('is refused for what has not failed', async () => {
    await bench.deliver([row(1)])
    await bench.rest()
    const [account] = await bench.rows<{ id: AccountId }>('select id from account')
    for (const act of [retry, discard])
      await expect(act(account?.id as AccountId)).rejects.toMatchObject({ code: 'failure.unknown' })
  })
})

describe('what somebody signs off', () => {
  test('is neither listed, tried nor alarmed, until something newer is desired', async () => {
    refuse('all')
    await bench.deliver([row(1)])
    await bench.rest()
    await discard(await first())
    await watchTheTime(bench.context)
    bench.target.calls.length = 0
    await bench.pass(day)
    await bench.rest()
    expect([(await list()).rows, await bench.alarms(), bench.target.calls]).toEqual([[], [], []])
    expect((await named()).map(({ action }) => action)).toEqual(['account.discarded'])
    mend()
    await bench.deliver([row(1, { family: 'Other' })])
    await bench.rest()
    expect(user(1)?.profile.name).toBe('Person1 Other')
  })

  test('stops what is tried again by itself as well, and can be had back', async () => {
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'parts', parts: ['level'], kind: 'conflict' } : null)
    await bench.deliver([row(1)])
    for (let round = 0; round < 20; round++) {
      await bench.work()
      await bench.pass(minute)
    }
    const account = await first()
    expect((await list()).rows).toMatchObject([{ state: 'retrying', kind: 'conflict' }])
    await discard(account)
    bench.target.calls.length = 0
    await bench.pass(day)
    await bench.rest()
    expect([(await list()).rows, bench.target.calls]).toEqual([[], []])
    mend()
    await bench.deliver([row(1, { department: 'Research' })])
    await bench.rest()
    expect([...(user(1)?.levels ?? [])].sort()).toEqual(['id of Lab', 'id of Main'])
  })
})

test('a part that is refused for a setting of the target alone is tried again at times, and any other is left to a person', async () => {
  bench.target.fault = ({ verb, externalId }) =>
    verb === 'put' ? { is: 'parts', parts: ['level'], kind: 'rejected', mayPass: externalId === 'n1' } : null
  await bench.deliver([row(1), row(2)])
  await bench.rest()
  expect((await list()).rows.map(({ kind, part }) => [kind, part.split(':')[0]])).toEqual([
    ['rejected', 'level'],
    ['rejected', 'level'],
  ])
  mend()
  await bench.pass(16 * minute)
  await bench.rest()
  expect([[...(user(1)?.levels ?? [])], [...(user(2)?.levels ?? [])]]).toEqual([['id of Main'], []])
})

describe('what nobody signed off, whatever somebody writes', () => {
  const giveUp = 'update account_work set dead_at = now()'
  const sayDiscarded = 'update account set discarded_version = desired_version'
  const forgeries = () => bench.rows(`select 1 from alarm where code = 'guard.failed' and cleared_at is null`)

  test.each([
    ['given up', giveUp],
    ['given up and discarded', `${giveUp}; ${sayDiscarded}`],
    ['discarded with a guard of nothing', `${giveUp}; ${sayDiscarded}, discarded_guard = '\\x00'`],
  ])('is done: a right is taken away though it is said to be %s', async (_, sql) => {
    await bench.deliver([row(1, { department: 'Research' })])
    await bench.rest()
    await bench.deliver([row(1)])
    await engine.tamper(sql)
    await bench.rest()
    expect([...(user(1)?.levels ?? [])]).toEqual(['id of Main'])
    expect(await forgeries()).toHaveLength(1)
  })

  test('is listed and alarmed when a reason is made up as well', async () => {
    await bench.deliver([row(1, { department: 'Research' })])
    await bench.rest()
    await bench.deliver([row(1)])
    await engine.tamper(`${giveUp}; ${sayDiscarded}, failures = '{"lock":{"kind":"rejected","code":"x"}}'`)
    await restoreWork(bench.context)
    await watchTheTime(bench.context)
    expect((await list()).rows).toMatchObject([{ state: 'given-up' }])
    expect(await bench.alarms()).toEqual(['account.dead', 'guard.failed'])
    await retry(await first())
    await bench.rest()
    expect([...(user(1)?.levels ?? [])]).toEqual(['id of Main'])
  })

  test('is not signed off on an account whose row was changed', async () => {
    refuse('all')
    await bench.deliver([row(1)])
    await bench.rest()
    const account = await first()
    await engine.tamper('update account set desired_version = desired_version + 1')
    await expect(discard(account)).rejects.toMatchObject({ code: 'failure.unknown' })
  })

  test('of before anything was signed counts, once', async () => {
    refuse('all')
    await bench.deliver([row(1)])
    await bench.rest()
    await discard(await first())
    await engine.tamper('update account set discarded_guard = null')
    await signOlderRows(bench.context.database.pool, bench.context.vault, ['0016-signed-discards'])
    await restoreWork(bench.context)
    expect([(await list()).rows, await forgeries()]).toEqual([[], []])
  })
})

describe('a lock-out', () => {
  beforeEach(async () => {
    await bench.deliver([row(1)])
    await bench.rest()
    bench.target.fault = ({ verb }) => (verb === 'lock' || verb === 'put' ? { is: 'failure', kind: 'rejected' } : null)
    await bench.deliver([row(1, { status: 'left' })])
    await bench.work()
  })
  const lockout = async () => (await bench.rows<{ id: string }>('select id from lockout'))[0]?.id as string
  const signOff = async () => signOffByHand(bench.context, await lockout(), bench.operator, 'the door is bricked up')
  const state = async () => {
    const [stored] = await bench.rows<Parameters<typeof lockoutStatement>[1]>('select * from lockout')
    return stored === undefined ? null : lockoutStatement(bench.context, stored).state
  }

  test('can not be discarded, and tried again it is urgent', async () => {
    await expect(discard(await first())).rejects.toMatchObject({ code: 'failure.lock-out' })
    await retry(await first())
    expect(await bench.rows('select lane from account_work')).toEqual([{ lane: 'urgent' }])
  })

  test('is signed off by name: it alarms no more, shows as signed off, and is tried on as any other work', async () => {
    await bench.rows(`update lockout set decided_at = decided_at`)
    await signOff()
    await watchTheTime(bench.context)
    expect([await state(), await countSignedOff(bench.context), await bench.alarms()]).toEqual(['signed-off', 1, []])
    expect(await bench.rows('select lane from account_work')).toEqual([{ lane: 'bulk' }])
    expect((await named()).map(({ action }) => action)).toEqual(['lockout.signed-off'])
    await expect(signOff()).rejects.toMatchObject({ code: 'lockout.not-open' })
    mend()
    await bench.pass(day)
    await bench.rest()
    expect([user(1)?.lock, await countSignedOff(bench.context), await state()]).toEqual(['closed', 0, 'signed-off'])
  })

  test('is counted on, whatever somebody writes into the row of an account', async () => {
    await signOff()
    await engine.tamper(`update account set desired = 'anything'`)
    expect(await countSignedOff(bench.context)).toBe(0)
  })

  test('that is proven, or is none, can not be', async () => {
    mend()
    await bench.pass(minute)
    await bench.rest()
    await expect(signOff()).rejects.toMatchObject({ code: 'lockout.not-open' })
    await expect(
      signOffByHand(bench.context, '00000000-0000-4000-8000-000000000000', bench.operator, 'x'),
    ).rejects.toMatchObject({ code: 'lockout.unknown' })
  })

  test('is not signed off by whoever writes so into the table', async () => {
    await engine.tamper(`update lockout set signed_off_at = now(), signed_off_by = $1, ended_at = now()`, [
      bench.operator,
    ])
    expect([await state(), await countSignedOff(bench.context)]).toEqual(['not-provable', 0])
    await expect(signOff()).rejects.toMatchObject({ code: 'lockout.not-open' })
    await engine.tamper(`update lockout set cause = 'clock'`)
    await expect(signOff()).rejects.toMatchObject({ code: 'lockout.unknown' })
  })
})
