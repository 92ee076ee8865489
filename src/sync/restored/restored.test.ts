import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import type { PlanId } from '../../model/id.ts'
import { inTransaction } from '../../store/transaction.ts'
import { sweepIfDue } from '../drift/sweep-target.ts'
import { type Bench, day, second, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow, hrSource } from '../fixtures/hr-file.fixture.ts'
import { nextCalls, type TargetUser } from '../fixtures/memory-target.fixture.ts'
import { lockPerson, unlockPerson } from '../operator.ts'
import { startTargetWorker } from '../reconcile/worker.ts'
import { enableTarget, observeTarget } from '../target-modes.ts'
import { backUpStore } from './back-up.fixture.ts'
import { relockOnce } from './relock.ts'
import { settleRestore } from './settle.ts'
import { takeStock } from './take-stock.ts'

const engine = useEngine()
let bench: Bench

const backUp = () => backUpStore(engine, bench)
const signal = new AbortController().signal
const stock = () => takeStock(bench.context, bench.setup, signal)

/** A start after a restore: lock-outs, then the look at everybody, then whatever is due. */
async function start(): Promise<void> {
  await relockOnce(bench.context)
  await pump('urgent')
  await stock()
  await bench.rest()
}

async function pump(lane: 'urgent' | 'bulk'): Promise<void> {
  const worker = startTargetWorker(bench.context, bench.setup, () => 'read-back')
  await worker.pump(lane)
  await worker.stop(second)
}

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', card: `10${who}`, ...more })
const left = { status: 'left' } as const
const research = { department: 'Research' } as const

async function settle(...rows: readonly HrRow[]): Promise<void> {
  await bench.deliver(rows)
  await bench.rest()
}

/** Delivers after the restore; what is planned is looked at and released. */
async function deliver(...rows: readonly HrRow[]): Promise<void> {
  await settle(...rows)
  const plan = await bench.heldPlan()
  if (plan !== null) await bench.release(plan)
  await bench.rest()
}

const user = (who: number) => bench.target.users.get(`n${who}`) as TargetUser
const levels = (who: number) => [...user(who).levels].map((id) => id.replace('id of ', '')).sort()
const writes = () => bench.target.calls.filter(({ verb }) => verb !== 'read' && verb !== 'discover')
const events = () => bench.logged.map(({ event }) => event)
const changes = async () => {
  const found = await bench.rows<{ kind: string; part: string; held_for: string | null }>(
    `select c.kind, c.part, c.held_for from plan_change c join plan p on p.id = c.plan_id where p.state = 'held' order by 1, 2`,
  )
  return found.map(({ kind, part, held_for }) => `${kind} ${part.split(':')[0]} ${held_for}`)
}
const failures = async () =>
  (await bench.rows<{ failures: string }>('select failures from account where failures is not null')).map(
    (each) => each.failures,
  )

beforeEach(async () => {
  bench = await engine.begin()
})

describe('whoever is out when a store was restored', () => {
  test('is proven shut anew before anything is written elsewhere, and nobody else is touched', async () => {
    await settle(row(1, left), row(2), row(3))
    await settle(row(1, left), row(2, left), row(3))
    const restore = await backUp()
    // Somebody let them in again meanwhile: who was out when the backup was made is out.
    user(2).lock = 'open'
    await restore()
    await start()
    expect(user(2).lock).toBe('closed')
    expect(writes().map(({ verb, externalId }) => `${verb} ${externalId}`)).toEqual(['lock n2'])
    expect(
      await bench.rows(`select proof, proven_at is not null as proven from lockout where cause = 'restore'`),
    ).toEqual([{ proof: 'read-back', proven: true }])
    expect(events()).toContain('restore.relocked')
  })

  test('is put on the list once, and a lock-out that was open goes on', async () => {
    await settle(row(1), row(2))
    nextCalls(
      bench.target,
      'lock',
      ...Array.from({ length: 40 }, () => ({ is: 'failure', kind: 'transient' }) as const),
    )
    await bench.deliver([row(1, left), row(2)])
    await pump('urgent')
    const restore = await backUp()
    await restore()
    bench.target.fault = () => null
    await relockOnce(bench.context)
    await relockOnce(bench.context)
    expect(await bench.rows('select cause from lockout where proven_at is null')).toEqual([{ cause: 'record' }])
    await bench.rows('update target set rest_until = null, breaker_until = null, breaker_failures = 0')
    await pump('urgent')
    expect(user(1).lock).toBe('closed')
  })

  test('comes before everybody else: no bulk work begins, and nobody is looked at, until each was tried', async () => {
    await settle(row(1, left), row(2))
    await settle(row(1), row(2))
    await settle(row(1, left), row(2))
    const restore = await backUp()
    await restore()
    await stock()
    await relockOnce(bench.context)
    await stock()
    await pump('bulk')
    expect(bench.target.calls).toEqual([])
    await pump('urgent')
    await stock()
    expect(bench.target.calls.map(({ externalId }) => externalId)).toEqual(['n1', 'n2'])
  })

  test('and nothing happens at all in a store that was not restored', async () => {
    await settle(row(1, left), row(2))
    bench.target.calls.length = 0
    await relockOnce(bench.context)
    await stock()
    await settleRestore(bench.context)
    expect([bench.target.calls, events().filter((event) => event.startsWith('restore.'))]).toEqual([[], []])
  })
})

