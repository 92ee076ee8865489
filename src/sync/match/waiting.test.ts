/** Nobody is made a second account by a plan: who may have one already waits for a person, and nothing that a thief writes ends that. */
import { beforeEach, describe, expect, test } from 'vitest'
import { appendOnce } from '../../audit/append.ts'
import { openAuditPage } from '../../audit/page.ts'
import type { PersonId, PlanId } from '../../model/id.ts'
import { type Bench, day, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { addGrant } from '../grants.ts'
import { lockPerson } from '../operator.ts'
import { enableTarget, modesOf } from '../target-modes.ts'
import { adoptMatches, linkByHand } from './adopt.ts'
import { leaveByHand } from './leave.ts'
import { type Existing, existing, match } from './match.fixture.ts'
import { countWaiting } from './waiting.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin({ enabled: false })
})

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const there = (users: Readonly<Record<string, Existing>>) => {
  for (const [id, of] of Object.entries(users)) bench.target.users.set(id, existing(of))
}
const accounts = () => [...bench.target.users.keys()].sort()
const person = (who: number): Promise<PersonId> => bench.personOf(`n${who}`)
const enable = () => enableTarget(bench.context, 'doors', bench.operator, 'accounts matched')
const link = async (account: string, who: number) =>
  linkByHand(bench.context, 'doors', account, await person(who), bench.operator, 'seen', bench.brakes)
const leave = (of: { account: string } | { person: PersonId }) =>
  leaveByHand(bench.context, 'doors', of, bench.operator, 'not theirs', bench.brakes)
const waiting = async (origin: string | null = null) => {
  const { pool } = bench.context.database
  return (await countWaiting(pool, bench.context, await modesOf(pool, bench.context), origin)).get('doors') ?? 0
}
const created = async () => {
  const rows = await bench.rows<{ person_id: PersonId }>(
    `select a.person_id from plan_change c join plan p on p.id = c.plan_id join account a on a.id = c.account_id
      where p.state = 'held' and c.kind = 'create'`,
  )
  return rows.map(({ person_id }) => person_id)
}
const releaseAll = async () => {
  for (const { id } of await bench.rows<{ id: PlanId }>(`select id from plan where state = 'held'`))
    await bench.release(id)
  await bench.rest()
}
const refusedAsObserved = (error: unknown) => expect(error).toMatchObject({ code: 'plan.observed' })

