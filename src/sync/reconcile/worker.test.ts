import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../../test/support/servers.ts'
import { mortal } from '../fixtures/crash.fixture.ts'
import { type Bench, minute, second, useEngine } from '../fixtures/engine.fixture.ts'
import { nextCalls } from '../fixtures/memory-target.fixture.ts'
import { resumeByHand } from '../stop.ts'
import { row, Site } from './site.fixture.ts'
import { startTargetWorker } from './worker.ts'

const engine = useEngine()
let bench: Bench
let site: Site
beforeEach(async () => {
  bench = await engine.begin()
  site = new Site(bench)
})

describe('a target that fails as a whole', () => {
  const standing = () =>
    bench.rows<{ paused: string | null; resting: boolean; open: boolean }>(
      'select pause_code as paused, coalesce(rest_until > now(), false) as resting, coalesce(breaker_until > now(), false) as open from target',
    )

  test('and asks us to wait is left alone by bulk work until then; a lock-out tries once', async () => {
    await site.settle(row(1), row(2))
    nextCalls(bench.target, 'read', { is: 'failure', kind: 'throttled', retryAfterMs: 30_000 })
    await bench.deliver([row(1, { family: 'Other' }), row(2)])
    await bench.work()
    expect(await standing()).toEqual([{ paused: null, resting: true, open: false }])
    bench.target.calls.length = 0
    await bench.deliver([row(1, { family: 'Other' }), row(2, { status: 'left' })])
    const urgent = site.worker()
    await urgent.pump('bulk')
    expect(bench.target.calls).toEqual([])
    await urgent.pump('urgent')
    expect(site.user(2)?.lock).toBe('closed')
    await urgent.stop(second)
    await bench.rest()
    expect(site.user(1)?.profile.name).toBe('Person1 Other')
  })

  test('throttled without a time rests a second, also when it is the lock-out that is throttled', async () => {
    await site.settle(row(1))
    nextCalls(bench.target, 'lock', { is: 'failure', kind: 'throttled' })
    await bench.deliver([row(1, { status: 'left' })])
    await bench.work()
    expect(await standing()).toMatchObject([{ resting: true }])
    await bench.rest()
    expect(await site.lockouts()).toMatchObject([{ proven: true }])
  })

  test('and refuses our login is paused for everything, alarmed, until a person resumes it', async () => {
    await site.settle(row(1))
    nextCalls(bench.target, 'lock', { is: 'failure', kind: 'unauthenticated' })
    await bench.deliver([row(1, { status: 'left' })])
    await bench.rest()
    expect(await standing()).toMatchObject([{ paused: 'memory.unauthenticated' }])
    expect(await bench.alarms()).toContain('target.paused')
    bench.target.calls.length = 0
    await bench.pass(minute)
    const paused = site.worker()
    await paused.pump('urgent')
    await paused.stop(second)
    expect(bench.target.calls).toEqual([])
    await resumeByHand(bench.context, 'doors', bench.operator, 'new password')
    await bench.rest()
    expect(site.user()?.lock).toBe('closed')
  })

  test('opens its breaker after some failures in a row; then lock-outs probe, and the first success closes it', async () => {
    await site.settle(row(1), row(2))
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
    expect([site.user(1)?.profile.name, site.user(2)?.profile.name]).toEqual(['Person1 Other', 'Person2 Other'])
  })

  test('for a whole day: nothing is lost and nothing is done twice', async () => {
    await site.settle(row(1))
    bench.target.fault = () => ({ is: 'failure', kind: 'transient' })
    await bench.deliver([row(1, { status: 'left' }), row(2)])
    for (let i = 0; i < 24; i++) {
      await bench.work()
      await bench.pass(60 * minute)
    }
    bench.target.fault = () => null
    await bench.rest()
    expect([site.user(1)?.lock, site.user(2)?.lock, await site.work()]).toEqual(['closed', 'open', []])
    expect(bench.target.users.size).toBe(2)
  })

  test('is told once, not for each account and try, and once more when work goes on', async () => {
    await site.settle(row(1), row(2), row(3))
    bench.target.fault = () => ({ is: 'failure', kind: 'transient' })
    await bench.deliver([1, 2, 3].map((who) => row(who, { status: 'left' })))
    const worker = site.worker()
    const told = () => bench.logged.filter(({ event }) => event === 'work.retry' || event === 'work.goes-on')
    for (let tries = 0; tries < 10; tries++) {
      await worker.pump('urgent')
      await bench.pass(2 * second)
    }
    expect(told()).toMatchObject([{ event: 'work.retry', fields: { target: 'doors', code: 'memory.transient' } }])
    bench.target.fault = () => null
    await until('all are out', async () => {
      await worker.pump('urgent')
      return [1, 2, 3].every((who) => site.user(who)?.lock === 'closed')
    })
    await worker.stop(second)
    expect(told().slice(1)).toMatchObject([{ event: 'work.goes-on', fields: { target: 'doors' } }])
  })

  test('refuses one account again and again: told once for each reason', async () => {
    await site.settle(row(1))
    const reasons: ('rejected' | 'conflict')[] = [
      'rejected',
      'rejected',
      'rejected',
      'conflict',
      'conflict',
      'rejected',
    ]
    bench.target.fault = ({ verb }) => {
      const kind = verb === 'read' ? reasons.shift() : undefined
      return kind === undefined ? null : { is: 'failure', kind }
    }
    await bench.deliver([row(1, { status: 'left' })])
    await bench.rest()
    const told = bench.logged.filter(({ event }) => event === 'work.retry').map(({ fields }) => fields.code)
    expect(told).toEqual(['memory.rejected', 'memory.conflict', 'memory.rejected'])
  })

  test.each([
    ['conflict', 'memory.conflict'],
    ['rejected', 'memory.rejected'],
  ] as const)('a call that ends in %s again and again is a dead letter in the end', async (kind, code) => {
    await site.settle(row(1))
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'failure', kind } : null)
    await site.settle(row(1, { family: 'Other' }))
    expect(await site.work()).toMatchObject([{ dead: true }])
    expect((await site.account()).failures).toEqual({ account: { kind, code } })
  })

  test('a bug of the connector is told by its class, counts as unknown and is tried again', async () => {
    await site.settle(row(1))
    nextCalls(bench.target, 'put', { is: 'bug' })
    await site.settle(row(1, { family: 'Other' }))
    expect(bench.logged).toContainEqual({ event: 'engine.unexpected', fields: { target: 'doors', code: 'TypeError' } })
    expect([site.user()?.profile.name, await site.work()]).toEqual(['Person1 Other', []])
  })
})