describe('what the target shows of an account', () => {
  test('stands where it is less than the backup had: nothing is granted again before somebody has released it', async () => {
    await settle(row(1, research), row(2))
    const restore = await backUp()
    user(1).levels.delete('id of Lab')
    user(1).cards.clear()
    await restore()
    await start()
    expect([levels(1), user(1).cards.size, writes()]).toEqual([['Main'], 0, []])
    await settle(row(1, research), row(2))
    expect([levels(1), await changes()]).toEqual([['Main'], ['grant card first-plan', 'grant level first-plan']])
    await bench.release((await bench.heldPlan()) as PlanId)
    await bench.rest()
    expect([levels(1), user(1).cards.size]).toEqual([['Lab', 'Main'], 1])
  })

  test('and is what the records say since, becomes ours, and is taken away when they say otherwise', async () => {
    await settle(row(1))
    const restore = await backUp()
    await settle(row(1, { ...research, card: '555', end: '2026-12-31', family: 'Married' }))
    const there = structuredClone(user(1))
    await restore()
    await start()
    expect(writes()).toEqual([])
    await deliver(row(1, { ...research, card: '555', end: '2026-12-31', family: 'Married' }))
    expect([user(1), writes()]).toEqual([there, []])
    await deliver(row(1, { card: '666', end: '2026-12-31', family: 'Married' }))
    expect([levels(1), [...user(1).cards.keys()]]).toEqual([['Main'], [cardKey(h10301(7, 666))]])
  })

  test('stays when nobody comes to want it: somebody gave it by hand', async () => {
    await settle(row(1))
    const restore = await backUp()
    user(1).levels.add('id of Vault')
    await restore()
    await start()
    await deliver(row(1, { family: 'Other' }))
    await deliver(row(1, { family: 'Another' }))
    expect([levels(1), user(1).profile.name]).toEqual([['Main', 'Vault'], 'Person1 Another'])
  })

  test('an account that is gone is made again only when somebody has released it', async () => {
    await settle(row(1), row(2))
    const restore = await backUp()
    bench.target.users.delete('n1')
    await restore()
    await start()
    expect(writes()).toEqual([])
    await settle(row(1), row(2))
    expect(await changes()).toEqual(['create account first-plan'])
    await bench.release((await bench.heldPlan()) as PlanId)
    await bench.rest()
    expect(levels(1)).toEqual(['Main'])
  })

  test('a card that was blocked since stays blocked until it is released, and then is ours to open', async () => {
    await settle(row(1))
    const restore = await backUp()
    for (const card of user(1).cards.values()) card.state = 'blocked'
    await restore()
    await start()
    await settle(row(1))
    expect([...user(1).cards.values()].map(({ state }) => state)).toEqual(['blocked'])
    expect(await changes()).toEqual(['grant card first-plan'])
    await bench.release((await bench.heldPlan()) as PlanId)
    await bench.rest()
    expect([...user(1).cards.values()].map(({ state }) => state)).toEqual(['on'])
  })

  test('what was to be taken away, or blocked, when the backup was made still is', async () => {
    await settle(row(1, research), row(2))
    nextCalls(bench.target, 'put', ...Array.from({ length: 9 }, () => ({ is: 'failure', kind: 'transient' }) as const))
    await bench.deliver([row(1, { cardState: 'suspended' }), row(2)])
    const restore = await backUp()
    await restore()
    bench.target.fault = () => null
    await start()
    expect([levels(1), [...user(1).cards.values()].map(({ state }) => state)]).toEqual([['Main'], ['blocked']])
  })

  test('another validity and another name stand, until a released plan says otherwise', async () => {
    await settle(row(1, { end: '2026-12-31' }))
    const restore = await backUp()
    const until = '2026-04-01T22:00:00.000Z'
    user(1).validity = { from: null, until }
    user(1).profile = { name: 'Somebody Renamed', department: 'Sales' }
    await restore()
    await start()
    expect([user(1).validity.until, writes()]).toEqual([until, []])
    await settle(row(1, { end: '2026-12-31' }))
    expect(await changes()).toEqual(['change validity first-plan'])
    await bench.release((await bench.heldPlan()) as PlanId)
    await bench.rest()
    expect(user(1)).toMatchObject({ profile: { name: 'Person1 Test' } })
    expect(user(1).validity.until).not.toBe(until)
  })

  test('an account that the target will not show is left as it was, and holds up nobody', async () => {
    await settle(row(1), row(2))
    const restore = await backUp()
    await restore()
    bench.target.fault = ({ verb, externalId }) =>
      verb === 'read' && externalId === 'n1' ? { is: 'failure', kind: 'rejected' } : null
    await start()
    expect(events()).toContain('restore.stock-taken')
  })

  test('a target that fails is asked again, from where it stopped', async () => {
    await settle(row(1), row(2))
    const restore = await backUp()
    await restore()
    await relockOnce(bench.context)
    nextCalls(bench.target, 'read', { is: 'failure', kind: 'transient' })
    await expect(stock()).rejects.toMatchObject({ kind: 'transient' })
    await pump('bulk')
    expect(writes()).toEqual([])
    await stock()
    expect(events()).toContain('restore.stock-taken')
  })

  test('what is decided while it is read counts, and it is read once more', async () => {
    await settle(row(1), row(2))
    const person = await bench.personOf('n1')
    const restore = await backUp()
    await restore()
    await relockOnce(bench.context)
    let once = true
    bench.target.fault = ({ verb, externalId }) => {
      if (verb !== 'read' || externalId !== 'n1' || !once) return null
      once = false
      return { is: 'meanwhile', run: () => lockPerson(bench.context, person, bench.operator, 'seen') }
    }
    await stock()
    await bench.rest()
    expect(user(1).lock).toBe('closed')
  })

  test('a paused target is not asked', async () => {
    await settle(row(1))
    const restore = await backUp()
    await restore()
    await relockOnce(bench.context)
    await inTransaction(bench.context.database.pool, (client) =>
      bench.context.standings.pause(client, 'doors', 'target.paused-by-hand', bench.context.now()),
    )
    await stock()
    expect(bench.target.calls).toEqual([])
  })

  test('one that is only observed is looked at, and nothing is written', async () => {
    await settle(row(1, left), row(2))
    await settle(row(1), row(2))
    await observeTarget(bench.context, 'doors', bench.operator, 'server moves')
    const restore = await backUp()
    await restore()
    await start()
    expect([writes(), events().includes('restore.stock-taken')]).toEqual([[], true])
    await enableTarget(bench.context, 'doors', bench.operator, 'looked at')
  })
})