describe('who may have an account already', () => {
  // The first is known there by nothing but the name, and the second not at all.
  beforeEach(async () => {
    await bench.deliver([row(1), row(2)])
    there({ old: { name: 'Person1 Test' } })
    await match(bench)
    await enable()
  })

  test('is made none by a plan from before the match, and is in none that is made after it', async () => {
    await releaseAll()
    expect(accounts()).toEqual(['n2', 'old'])
    await bench.deliver([row(1), row(2), row(3)])
    expect(await created()).not.toContain(await person(1))
    await releaseAll()
    expect(accounts()).toEqual(['n2', 'n3', 'old'])
    expect([await waiting(), await waiting('source:hr'), await waiting('policy')]).toEqual([1, 1, 0])
  })

  test('gets that account when it is linked', async () => {
    await link('old', 1)
    await releaseAll()
    expect([accounts(), await waiting()]).toEqual([['n2', 'old'], 0])
  })

  test.each(['account', 'person'] as const)('is made an own one when the %s is left', async (of) => {
    await releaseAll()
    await leave(of === 'account' ? { account: 'old' } : { person: await person(1) })
    await bench.rest()
    expect([accounts(), await waiting()]).toEqual([['n1', 'n2', 'old'], 0])
    const audited = await bench.rows(`select from audit_pending where action = 'match.left'`)
    expect(audited).toHaveLength(1)
    await appendOnce(bench.context.database.pool, bench.context.vault)
    const trail = await openAuditPage(bench.context.database.pool, bench.context.vault, 0, 2000)
    const details = trail.findLast(({ action }) => action === 'match.left')?.details
    expect(details).toMatchObject({ target: 'doors' })
    // The id of an account may be a personnel number, and stands under no person's key.
    expect(JSON.stringify(details)).not.toContain('old')
  })

  test('waits again by the next match, whoever was left before', async () => {
    await leave({ person: await person(1) })
    await match(bench)
    await releaseAll()
    expect([accounts(), await waiting()]).toEqual([['n2', 'old'], 1])
  })

  test('is made none by a right that is given by name either', async () => {
    await releaseAll()
    const until = new Date(bench.context.now().getTime() + day).toISOString().replace(/\.\d+Z$/, 'Z')
    await addGrant(bench.context, await person(1), bench.operator, { level: 'doors/Vault', until, reason: 'audit' })
    await bench.rest()
    expect(accounts()).toEqual(['n2', 'old'])
  })

  test('is locked out of the account that they do have', async () => {
    await link('old', 1)
    await releaseAll()
    there({ other: { name: 'Person2 Test' } })
    await match(bench)
    for (const who of [1, 2]) await lockPerson(bench.context, await person(who), bench.operator, 'lost')
    await bench.rest()
    expect(['old', 'n2', 'other'].map((id) => bench.target.users.get(id)?.lock)).toEqual(['closed', 'closed', 'open'])
  })

  test.each([
    ['the rows', 'delete from match_row'],
    ['the look', 'delete from match_run'],
    ['whom it leads to', `update match_run set leads = '[]'`],
    ['that it led to anybody', 'update match_run set leads = null'],
    ['what was settled', `update match_run set settled = '[1]'`],
    ['that the target was matched', 'update target set match_id = null'],
    ['which match it was', 'update target set match_id = gen_random_uuid()'],
    ['that the account is linked', `update match_row set class = 'linked'`],
  ])('is made none by a thief who changes %s', async (_what, sql) => {
    await engine.tamper(sql)
    // Where even the mode of the target can't be trusted, nothing is released at all.
    await releaseAll().catch(refusedAsObserved)
    await bench.deliver([row(1), row(2), row(3)])
    await releaseAll().catch(refusedAsObserved)
    expect(accounts()).not.toContain('n1')
  })

  test('waits on when a person enables a target whose row somebody changed: whether it was matched is not known any more', async () => {
    await engine.tamper('update target set match_id = null')
    await enable()
    await bench.deliver([row(1), row(2), row(3)])
    await releaseAll()
    expect([accounts(), await waiting()]).toEqual([['old'], 3])
    await match(bench)
    await bench.deliver([row(1), row(2), row(3), row(4)])
    await releaseAll()
    expect(accounts()).toEqual(['n2', 'n3', 'n4', 'old'])
  })

  test('is told what can not be left', async () => {
    await expect(leave({ account: 'nowhere' })).rejects.toMatchObject({ code: 'match.no-such-account' })
    await expect(leave({ person: await person(2) })).rejects.toMatchObject({ code: 'match.not-waiting' })
    there({ boss: { name: 'Person2 Test', untouchable: true }, nobody: { name: 'No One' } })
    await match(bench)
    await expect(leave({ account: 'boss' })).rejects.toMatchObject({ code: 'match.untouchable' })
    await expect(leave({ account: 'nobody' })).rejects.toMatchObject({ code: 'match.not-waiting' })
    await link('old', 1)
    await expect(leave({ account: 'old' })).rejects.toMatchObject({ code: 'match.already-linked' })
    await engine.tamper(`update match_row set class = 'none'`)
    await expect(leave({ account: 'old' })).rejects.toMatchObject({ code: 'match.forged' })
    await engine.tamper(`update match_run set settled = '[1]'`)
    await expect(leave({ account: 'old' })).rejects.toMatchObject({ code: 'match.forged' })
  })
})

test('of two whom one account may be, the other is made one as soon as it is linked', async () => {
  await bench.deliver([row(1, { given: 'Ada' }), row(2, { given: 'Ada' })])
  there({ old: { name: 'Ada Test' } })
  await match(bench)
  await enable()
  await releaseAll()
  expect([accounts(), await waiting()]).toEqual([['old'], 2])
  await link('old', 1)
  await bench.rest()
  expect(accounts()).toEqual(['n2', 'old'])
})

test('who is certain waits as well until somebody adopts them', async () => {
  await bench.deliver([row(1, { card: '101' })])
  there({ old: { name: 'Person1 Test', cards: [101] } })
  await match(bench)
  await enable()
  await releaseAll()
  expect([accounts(), await waiting()]).toEqual([['old'], 1])
  await adoptMatches(bench.context, 'doors', bench.operator, 'seen', bench.brakes)
  expect(await waiting()).toBe(0)
})

test('at a target that was never matched, or was empty then, nobody waits', async () => {
  await expect(leave({ account: 'old' })).rejects.toMatchObject({ code: 'match.none' })
  await bench.deliver([row(1)])
  expect(await created()).toHaveLength(1)
  await match(bench)
  await enable()
  await releaseAll()
  expect([accounts(), await waiting()]).toEqual([['n1'], 0])
})
