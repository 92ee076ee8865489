import { beforeEach, describe, expect, test } from 'vitest'
import type { FailureKind } from '../../model/failure.ts'
import { type Bench, day, second, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { type Fault, nextCalls, type TargetCall, type TargetUser } from '../fixtures/memory-target.fixture.ts'
import { enableTarget } from '../target-modes.ts'
import { adoptMatches, linkByHand } from './adopt.ts'
import { type Existing, existing, judged, match } from './match.fixture.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin({ enabled: false })
})

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const there = (users: Readonly<Record<string, Existing>>) => {
  for (const [id, of] of Object.entries(users)) bench.target.users.set(id, existing(of))
}
const user = (id: string) => bench.target.users.get(id) as TargetUser
const adopt = () => adoptMatches(bench.context, 'doors', bench.operator, 'looked through', bench.brakes)
const rules = (change: Partial<Bench['setup']['match']>) => {
  ;(bench.setup as { match: unknown }).match = { ...bench.setup.match, ...change }
}

describe('a look at a target', () => {
  test('leaves out whoever was deleted, or made an operator, after they were listed', async () => {
    await bench.deliver([row(1), row(2), row(3)])
    there({ n1: { name: 'Person1 Test' }, n2: { name: 'Person2 Test' }, n3: { name: 'Person3 Test' } })
    bench.target.shallow = true
    nextCalls(bench.target, 'read', {
      is: 'meanwhile',
      run: async () => {
        bench.target.users.delete('n2')
        user('n3').untouchable = true
      },
    })
    expect(Object.keys(await match(bench))).toEqual(['n1'])
  })

  test('goes on page by page, however many accounts there are', async () => {
    await bench.deliver([row(1)])
    there(Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`x${i}`, {}])))
    there({ n1: { name: 'Person1 Test' } })
    const found = await match(bench)
    expect(Object.values(found).filter(({ class: is }) => is === 'none')).toHaveLength(501)
    expect(found.n1?.class).toBe('certain')
  }, 60_000)

  test('knows nobody by a card where the rules leave cards out, nor by one whose number it does not tell', async () => {
    await bench.deliver([row(1, { card: '101' })])
    there({ x1: { cards: [101] } })
    expect((await match(bench)).x1?.class).toBe('probable')
    for (const ref of user('x1').cards.keys()) bench.target.unreadable.add(ref)
    expect((await match(bench)).x1?.class).toBe('none')
    bench.target.unreadable.clear()
    rules({ card: false })
    expect((await match(bench)).x1?.class).toBe('none')
  })

  test('takes a number that the account shows twice for one', async () => {
    rules({ employeeNumber: ['account-id', 'number'] })
    await bench.deliver([row(1)])
    there({ n1: { number: 'n1' } })
    expect((await match(bench)).n1).toMatchObject({ class: 'probable', reasons: ['employee-number', 'one-identifier'] })
  })

  test('that finds a fault of the connector has failed, and can be asked for again', async () => {
    await bench.deliver([row(1)])
    there({ n1: { name: 'Person1 Test' } })
    bench.target.shallow = true
    nextCalls(bench.target, 'read', { is: 'bug' })
    await match(bench)
    expect(await bench.rows('select state, code from match_run')).toEqual([{ state: 'failed', code: 'TypeError' }])
    expect((await match(bench)).n1?.class).toBe('certain')
  })
})

