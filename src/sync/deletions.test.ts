import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, type BenchOptions, day, hour, useEngine } from './fixtures/engine.fixture.ts'
import type { HrRow } from './fixtures/hr-file.fixture.ts'
import { leaver, leaverSteps, left, row, whole } from './fixtures/leaver.fixture.ts'

const engine = useEngine()
let bench: Bench

const begin = async (options: BenchOptions = {}) => {
  bench = await engine.begin({ leaver, ...options })
}
beforeEach(() => begin())

const { user, levels, card, there, settle, pass, holds, release, failures } = leaverSteps(() => bench)

describe('a deletion', () => {
  const everybody = (more: Partial<HrRow> = {}) => Array.from({ length: 8 }, (_, who) => row(who, more))
  const few = { min: 5, percent: 0 }

  test('of many, one slice after the other, waits for a release when they are too many for one day', async () => {
    await begin({ source: { brakes: { ...bench.brakes, delete: few } } })
    const gone = (count: number) => everybody().map((each, who) => (who < count ? row(who, left) : each))
    await settle(...everybody(), row(9))
    for (const count of [3, 6, 8]) {
      await settle(...gone(count), row(9))
      await bench.pass(hour)
    }
    await bench.pass(30 * day - 3 * hour)
    await settle()
    expect([bench.target.users.size, await holds()]).toEqual([6, []])
    await pass(hour)
    expect([bench.target.users.size, await holds()]).toEqual([6, ['delete brake 3']])
    await release()
    expect(bench.target.users.size).toBe(3)
    // What a person released counts for nothing.
    await pass(hour)
    expect([bench.target.users.size, await holds()]).toEqual([1, []])
  })

  test('that was too much for its day passes with the next one, when that has room for it', async () => {
    await begin({ source: { brakes: { ...bench.brakes, delete: few } } })
    const gone = (count: number) => everybody().map((each, who) => (who < count ? row(who, left) : each))
    await settle(...everybody(), row(9))
    await settle(...gone(5), row(9))
    await bench.pass(hour)
    await settle(...gone(7), row(9))
    await bench.pass(day)
    await settle(...gone(8), row(9))
    await pass(29 * day - hour)
    expect([bench.target.users.size, await holds()]).toEqual([4, []])
    await pass(hour)
    expect([bench.target.users.size, await holds()]).toEqual([4, ['delete brake 2']])
    await pass(day)
    expect([bench.target.users.size, await holds()]).toEqual([1, []])
  })

  /** The deletion is official, and the target refuses it for now. */
  const refused = async () => {
    const none = { min: 0, percent: 0 }
    await begin({ source: { brakes: { ...bench.brakes, create: none } } })
    Object.assign(bench.source.brakes, { create: bench.brakes.delete })
    await settle(row(1))
    Object.assign(bench.source.brakes, { create: none })
    await settle(row(1, left))
    await pass(29 * day)
    bench.target.fault = ({ verb }) => (verb === 'remove' ? { is: 'failure', kind: 'rejected' } : null)
    await bench.pass(day)
    await bench.followCalendar()
    await bench.work()
    expect(there()).toEqual(['closed', [], []])
    bench.target.fault = () => null
  }
  const later = async () => {
    await bench.pass(hour)
    await bench.work()
  }
  const stays = [['closed', [], []], [JSON.stringify({ account: { kind: 'rejected', code: 'account.still-needed' } })]]

  test('that waits is not made of whoever is back, while what they are to get is held by a plan', async () => {
    await refused()
    user()?.levels.add('id of Vault')
    await bench.deliver([row(1)])
    expect(await holds()).toEqual(['create brake 1'])
    await later()
    expect([there()?.[0], levels(), await failures()]).toEqual(['closed', ['Vault'], stays[1]])
    await release()
    expect([user()?.lock, levels(), card(101), await failures()]).toEqual([
      'open',
      ['Lab', 'Main', 'Vault'],
      'on',
      [null],
    ])
  })

  test('that waits is made after all when who was back has left again, for as long', async () => {
    await refused()
    await bench.deliver([row(1)])
    await later()
    await settle(row(1, left))
    await pass(29 * day)
    expect([there(), await failures()]).toEqual(stays)
    await pass(day)
    expect([there(), await failures()]).toEqual([null, [null]])
  })

  test('that waits is not made of whom a row is missing, or forged', async () => {
    await refused()
    await engine.tamper('create table taken as select * from source_record; delete from source_record')
    await later()
    expect([there(), await failures()]).toEqual(stays)
    await engine.tamper('insert into source_record select * from taken; drop table taken')
    await engine.tamper(`update person set left_at = left_at - interval '1 day'`)
    await later()
    expect([there(), await failures(), await bench.alarms()]).toEqual([...stays, ['guard.failed']])
  })

  test('that is not configured any more is not made', async () => {
    await refused()
    Object.assign(bench.context, { leaver: { ...leaver, deleteAfterMs: null } })
    await later()
    expect([there(), await failures()]).toEqual(stays)
  })

  test('is not made by an old row of the account of somebody who is back, which only shuts it', async () => {
    await refused()
    await engine.tamper('create table taken as select * from account')
    await bench.deliver([row(1)])
    await release()
    await bench.rest()
    expect(user()?.lock).toBe('open')
    await engine.tamper(`update account a set wanted = t.wanted, desired = t.desired, desired_version = t.desired_version, desired_facts = t.desired_facts,
      desired_facts_version = t.desired_facts_version, wanted_facts = t.wanted_facts, wanted_facts_version = t.wanted_facts_version, wanted_by = t.wanted_by,
      guard = t.guard, owned = t.owned, owned_guard = t.owned_guard, pending = t.pending from taken t where t.id = a.id;
      drop table taken;
      insert into account_work (account_id, target, lane, due_at) select id, target, 'bulk', now() from account`)
    await later()
    await later()
    expect([there(), await failures()]).toEqual([whole, stays[1]])
  })
})