describe('whoever was shut since the backup', () => {
  test('stays shut though the records say otherwise, is locked, and is let in by name', async () => {
    await settle(row(1), row(2))
    const person = await bench.personOf('n1')
    const restore = await backUp()
    await lockPerson(bench.context, person, bench.operator, 'card found on the street')
    await bench.rest()
    await restore()
    await start()
    await deliver(row(1, { family: 'Married' }), row(2))
    expect([user(1).lock, user(2).lock]).toEqual(['closed', 'open'])
    expect(await bench.rows('select id from person where locked_at is not null')).toEqual([{ id: person }])
    expect(await bench.alarms()).toContain('person.found-shut')
    await unlockPerson(bench.context, person, bench.operator, 'card was brought back', 8)
    await bench.rest()
    expect(user(1)).toMatchObject({ lock: 'open', profile: { name: 'Person1 Married' } })
    expect([...user(1).cards.values()].map(({ state }) => state)).toEqual(['on'])
    expect(await bench.alarms()).not.toContain('person.found-shut')
  })

  test('as a leaver stays out, whatever is planned and released', async () => {
    await settle(row(1), row(2))
    const restore = await backUp()
    await settle(row(1, left), row(2))
    await restore()
    await start()
    await deliver(row(1, left), row(2, { family: 'Other' }))
    expect([user(1).lock, user(2).lock]).toEqual(['closed', 'open'])
  })

  test('by a hand before the backup is not locked: that was known', async () => {
    await settle(row(1))
    user(1).lock = 'closed'
    await settle(row(1, { family: 'Other' }))
    const restore = await backUp()
    await restore()
    await start()
    expect(await bench.rows('select id from person where locked_at is not null')).toEqual([])
    expect(user(1).lock).toBe('closed')
  })

  test('with everybody else is not locked elsewhere: the target as a whole was shut', async () => {
    const all = Array.from({ length: 160 }, (_, who) => row(who + 1, { card: `${who + 1000}` }))
    await settle(...all)
    const restore = await backUp()
    for (const each of bench.target.users.values()) each.lock = 'closed'
    await restore()
    await start()
    const locked = await bench.rows('select id from person where locked_at is not null')
    expect(locked).toEqual([])
    expect(await bench.alarms()).toContain('restore.many-shut')
    expect([...bench.target.users.values()].every(({ lock }) => lock === 'closed')).toBe(true)
  })
})