describe('leases', () => {
  test('a worker that dies at whatever step is followed by another, and the account ends as desired', {
    timeout: 120_000,
  }, async () => {
    for (let steps = 1; ; steps++) {
      bench = await engine.begin()
      site = new Site(bench)
      await site.settle(row(1))
      await bench.deliver([row(1, { family: 'Other', department: 'Sales' })])
      const dying = mortal(bench.context, bench.setup, steps)
      await bench.work(dying).catch(() => undefined)
      await bench.rest()
      expect([site.user()?.profile.name, site.levels(), await site.work()], `after ${steps} steps`).toEqual([
        'Person1 Other',
        ['Main'],
        [],
      ])
      if (!dying.dead()) return
    }
  })

  test('a worker whose lease ran out and was taken over writes nothing into the store', async () => {
    await site.settle(row(1))
    nextCalls(bench.target, 'put', { is: 'meanwhile', run: takeOver })
    async function takeOver() {
      await bench.pass(5 * second)
      await bench.work()
    }
    await bench.deliver([row(1, { family: 'Other' })])
    const slow = site.worker()
    await slow.pump('bulk')
    await slow.stop(second)
    await bench.rest()
    expect([site.user()?.profile.name, (await site.account()).applied, await site.work()]).toEqual([
      'Person1 Other',
      2,
      [],
    ])
  })

  test('are renewed while a run takes long, so that nobody takes the account over', async () => {
    await site.settle(row(1))
    nextCalls(bench.target, 'put', { is: 'meanwhile', run: () => sleep(2_000) })
    await bench.deliver([row(1, { family: 'Other' })])
    const slow = site.worker()
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
    expect(site.user()?.profile.name).toBe('Person1 Other')
  })

  test('a stop lets running accounts finish and gives the rest back at once', async () => {
    await site.settle(...Array.from({ length: 12 }, (_, i) => row(i)))
    bench.target.calls.length = 0
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'meanwhile', run: () => gate } : null)
    await bench.deliver(Array.from({ length: 12 }, (_, i) => row(i, { family: 'Other' })))
    const busy = site.worker()
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
    await site.settle(row(1))
    nextCalls(bench.target, 'put', { is: 'hanging', lands: 'late' })
    await bench.deliver([row(1, { family: 'Other' })])
    const busy = site.worker()
    const pump = busy.pump('bulk')
    await until('the put hangs', () => bench.target.calls.at(-1)?.verb === 'put')
    await busy.stop(50)
    await pump
    expect(await site.work()).toMatchObject([{ verify: true }])
    bench.target.land()
    await bench.rest()
    expect([site.user()?.profile.name, await site.work()]).toEqual(['Person1 Other', []])
  })

  test('work that went missing from the list is put back, a lock-out in its lane', async () => {
    await site.settle(row(1), row(2))
    await bench.deliver([row(1, { family: 'Other' }), row(2, { status: 'left' })])
    await bench.rows('delete from account_work')
    await bench.rest()
    expect([site.user(1)?.profile.name, site.user(2)?.lock]).toEqual(['Person1 Other', 'closed'])
    expect(bench.logged).toContainEqual({ event: 'work.restored', fields: { count: 2 } })
  })

  test('nothing is written to a target that is only observed', async () => {
    await bench.deliver([row(1)])
    const observing = startTargetWorker(bench.context, { ...bench.setup, declaredEnabled: false }, () => 'read-back')
    await observing.pump('bulk')
    await observing.stop(second)
    expect(bench.target.calls).toEqual([])
  })
})

