import { beforeEach, describe, expect, test } from 'vitest'
import { h10301 } from '../../model/card.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import type { TargetUser } from '../fixtures/memory-target.fixture.ts'
import { linkByHand } from '../match/adopt.ts'
import { existing, match } from '../match/match.fixture.ts'
import { lockPerson } from '../operator.ts'
import { markRestored, settleTarget } from './restored.ts'
import { sweepCounts } from './sweep-counts.ts'
import { sweepIfDue } from './sweep-target.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
  await settle(many(10))
})

const many = (count: number, more: Partial<HrRow> = {}) =>
  Array.from({ length: count }, (_, who) => hrRow(who, { card: who === 0 ? '' : `${100 + who}`, ...more }))
const settle = async (rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
const sweep = () =>
  sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
const user = (who: number) => bench.target.users.get(`n${who}`) as TargetUser
const found = async () =>
  (await bench.rows<{ class: string; part: string }>('select class, part from drift order by class, part')).map(
    ({ class: is, part }) => `${is} ${part.replace(/^card:.*/, 'card')}`.trim(),
  )
const reads = () => bench.target.calls.filter(({ verb }) => verb === 'read').length

test('counts of a sweep that somebody else wrote are none', () => {
  const counts = { accounts: 3, linked: 2, withoutPerson: 1, untouchable: 0, changed: 0 }
  expect(sweepCounts(JSON.stringify(counts))).toEqual(counts)
  expect([sweepCounts(null), sweepCounts('null'), sweepCounts('{"accounts":')]).toEqual([null, null, null])
})

describe('a sweep', () => {
  test('tells of a level that the catalogue does not know yet by the id that the target gives it', async () => {
    user(1).levels.add('id of Annex')
    await sweep()
    expect(await found()).toEqual(['level-added level:id of Annex'])
  })

  test('tells of a card whose number the target shows to nobody, once, and leaves it alone', async () => {
    user(1).cards.set('phone', { card: h10301(9, 9), state: 'on' })
    bench.target.unreadable.add('phone')
    await sweep()
    await sweep()
    await settle(many(10, { family: 'Other' }))
    expect([await found(), user(1).cards.get('phone')?.state]).toEqual([['card-added card'], 'on'])
    expect(user(1).profile.name).toBe('Person1 Other')
    await settle([...many(1), hrRow(1, { status: 'left', card: '101' }), ...many(10).slice(2)])
    // Whoever is shut out is so with every card.
    expect(user(1).cards.get('phone')?.state).toBe('blocked')
  })

  test('looks at an extra account only for whether it is there, and shut', async () => {
    bench.target.users.set('x1', existing({ name: 'Somebody', levels: ['Vault'] }))
    await match(bench)
    const person = await bench.personOf('n1')
    await linkByHand(bench.context, 'doors', 'x1', person, bench.operator, 'second badge', bench.brakes)
    await bench.rest()
    const extra = bench.target.users.get('x1') as TargetUser
    extra.profile.name = 'Somebody Else'
    extra.levels.add('id of Lab')
    await sweep()
    expect(await found()).toEqual([])
    await lockPerson(bench.context, person, bench.operator, 'badge lost')
    await bench.rest()
    extra.lock = 'open'
    await sweep()
    expect(await found()).toEqual(['opened'])
    await bench.rest()
    expect(extra.lock).toBe('closed')
  })

  test('finds who is locked out and was opened in a list that shows neither cards nor levels', async () => {
    await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'badge lost')
    await bench.rest()
    bench.target.shallow = true
    user(1).lock = 'open'
    await sweep()
    await bench.rest()
    expect([user(1).lock, await bench.alarms()]).toEqual(['closed', ['lockout.undone']])
  })

  test('takes what differs on accounts that nobody has seen since they were made for changed', async () => {
    await engine.tamper('update account set actual = null, actual_version = null')
    for (const { id } of many(6)) user(Number(id)).profile.name = 'Somebody'
    expect(await sweep()).toMatchObject({ changed: 6 })
    expect(await bench.alarms()).toEqual(['target.restored'])
  })

  test('of a target that is known to have forgotten asks for nobody singly but who is to be shut there', async () => {
    for (const { id } of many(6)) bench.target.users.delete(`n${id}`)
    await sweep()
    expect(await bench.alarms()).toEqual(['target.restored'])
    for (const { id } of many(10).slice(6)) user(Number(id)).profile.name = 'Somebody'
    bench.target.calls.length = 0
    await sweep()
    expect(reads()).toBe(0)
  })

  test('drops what somebody else wrote about strangers, and names them anew', async () => {
    await match(bench)
    bench.target.users.set('intruder', existing({ name: 'No One' }))
    await sweep()
    const before = await bench.rows('select id from drift')
    await engine.tamper(`update drift set class = 'unknown-account', found_at = found_at - interval '1 day'`)
    await sweep()
    await sweep()
    expect(await found()).toEqual(['unknown-account'])
    expect(await bench.rows('select id from drift')).not.toEqual(before)
  })
})

describe('a target that forgot', () => {
  const mark = (changed = 10) => markRestored(bench.context, 'doors', changed, bench.context.now())
  const release = () => settleTarget(bench.context, 'doors', bench.operator, 'the right server', bench.brakes)
  const marks = () => bench.rows(`select 1 from audit_pending where action = 'target.restored'`)

  test('is noted once, however many notice', async () => {
    expect([await mark(), await mark()]).toEqual([true, true])
    expect(await marks()).toHaveLength(1)
  })

  test('is not noted in a row that somebody else wrote: that stops all but lock-outs already', async () => {
    await engine.tamper(`update target set mode = 'enabled'`)
    expect(await mark()).toBe(false)
    expect(await marks()).toEqual([])
    expect(await bench.alarms()).toEqual(['guard.failed'])
  })

  test('is settled once, of two people who say so at the same time', async () => {
    await mark()
    const said = await Promise.allSettled([release(), release()])
    expect(said.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(said.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'target.not-restored' } })
  })

  test('is brought back also by rules that name levels elsewhere, or that nobody offers', async () => {
    bench.policy([
      { grant: ['doors/Main', 'doors/Cellar', 'annex/Main'], to: 'true' },
      { grant: ['doors/Lab'], to: 'employment.department == "Research"' },
    ])
    await mark()
    for (const { id } of many(10)) user(Number(id)).levels.clear()
    expect(await release()).toEqual({ accounts: 10 })
    await bench.rest()
    expect([...user(0).levels].sort()).toEqual(['id of Lab', 'id of Main'])
  })
})
