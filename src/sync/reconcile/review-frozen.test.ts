import { beforeEach, describe, expect, test } from 'vitest'
import { sweepIfDue } from '../drift/sweep-target.ts'
import { type Bench, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { watchLockouts } from '../lockout-watch.ts'
import { lockPerson } from '../operator.ts'
import { restoreWork } from '../sweep.ts'
import { thawPerson } from '../thaw/thaw-person.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver([hrRow(1), hrRow(2)])
  await bench.rest()
})

const lock = (who = 1) => bench.target.users.get(`n${who}`)?.lock
const marked = () => bench.rows('select 1 from account where frozen_at is not null')
const mark = () => engine.tamper('update account set frozen_at = now()')
const never = new AbortController().signal

describe('a mark of a frozen account that somebody else put there', () => {
  test('keeps no leaver in, also when the lock-out is deleted', async () => {
    await mark()
    await bench.deliver([hrRow(1, { status: 'left' }), hrRow(2)])
    await engine.tamper('delete from lockout')
    await bench.rest()
    expect(lock()).toBe('closed')
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('keeps an operator from nothing', async () => {
    await mark()
    await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'now')
    await bench.work()
    expect(lock()).toBe('closed')
  })

  test('does not hide what was taken off the list of work', async () => {
    await bench.deliver([hrRow(1, { status: 'left' }), hrRow(2, { department: 'Sales' })])
    await engine.tamper('delete from account_work; delete from lockout')
    await mark()
    await restoreWork(bench.context)
    expect(await marked()).toEqual([])
    expect(await bench.alarms()).toContain('guard.failed')
    await bench.rest()
    expect([lock(), [...(bench.target.users.get('n2')?.levels ?? [])]]).toEqual(['closed', ['id of Main']])
  })

  test('hides nothing from whoever looks through the target', async () => {
    await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'now')
    await bench.rest()
    const user = bench.target.users.get('n1')
    if (user === undefined) throw new Error('there is no such account')
    user.lock = 'open'
    await mark()
    await sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, never)
    await bench.rest()
    expect(lock()).toBe('closed')
  })

  test('changes no plan', async () => {
    await mark()
    await bench.deliver([hrRow(1, { department: 'Sales' }), hrRow(2)])
    await bench.rest()
    expect([...(bench.target.users.get('n1')?.levels ?? [])]).toEqual(['id of Main'])
  })

  test('is taken away by a thaw, which locks as ever', async () => {
    const person = await bench.personOf('n1')
    await mark()
    const { accounts, lockouts } = await thawPerson(bench.context, person, bench.operator, 'seen')
    expect([accounts, lockouts.length]).toEqual([0, 1])
    await bench.rest()
    expect([lock(), await marked()]).toEqual(['closed', []])
    await expect(thawPerson(bench.context, person, bench.operator, 'seen')).rejects.toMatchObject({
      code: 'frozen.nothing',
    })
  })
})

test('an account that is not as we wrote it stays marked, and its alarm comes back when somebody deletes it', async () => {
  await engine.tamper(`update account set owned = null, owned_guard = null where external_digest = $1`, [
    bench.context.vault.index('account', 'doors/n1'),
  ])
  await bench.deliver([hrRow(1, { status: 'left' }), hrRow(2)])
  await bench.rest()
  expect(await marked()).toHaveLength(1)
  const look = watchLockouts(bench.context)
  await look()
  await engine.tamper('delete from alarm; delete from lockout')
  await bench.pass(minute)
  await bench.rest()
  await look()
  expect(await bench.alarms()).toContain('guard.failed')
  expect(await bench.rows('select 1 from account_work')).toEqual([])
})