describe('an account that can not be read', () => {
  const failing = (kind: FailureKind): Fault => ({ is: 'failure', kind })
  /** Single reads of these accounts fail, always. */
  const unreadable = (kind: FailureKind, ...ids: readonly string[]) => {
    bench.target.shallow = true
    bench.target.fault = ({ verb, externalId }: TargetCall) =>
      verb === 'read' && ids.includes(externalId) ? failing(kind) : null
  }

  test.each(['rejected', 'transient', 'conflict'] as const)(
    'keeps no other from being judged, says why, and is linked by nobody (%s)',
    async (kind) => {
      await bench.deliver([row(1), row(2)])
      there({ n1: { name: 'Person1 Test' }, n2: { name: 'Person2 Test' } })
      unreadable(kind, 'n1')
      expect(await match(bench)).toEqual({
        n1: { class: 'unread', person: null, reasons: [`memory.${kind}`] },
        n2: { class: 'certain', person: await bench.personOf('n2'), reasons: ['employee-number', 'name'] },
      })
      expect(await adopt()).toEqual({ linked: 1, left: 0 })
      const person = await bench.personOf('n1')
      const linking = linkByHand(bench.context, 'doors', 'n1', person, bench.operator, 'seen', bench.brakes)
      await expect(linking).rejects.toMatchObject({ code: 'match.unread' })
    },
  )

  test('is read once more when one answer got lost', async () => {
    await bench.deliver([row(1)])
    there({ n1: { name: 'Person1 Test' } })
    bench.target.shallow = true
    nextCalls(bench.target, 'read', failing('transient'))
    expect((await match(bench)).n1?.class).toBe('certain')
  })

  test('is still known by what the list shows, so that another is not certain in its place', async () => {
    await bench.deliver([row(1, { card: '101' })])
    there({ n1: { name: 'Person1 Test' }, x1: { name: 'Person1 Test', cards: [101] } })
    unreadable('rejected', 'n1')
    expect(await match(bench)).toMatchObject({
      n1: { class: 'unread', person: null },
      x1: { class: 'ambiguous', reasons: ['card', 'name', 'several-accounts'] },
    })
  })

  test.each(['throttled', 'unauthenticated'] as const)('fails the look where all of the target is %s', async (kind) => {
    await bench.deliver([row(1)])
    there({ n1: { name: 'Person1 Test' } })
    unreadable(kind, 'n1')
    await match(bench)
    expect(await bench.rows('select state, code from match_run')).toEqual([{ state: 'failed', code: `memory.${kind}` }])
  })

  test('fails the look when most can not be read: up to twenty may be single accounts', async () => {
    await bench.deliver([row(1)])
    const accounts = (count: number) => Array.from({ length: count }, (_, i) => `x${i}`)
    there(Object.fromEntries(accounts(20).map((id) => [id, {}])))
    unreadable('rejected', ...accounts(21))
    expect(Object.values(await match(bench)).map(({ class: is }) => is)).toEqual(Array(20).fill('unread'))
    there({ x20: {} })
    await bench.pass(second)
    await match(bench)
    expect(await bench.rows('select state, code from match_run order by requested_at')).toEqual([
      { state: 'done', code: null },
      { state: 'failed', code: 'memory.rejected' },
    ])
    there(Object.fromEntries(accounts(42).map((id) => [id, {}])))
    await bench.pass(second)
    expect(Object.values(await match(bench)).filter(({ class: is }) => is === 'unread')).toHaveLength(21)
  })
})

describe('adoption', () => {
  test('leaves out whose row somebody changed since, and whose account a worker is at; the others are linked', async () => {
    await bench.deliver([row(1), row(2), row(3)])
    there({ n1: { name: 'Person1 Test' }, n2: { name: 'Person2 Test' }, n3: { name: 'Person3 Test' } })
    await match(bench)
    await engine.tamper('update person set protected = true where id = $1', [await bench.personOf('n1')])
    await engine.tamper(
      `insert into account_work (account_id, target, lane, lease_until)
       select id, target, 'bulk', now() + interval '1 h' from account where person_id = $1`,
      [await bench.personOf('n2')],
    )
    expect(await adopt()).toEqual({ linked: 1, left: 2 })
    expect(await judged(bench)).toMatchObject({
      n1: { class: 'certain' },
      n2: { class: 'certain' },
      n3: { class: 'linked' },
    })
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('takes an end that somebody set by hand for what it is, and plans the one that is wanted', async () => {
    await bench.deliver([row(1)])
    there({ n1: { name: 'Person1 Test', department: 'Sales', levels: ['Main'] } })
    user('n1').validity = { from: null, until: '2026-06-01T00:00:00.000Z' }
    await match(bench)
    await adopt()
    const planned = await bench.rows(
      `select c.part from plan_change c join plan p on p.id = c.plan_id where p.state = 'held'`,
    )
    expect(planned).toEqual([{ part: 'validity' }])
  })

  test('of somebody who left long ago takes their card for theirs, and shuts it with the account', async () => {
    await bench.deliver([row(1, { card: '101' })])
    await bench.deliver([row(1, { card: '101', status: 'left' })])
    await bench.pass(8 * day)
    await bench.followCalendar()
    there({ n1: { name: 'Person1 Test', cards: [101], levels: ['Main'] } })
    await match(bench)
    expect(await adopt()).toEqual({ linked: 1, left: 0 })
    await enableTarget(bench.context, 'doors', bench.operator, 'accounts matched')
    await bench.followCalendar()
    await bench.work()
    expect([user('n1').lock, [...user('n1').cards.values()].map(({ state }) => state)]).toEqual(['closed', ['blocked']])
  })
})