describe('whoever joined since the backup', () => {
  test('has one account, which is known as ours by what we would have written', async () => {
    await settle(row(1))
    const restore = await backUp()
    await settle(row(1), row(2, research))
    const there = structuredClone(user(2))
    await restore()
    await start()
    await deliver(row(1), row(2, research))
    expect([user(2), bench.target.users.size, await failures(), writes()]).toEqual([there, 2, [], []])
    await deliver(row(1), row(2))
    expect(levels(2)).toEqual(['Main'])
    await settle(row(1), row(2, left))
    expect(user(2).lock).toBe('closed')
  })

  test('and left again is shut out, though the store never knew the account; one of another name is nobody of ours', async () => {
    await settle(row(1))
    const restore = await backUp()
    await settle(row(1), row(2), row(3), row(4))
    user(3).profile = { name: 'Somebody Else', department: 'Sales' }
    bench.target.users.delete('n4')
    await restore()
    await start()
    await settle(row(1), row(2, left), row(3, left), row(4, left), row(5, { ...left, number: '' }))
    expect([user(2).lock, user(3).lock, bench.target.users.size]).toEqual(['closed', 'open', 3])
    expect(await bench.rows('select id from lockout where proven_at is null')).toEqual([])
  })

  test('is not given an account of that id that bears another name', async () => {
    await settle(row(1))
    const restore = await backUp()
    await settle(row(1), row(2))
    user(2).profile = { name: 'Somebody Else', department: 'Sales' }
    const there = structuredClone(user(2))
    await restore()
    await start()
    await deliver(row(1), row(2))
    expect(user(2)).toEqual(there)
    expect((await failures()).join()).toContain('account.held-by-stranger')
  })

  test('an account of ours whose making was under way when the backup was made is ours', async () => {
    await bench.deliver([row(1)])
    const restore = await backUp()
    await bench.rest()
    await restore()
    await start()
    expect([await failures(), levels(1)]).toEqual([[], ['Main']])
    await settle(row(1, left))
    expect(user(1).lock).toBe('closed')
  })

  test('an account of that id that somebody else made while ours was under way is not', async () => {
    await bench.deliver([row(1)])
    const restore = await backUp()
    await bench.rest()
    user(1).profile = { name: 'Somebody Else', department: '' }
    await restore()
    await start()
    expect((await failures()).join()).toContain('conflict')
  })
})

