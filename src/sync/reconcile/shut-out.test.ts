import { beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../../test/support/servers.ts'
import { ConnectorError } from '../../connector/errors.ts'
import { type Bench, second, useEngine } from '../fixtures/engine.fixture.ts'
import type { HrRow } from '../fixtures/hr-file.fixture.ts'
import { nextCalls } from '../fixtures/memory-target.fixture.ts'
import { lockPerson, unlockPerson } from '../operator.ts'
import { row, Site } from './site.fixture.ts'
import { startTargetWorker } from './worker.ts'

const engine = useEngine()
let bench: Bench
let site: Site
beforeEach(async () => {
  bench = await engine.begin()
  site = new Site(bench)
})

describe('a lock-out', () => {
  test('sends lock fields only, and is proven by a read of its own', async () => {
    await site.settle(row(1))
    bench.target.calls.length = 0
    await site.settle(row(1, { status: 'left', family: 'Other' }))
    expect(bench.target.calls.map(({ verb }) => verb)).toEqual(['lock', 'read'])
    expect(site.user()).toMatchObject({ lock: 'closed', profile: { name: 'Person1 Test' } })
    expect([site.card()?.state, site.levels()]).toEqual(['blocked', ['Lab', 'Main']])
    expect(await site.lockouts()).toEqual([{ cause: 'record', proven: true, proof: 'read-back', ended: false }])
  })

  test.each([
    ['the account', { status: 'left' }],
    ['a card', { cardState: 'suspended' }],
  ] as const)(
    'that a reader refused, by the word of the target, claims no more than that it was accepted: %s',
    async (_of, more) => {
      await site.settle(row(1))
      const { accounts } = bench.target.connection
      const { apply } = accounts
      accounts.apply = async (change, signal) => ({ ...(await apply(change, signal)), reach: 'accepted' })
      await site.settle(row(1, more))
      expect(site.card()?.state).toBe('blocked')
      expect(await site.lockouts()).toMatchObject([{ proven: true, proof: 'accepted' }])
    },
  )

  test('of an account that the target does not know is proven: nobody gets in with it', async () => {
    await site.settle(row(1))
    bench.target.users.clear()
    await site.settle(row(1, { status: 'left' }))
    expect(await site.lockouts()).toMatchObject([{ proven: true }])
  })

  test('of an account that is not shown, but may only be hidden by the word of the target, is not proven', async () => {
    await site.settle(row(1))
    const { accounts } = bench.target.connection
    const { apply } = accounts
    const hidden = new ConnectorError({ kind: 'rejected', code: 'memory.hidden' })
    accounts.apply = async () => ({ parts: [{ part: { kind: 'lock' }, outcome: 'failed', failure: hidden }] })
    bench.target.users.clear()
    await bench.deliver([row(1, { status: 'left' })])
    await bench.work()
    expect(await site.lockouts()).toMatchObject([{ proven: false }])
    expect((await site.account()).failures).toEqual({ lock: { kind: 'rejected', code: 'memory.hidden' } })
    accounts.apply = apply
    await bench.rest()
    expect(await site.lockouts()).toMatchObject([{ proven: true }])
  })

  test.each(['lock', 'card'] as const)(
    'is not proven while the %s stays open, is tried on and on, and never given up',
    async (part) => {
      await site.settle(row(1))
      bench.target.fault = ({ verb }) => (verb === 'lock' ? { is: 'parts', parts: [part], kind: 'rejected' } : null)
      await bench.deliver([row(1, { status: 'left' })])
      for (let i = 0; i < 10; i++) {
        await bench.work()
        await bench.pass(2 * second)
      }
      expect(await site.lockouts()).toMatchObject([{ proven: false }])
      expect(await site.work()).toMatchObject([{ lane: 'urgent', dead: false }])
      bench.target.fault = () => null
      await bench.rest()
      expect([await site.lockouts(), await site.work()]).toMatchObject([[{ proven: true }], []])
    },
  )

  test('accepted by the target but not to be seen in the read is not proven', async () => {
    await site.settle(row(1))
    const apply = bench.target.connection.accounts.apply.bind(bench.target.connection.accounts)
    bench.target.connection.accounts.apply = async () => ({ parts: [{ part: { kind: 'lock' }, outcome: 'applied' }] })
    await bench.deliver([row(1, { status: 'left' })])
    await bench.work()
    expect(await site.lockouts()).toMatchObject([{ proven: false }])
    expect((await site.account()).failures).toEqual({ lock: { kind: 'transient', code: 'engine.not-shut' } })
    bench.target.connection.accounts.apply = apply
    await bench.rest()
    expect(await site.lockouts()).toMatchObject([{ proven: true }])
  })

  test('runs whatever else failed on that account', async () => {
    await site.settle(row(1))
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'failure', kind: 'rejected' } : null)
    await site.settle(row(1, { family: 'Refused' }))
    expect(await site.work()).toMatchObject([{ dead: true }])
    await site.settle(row(1, { family: 'Refused', status: 'left' }))
    expect([site.user()?.lock, await site.lockouts()]).toMatchObject(['closed', [{ proven: true }]])
  })

  test('overtakes a put that is running, and what that put may still do is looked at again', async () => {
    await site.settle(row(1, { department: 'Sales' }))
    nextCalls(bench.target, 'put', { is: 'hanging', lands: 'late' })
    await bench.deliver([row(1)])
    const busy = site.worker()
    const bulk = busy.pump('bulk')
    await until('the put hangs', () => bench.target.calls.at(-1)?.verb === 'put')
    await bench.deliver([row(1, { status: 'left' })])
    await busy.pump('urgent')
    expect([site.user()?.lock, await site.lockouts()]).toMatchObject(['closed', [{ proven: true }]])
    await bulk
    await busy.stop(second)
    expect(await site.work()).toMatchObject([{ verify: true }])
    bench.target.land()
    await bench.rest()
    expect([site.user()?.lock, await site.work()]).toEqual(['closed', []])
  })

  test('looks again only when the target can carry out nothing late any more, however long that takes', async () => {
    const target = { ...bench.setup, lateWriteMs: 75 * second }
    const by = { context: bench.context, target }
    await site.settle(row(1))
    await site.settle(row(1, { status: 'left' }))
    nextCalls(bench.target, 'put', { is: 'hanging', lands: 'late' })
    await bench.deliver([row(1)])
    const busy = startTargetWorker(bench.context, target, () => 'read-back')
    const bulk = busy.pump('bulk')
    await until('the put hangs', () => bench.target.calls.at(-1)?.verb === 'put')
    await bench.deliver([row(1, { status: 'left' })])
    await busy.pump('urgent')
    await bulk
    await busy.stop(second)
    await bench.pass(45 * second)
    await bench.work(by)
    expect([site.user()?.lock, await site.work()]).toMatchObject(['closed', [{ verify: true }]])
    bench.target.land()
    expect(site.user()?.lock).toBe('open')
    await bench.pass(31 * second)
    await bench.work(by)
    expect([site.user()?.lock, await site.work()]).toEqual(['closed', []])
  })

  test('overtakes accounts that wait their turn in a batch', async () => {
    await site.settle(...Array.from({ length: 12 }, (_, i) => row(i)))
    bench.target.calls.length = 0
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'hanging', lands: 'never' } : null)
    const moved = (more: Partial<HrRow> = {}) =>
      Array.from({ length: 12 }, (_, i) => row(i, { family: 'Other', ...(i === 11 ? more : {}) }))
    await bench.deliver(moved())
    const busy = site.worker()
    void busy.pump('bulk')
    await until('puts hang', () => bench.target.calls.filter(({ verb }) => verb === 'put').length >= 8)
    await bench.deliver(moved({ status: 'left' }))
    await busy.pump('urgent')
    expect([site.user(11)?.lock, await site.lockouts()]).toMatchObject(['closed', [{ proven: true }]])
    bench.target.fault = () => null
    await busy.stop(0)
    await bench.rest()
    expect(site.user(0)?.profile.name).toBe('Person0 Other')
  })

  test('that a stop cuts off is taken up by the next worker, and looked at again', async () => {
    await site.settle(row(1))
    nextCalls(bench.target, 'lock', { is: 'hanging', lands: 'late' })
    await bench.deliver([row(1, { status: 'left' })])
    const busy = site.worker()
    const pump = busy.pump('urgent')
    await until('the lock hangs', () => bench.target.calls.at(-1)?.verb === 'lock')
    await busy.stop(50)
    await pump
    expect(await site.work()).toMatchObject([{ lane: 'urgent', verify: true }])
    await bench.rest()
    expect([await site.lockouts(), await site.work()]).toMatchObject([[{ proven: true }], []])
  })

  test('that a person took back before it was proven is no longer pursued', async () => {
    await site.settle(row(1))
    await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'seen')
    await unlockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'seen', 1)
    await bench.rest()
    expect([site.user()?.lock, await site.lockouts()]).toMatchObject(['open', [{ proven: false, ended: true }]])
  })

  test('that HR took back before it was proven is no longer pursued either', async () => {
    await site.settle(row(1))
    await bench.deliver([row(1, { status: 'left' })])
    await bench.deliver([row(1)])
    await bench.rest()
    expect([site.user()?.lock, await site.lockouts(), await site.work()]).toMatchObject([
      'open',
      [{ proven: false, ended: true }],
      [],
    ])
  })

  test('that is decided while the proof of an earlier one is read stays urgent', async () => {
    await site.settle(row(1))
    const person = await bench.personOf('n1')
    await lockPerson(bench.context, person, bench.operator, 'seen')
    let reads = 0
    bench.target.fault = ({ verb }) =>
      verb === 'read' && ++reads === 1
        ? {
            is: 'meanwhile',
            async run() {
              await unlockPerson(bench.context, person, bench.operator, 'not them', 1)
              await lockPerson(bench.context, person, bench.operator, 'them after all')
            },
          }
        : null
    const worker = site.worker()
    await worker.pump('urgent')
    expect((await site.lockouts()).at(-1)).toMatchObject({ proven: true, ended: false })
    await worker.stop(1_000)
  })

  test('whose answer never came takes away what was given back only when no late write is feared any more', async () => {
    await site.settle(row(1))
    nextCalls(bench.target, 'lock', { is: 'unanswered', lands: 'at-once' })
    await bench.deliver([row(1, { status: 'left', cardState: 'returned' })])
    await bench.work()
    expect([site.user()?.lock, site.card()?.state]).toEqual(['closed', 'blocked'])
    expect(await site.work()).toMatchObject([{ lane: 'urgent', verify: true }])
    await bench.rest()
    expect([site.user()?.lock, site.card(), await site.work()]).toEqual(['closed', undefined, []])
  })

  test('whose answer never came is ours to lift, when HR takes the leaver back before anybody has read it', async () => {
    await site.settle(row(1))
    const answers = [{ is: 'unanswered', lands: 'at-once' } as const, { is: 'failure', kind: 'transient' } as const]
    bench.target.fault = ({ verb }) => (verb === 'lock' || verb === 'read' ? (answers.shift() ?? null) : null)
    await bench.deliver([row(1, { status: 'left' })])
    await bench.work()
    expect(site.user()?.lock).toBe('closed')
    await site.settle(row(1))
    expect([site.user()?.lock, site.card()?.state]).toEqual(['open', 'on'])
  })
})
