import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import type { DriftChoice, DriftKindName } from '../../model/drift.ts'
import { type Bench, day, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import type { TargetUser } from '../fixtures/memory-target.fixture.ts'
import { sweepIfDue } from './sweep-target.ts'
import { acceptByHand, type DriftChosen, revertByHand, withdrawByHand } from './take-side.ts'

const engine = useEngine()
let bench: Bench

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { card: `${100 + who}`, ...more })
const many = (count = 12, more: Partial<HrRow> = {}) => Array.from({ length: count }, (_, who) => row(who, more))
const user = (who = 1) => bench.target.users.get(`n${who}`) as TargetUser
const levels = (who = 1) => [...user(who).levels].map((id) => id.replace('id of ', '')).sort()
const sweep = () =>
  sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
const bring = async (rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
/** A sweep, and whatever comes of it. */
const mend = async () => {
  await sweep()
  await bench.rest()
}
const choose = (choices: Partial<Record<DriftKindName, DriftChoice>>, authoritative = bench.setup.authoritative) =>
  Object.assign(bench.setup, { drift: { ...bench.setup.drift, ...choices }, authoritative })
const drifts = async () =>
  (
    await bench.rows<{ class: string; accepted: boolean }>(
      'select class, accepted_at is not null as accepted from drift order by class, accepted',
    )
  ).map(({ class: is, accepted }) => (accepted ? `${is} accepted` : is))
const told = async (action: string) =>
  (await bench.rows('select 1 from audit_pending where action = $1', [action])).length
const accountOf = async (who: number) => {
  const [of] = await bench.rows<{ id: string }>('select id from account where person_id = $1', [
    await bench.personOf(`n${who}`),
  ])
  return of?.id
}
const by = () => ({ subject: bench.operator, isAdmin: false, reason: 'seen' })
const accept = (chosen: DriftChosen) => acceptByHand(bench.context, 'doors', chosen, by())
const revert = (chosen: DriftChosen) => revertByHand(bench.context, 'doors', chosen, by())
const withdraw = (chosen: DriftChosen) => withdrawByHand(bench.context, 'doors', chosen, by())

beforeEach(async () => {
  bench = await engine.begin()
  await bring(many())
})

describe('an account of which something else comes back each time', () => {
  const add = (number: number) => user().cards.set(cardKey(h10301(9, number)), { card: h10301(9, number), state: 'on' })
  const rounds = async (from: number, to: number) => {
    for (let number = from; number <= to; number++) {
      add(number)
      await bench.pass(15 * minute)
      await mend()
    }
  }

  beforeEach(() => choose({ card_added: 'revert' }))

  test('is fought over as a whole after ten times, until somebody takes a side or a week is over', async () => {
    await rounds(1, 10)
    expect([user().cards.size, await bench.alarms(), await told('drift.reverted')]).toEqual([1, [], 10])
    await rounds(11, 13)
    expect([user().cards.size, await bench.alarms()]).toEqual([4, ['drift.fight']])
    expect([await told('drift.reverted'), await told('drift.fought')]).toEqual([10, 1])
    const [noted] = await bench.rows<{ owned: string }>(`select owned from account where owned like '%fought%'`)
    expect((JSON.parse(noted?.owned ?? '') as { reverts: unknown[] }).reverts).toHaveLength(11)
    await accept({ class: 'card-added' })
    expect(await bench.alarms()).toEqual([])
    await rounds(14, 14)
    expect([user().cards.size, await bench.alarms()]).toEqual([5, ['drift.fight']])
    await revert({ class: 'card-added' })
    await bench.rest()
    expect([user().cards.size, await bench.alarms()]).toEqual([4, []])
    await bench.pass(8 * day)
    await rounds(15, 15)
    expect([user().cards.size, await bench.alarms()]).toEqual([4, []])
  })

  test('has no more noted of it at once than fifty parts', async () => {
    for (let number = 1; number <= 60; number++) add(number)
    await mend()
    expect(user().cards.size).toBe(11)
    await mend()
    expect(user().cards.size).toBe(1)
  })

  test('is not undone more often, nor the brake loosened, by whoever puts older notes back', async () => {
    await bench.pass(15 * minute)
    const before = await bench.rows<{ id: string; owned: string; owned_guard: Buffer }>(
      'select id, owned, owned_guard from account',
    )
    for (let number = 1; number <= 12; number++) {
      add(100)
      await bench.pass(15 * minute)
      await mend()
      for (const { id, owned, owned_guard } of before)
        await engine.tamper('update account set owned = $2, owned_guard = $3 where id = $1', [id, owned, owned_guard])
    }
    expect([await told('drift.reverted'), user().cards.size]).toEqual([10, 2])
    for (const who of [2, 3, 4, 5, 6]) user(who).cards.set('new', { card: h10301(9, who), state: 'on' })
    await mend()
    expect(await bench.alarms()).toContain('drift.braked')
  })
})

describe('a thief who writes to the database', () => {
  test('can not have it accepted that somebody lacks a right', async () => {
    user().levels.delete('id of Lab')
    await mend()
    await engine.tamper('update drift set accepted_at = now()')
    await bring([row(0), row(1, { family: 'Other' }), ...many().slice(2)])
    expect(levels()).toEqual(['Lab', 'Main'])
  })

  const leaves = () => bench.rows(`select 1 from account where owned like '%"leaves":%'`)
  const lab = (who: number) => levels(who).includes('Lab')

  test.each([
    ['by hand', 'report'],
    ['by the configuration', 'accept'],
    ['by hand, whose row is as it was before', 'revert'],
  ] as const)('can not have a right or a card given back that was left out %s', async (_, choice) => {
    const first = choice === 'accept' ? 'accept' : 'report'
    choose({ level_removed: first, card_removed: first })
    user().levels.delete('id of Lab')
    user().cards.clear()
    await sweep()
    const before = await bench.rows<{ id: string; guard: Buffer }>('select id, guard from drift')
    if (choice !== 'accept') {
      await accept({ class: 'level-removed' })
      await accept({ class: 'card-removed' })
    }
    if (choice === 'revert') {
      choose({ level_removed: 'revert', card_removed: 'revert' })
      for (const { id, guard } of before)
        await engine.tamper('update drift set accepted_at = null, accepted_by = null, guard = $2 where id = $1', [
          id,
          guard,
        ])
    } else await engine.tamper('delete from drift')
    await bring([row(0), row(1, { family: 'Other' }), ...many().slice(2)])
    expect([lab(1), user().cards.size, user().profile.name]).toEqual([false, 0, 'Person1 Other'])
    await mend()
    await bring([row(0), row(1, { family: 'Another' }), ...many().slice(2)])
    await mend()
    expect([lab(1), user().cards.size, await drifts()]).toEqual([
      false,
      0,
      ['card-removed accepted', 'level-removed accepted'],
    ])
    expect(await bench.alarms()).toEqual(['guard.failed'])
  })

  test('and what is there again, or may be left out no longer, is given as any other', async () => {
    user().levels.delete('id of Lab')
    user(2).levels.delete('id of Lab')
    await mend()
    await accept({ class: 'level-removed' })
    user().levels.add('id of Lab')
    await engine.tamper(`delete from drift where account_id = '${await accountOf(1)}'`)
    await mend()
    expect(await leaves()).toHaveLength(1)
    await withdraw({ class: 'level-removed' })
    user().levels.delete('id of Lab')
    await bring(many(12, { family: 'Other' }))
    expect([lab(1), lab(2), await leaves(), await bench.alarms()]).toEqual([true, true, [], []])
  })

  test('can not have a level taken away, or a block lifted', async () => {
    user(1).levels.add('id of Vault')
    user(2).lock = 'closed'
    await mend()
    await engine.tamper(
      `update account set owned = replace(owned, '"made":true,', '"made":true,"reverts":[{"class":"blocked","part":"","at":[],"now":true}],')`,
    )
    await bring(many(12, { family: 'Other' }))
    expect([levels(1), user(2).lock, await bench.alarms()]).toEqual([
      ['Lab', 'Main', 'Vault'],
      'closed',
      expect.arrayContaining(['guard.failed']),
    ])
  })

  test('can not pass off what he wrote as a drift to be undone', async () => {
    choose({ blocked: 'revert' })
    user().lock = 'closed'
    await engine.tamper(
      `insert into drift (id, target, account_id, external_digest, class, part, found_at, guard)
       select gen_random_uuid(), target, id, external_digest, 'blocked', '', now(), '\\x00' from account`,
    )
    await expect(revert({ class: 'blocked' })).rejects.toMatchObject({ code: 'drift.nothing' })
    expect([user().lock, await bench.alarms()]).toEqual(['closed', expect.arrayContaining(['guard.failed'])])
  })
})