describe('a restored store', () => {
  test('plans again what was held, or under way', async () => {
    const brakes = { ...hrSource().brakes, create: { min: 0, percent: 0 } }
    bench = await engine.begin({ source: { brakes } })
    await settle(row(1))
    const plan = (await bench.heldPlan()) as PlanId
    const restore = await backUp()
    await restore()
    expect(await bench.rows('select id, state from plan')).toEqual([{ id: plan, state: 'superseded' }])
    await start()
    await deliver(row(1))
    expect(levels(1)).toEqual(['Main'])
  })

  test('is settled once every source has delivered everybody, and every plan was looked at; and then asks no more', async () => {
    await settle(row(1), row(2))
    const restore = await backUp()
    await restore()
    await settleRestore(bench.context)
    expect(await bench.alarms()).toEqual(['restore.awaits-source', 'restore.unsettled'])
    await start()
    await settle(row(1), row(2), row(3))
    await settleRestore(bench.context)
    expect(await bench.alarms()).toEqual(['restore.unsettled'])
    await bench.release((await bench.heldPlan()) as PlanId)
    await bench.rest()
    await settleRestore(bench.context)
    await settleRestore(bench.context)
    expect([await bench.alarms(), events().filter((event) => event === 'restore.settled')]).toEqual([
      [],
      ['restore.settled'],
    ])
    bench.target.calls.length = 0
    await deliver(row(1), row(2), row(3), row(4))
    expect(bench.target.calls.filter(({ externalId }) => externalId === 'n4').map(({ verb }) => verb)).toEqual([
      'put',
      'read',
    ])
  })

  test('whose mark somebody changed does nothing but lock out, and calls a person', async () => {
    await settle(row(1), row(2))
    const restore = await backUp()
    await restore()
    await engine.tamper('update restore set settled_at = now()')
    await relockOnce(bench.context)
    await stock()
    await settleRestore(bench.context)
    await settleRestore(bench.context)
    await bench.deliver([row(1, left), row(2)])
    await pump('urgent')
    await pump('bulk')
    expect([user(1).lock, await bench.alarms()]).toEqual(['closed', expect.arrayContaining(['guard.failed'])])
    expect(events()).not.toContain('restore.stock-taken')
    expect(events().filter((event) => event === 'guard.failed')).toHaveLength(1)
  })

  test("is not swept before the target was looked at: every difference would be the store's own", async () => {
    await settle(row(1), row(2), row(3))
    const restore = await backUp()
    for (const each of bench.target.users.values()) each.levels.clear()
    await restore()
    const sweep = () => sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, signal)
    await relockOnce(bench.context)
    expect(await sweep()).toBeNull()
    await start()
    expect(await sweep()).toMatchObject({ linked: 3, changed: 0 })
    expect(await bench.alarms()).not.toContain('target.restored')
  })

  test('with a row that somebody changed freezes that one, and looks at the others', async () => {
    await settle(row(1), row(2), row(3))
    const restore = await backUp()
    await restore()
    await engine.tamper(
      `update account set desired = replace(desired, '"open"', '"opened"') where external_digest = $1`,
      [engine.vault.index('account', 'doors/n1')],
    )
    await engine.tamper('update person set locked_at = now() where id = $1', [await bench.personOf('n2')])
    await start()
    expect([events().includes('restore.stock-taken'), await bench.alarms()]).toEqual([
      true,
      expect.arrayContaining(['guard.failed']),
    ])
  })

  test('goes by what was desired where what is wanted can not be opened', async () => {
    await settle(row(1))
    const restore = await backUp()
    await restore()
    await engine.tamper(`update account set wanted_facts = '\\x00'`)
    await start()
    expect([levels(1), writes(), events().includes('restore.stock-taken')]).toEqual([['Main'], [], true])
  })

  test('puts an end to nothing that a later day brings: the calendar goes on', async () => {
    await settle(row(1, { end: '2026-03-05' }))
    const restore = await backUp()
    await restore()
    await start()
    await bench.pass(5 * day)
    await bench.followCalendar()
    await bench.rest()
    expect(user(1).lock).toBe('closed')
  })
})