test('a run whose end the store would not take is looked at once more, though its process stops in order', async () => {
  await site.settle(row(1))
  nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'late' })
  await bench.deliver([row(1, { family: 'Other' })])
  const { pool } = bench.context.database
  const away = { query: pool.query.bind(pool), connect: () => Promise.reject(new Error('no more connections')) }
  const context = Object.create(bench.context, {
    database: { value: { ...bench.context.database, pool: away } },
  }) as typeof bench.context
  const stopping = startTargetWorker(context, bench.setup, () => 'read-back')
  await stopping.pump('bulk')
  await stopping.stop(second)
  expect(bench.logged.map(({ event }) => event)).toContain('work.not-settled')
  await bench.deliver([row(1, { family: 'Third' })])
  await bench.work()
  expect([site.user()?.profile.name, await site.work()]).toMatchObject(['Person1 Third', [{ verify: true }]])
  expect(bench.target.land()).toBe(1)
  await bench.rest()
  expect([site.user()?.profile.name, await site.work()]).toEqual(['Person1 Third', []])
})

test('what became desired after the claim is not set out for before it is noted: a process that dies then leaves nothing that nobody takes away', async () => {
  await site.settle(row(1, { department: 'Sales' }))
  await bench.deliver([row(1, { department: 'Sales', family: 'Other' })])
  const { pool } = bench.context.database
  let loads = 0
  let dead = false
  const dying = {
    async query(text: string, values?: unknown[]) {
      if (dead) throw new Error('the process is dead')
      if (text.includes('e.id as erasing') && ++loads === 1) await bench.deliver([row(1, { family: 'Other' })])
      return pool.query(text, values)
    },
    connect: () => Promise.reject(new Error('no more connections')),
  }
  const context = Object.create(bench.context, {
    database: { value: { ...bench.context.database, pool: dying } },
  }) as typeof bench.context
  const worker = startTargetWorker(context, bench.setup, () => 'read-back')
  await worker.pump('bulk')
  dead = true
  await expect(worker.stop(second)).rejects.toThrow('dead')
  expect(site.levels()).toEqual(['Lab', 'Main'])
  await bench.deliver([row(1, { department: 'Sales', family: 'Other' })])
  await bench.rest()
  expect([site.levels(), await site.work()]).toEqual([['Main'], []])
})
