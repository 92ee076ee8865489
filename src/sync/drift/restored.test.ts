import { beforeEach, describe, expect, test, vi } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import { type Bench, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { opens, type TargetUser } from '../fixtures/memory-target.fixture.ts'
import { addGrant, revokeGrant } from '../grants.ts'
import { restoreWork } from '../sweep.ts'
import { shutAllAgain } from './relock.ts'
import { isForgetful, markRestored, settleTarget } from './restored.ts'
import { sweepIfDue } from './sweep-target.ts'

const engine = useEngine()
let bench: Bench

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { card: `${100 + who}`, ...more })
const many = (count: number, more: Partial<HrRow> = {}) => Array.from({ length: count }, (_, who) => row(who, more))
/** Time goes by while a target is looked through. */
const sweep = () => {
  let ms = bench.context.now().getTime()
  const context = Object.create(bench.context, { now: { value: () => new Date(ms++) } }) as typeof bench.context
  return sweepIfDue(context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
}
const settle = () => settleTarget(bench.context, 'doors', bench.operator, 'the right server', bench.brakes)
const bring = async (rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
const user = (who: number) => bench.target.users.get(`n${who}`)
const levels = (who: number) => [...(user(who)?.levels ?? [])].map((id) => id.replace('id of ', '')).sort()
const state = () => structuredClone([...bench.target.users])
const putBack = (users: [string, TargetUser][]) => {
  bench.target.users.clear()
  for (const [id, of] of users) bench.target.users.set(id, of)
}

test('a target forgot when more than 2 % of a handful at least are missing or changed, or all of hardly any', () => {
  const forgot = [
    [0, 0],
    [1, 1],
    [1, 2],
    [2, 2],
    [4, 4],
    [4, 5],
    [5, 5],
    [4, 100],
    [5, 100],
    [20, 1000],
    [21, 1000],
  ].filter(([changed = 0, linked = 0]) => isForgetful(changed, linked))
  expect(forgot).toEqual([
    [2, 2],
    [4, 4],
    [5, 5],
    [5, 100],
    [21, 1000],
  ])
})

describe('a target that was put back to an old state', () => {
  beforeEach(async () => {
    bench = await engine.begin()
    // Ten in Research, one of whom somebody gave the vault by hand.
    await bring(many(10))
    user(3)?.levels.add('id of Vault')
    const old = state()
    await bring([
      row(0, { status: 'left' }),
      row(1, { department: 'Sales', family: 'Other' }),
      row(2, { card: '' }),
      ...many(10).slice(3, 9),
      row(9, { department: 'Sales' }),
      row(10),
      row(11),
      row(12),
    ])
    await sweep()
    putBack(old)
    bench.target.calls.length = 0
  })

  test('is noticed and alarmed, locks leavers out at once, and gets nothing else', async () => {
    expect(opens(user(0), bench.context.now())).toBe(true)
    await sweep()
    await bench.work()
    expect([user(0)?.lock, await bench.alarms()]).toEqual(['closed', ['lockout.undone', 'target.restored']])
    expect(await bench.rows('select 1 from lockout where proven_at is null')).toEqual([])
    await bring([row(0, { status: 'left' }), ...many(13).slice(1), row(20)])
    expect([user(20), user(1)?.profile.name]).toEqual([undefined, 'Person1 Test'])
    const puts = bench.target.calls.filter(({ verb }) => verb === 'put')
    expect(puts).toEqual([])
    expect(await bench.rows(`select 1 from audit_pending where action = 'target.restored'`)).toHaveLength(1)
    const plan = await bench.heldPlan()
    await expect(bench.release(plan as never)).rejects.toMatchObject({ code: 'plan.restored' })
    // Who leaves now is shut out now.
    await bring([row(0, { status: 'left' }), row(1, { status: 'left' }), ...many(13).slice(2), row(20)])
    expect(user(1)?.lock).toBe('closed')
  })

  test('gets no lock-out by what it showed before: the ids of its cards may be other people’s by now', async () => {
    const sent = vi.spyOn(bench.target.connection.accounts, 'apply')
    const known = () =>
      sent.mock.calls.flatMap(([order]) => (order.kind === 'lock' ? [[order.externalId, order.known]] : []))
    await sweep()
    await bench.work()
    expect(known()).toEqual([['n0', null]])
    await settle()
    // Before a worker has come to it.
    await bench.deliver([row(0, { status: 'left' }), row(1, { status: 'left' }), ...many(13).slice(2)])
    await bench.work()
    expect(known()).toContainEqual(['n1', null])
    await bench.rest()
    await bring([
      row(0, { status: 'left' }),
      row(1, { status: 'left' }),
      row(4, { status: 'left' }),
      ...many(13).slice(5),
    ])
    expect(known().find(([id]) => id === 'n4')?.[1]).not.toBeNull()
  })

  test('is looked at again and again without being noticed anew', async () => {
    await sweep()
    await bench.work()
    await sweep()
    await sweep()
    expect(await bench.rows(`select 1 from audit_pending where action = 'target.restored'`)).toHaveLength(1)
  })

  test('once settled has everybody as they should be, and keeps what was there by hand before', async () => {
    await sweep()
    await bench.work()
    expect(await settle()).toEqual({ accounts: 13 })
    await bench.rest()
    expect(await bench.alarms()).not.toContain('target.restored')
    expect([levels(1), user(1)?.profile.name, levels(9)]).toEqual([['Main'], 'Person1 Other', ['Main']])
    expect(user(2)?.cards.has(cardKey(h10301(7, 102)))).toBe(false)
    expect(levels(3)).toEqual(['Lab', 'Main', 'Vault'])
    expect([levels(10), levels(11), levels(12)]).toEqual([
      ['Lab', 'Main'],
      ['Lab', 'Main'],
      ['Lab', 'Main'],
    ])
    expect(user(0)?.lock).toBe('closed')
    await sweep()
    const left = await bench.rows<{ class: string }>('select class from drift')
    expect(left.map((each) => each.class)).toEqual(['level-added'])
    await expect(settle()).rejects.toMatchObject({ code: 'target.not-restored' })
  })

  test.each(['was locked out meanwhile, and noted as it came back', 'is being locked out at that moment'])(
    'once settled has what came back taken away also from whoever %s',
    async (when) => {
      await sweep()
      await bench.work()
      expect(levels(9)).toEqual(['Lab', 'Main'])
      let settled = 0
      const settleOnce = async () => {
        if (settled === 0) settled = (await settle()).accounts
      }
      if (when.startsWith('is being'))
        bench.target.fault = ({ verb, externalId }) =>
          verb === 'lock' && externalId === 'n9' ? { is: 'meanwhile', run: settleOnce } : null
      await bring([
        row(0, { status: 'left' }),
        row(1, { department: 'Sales', family: 'Other' }),
        row(2, { card: '' }),
        ...many(10).slice(3, 9),
        row(9, { department: 'Sales', status: 'left' }),
        ...many(13).slice(10),
      ])
      expect([user(9)?.lock, settled]).toEqual(['closed', when.startsWith('is being') ? 13 : 0])
      await settleOnce()
      await bench.rest()
      expect([user(9)?.lock, levels(9)]).toEqual(['closed', ['Main']])
      expect(await bench.rows('select 1 from account_work')).toEqual([])
    },
  )

  test.each([
    ['kept what a sweep had seen given by hand', 'select'],
    ['kept that also when somebody deletes what is known of it meanwhile', 'delete from drift'],
  ])('once settled has taken back what was given by name once, and %s', async (_, meanwhile) => {
    // Back to how all is now: what follows comes before the next copy is put back.
    await sweep()
    await settle()
    await bench.rest()
    const person = await bench.personOf('n10')
    const by = { level: 'doors/Vault', until: null, reason: 'counts the stock' }
    const grant = await addGrant(bench.context, person, bench.operator, by)
    await bench.rest()
    user(1)?.levels.add('id of Lab')
    await sweep()
    await bench.pass(minute)
    // Seen by a whole sweep before the last one: what only the last one saw may be the old state, coming back while it ran.
    await sweep()
    const old = state()
    await revokeGrant(bench.context, grant, bench.operator, 'done')
    await bring([
      row(0, { status: 'left' }),
      row(1, { department: 'Sales', family: 'Other' }),
      row(2, { card: '' }),
      ...many(13)
        .slice(3)
        .map((who) => ({ ...who, family: 'New' })),
    ])
    expect([levels(10), levels(1)]).toEqual([
      ['Lab', 'Main'],
      ['Lab', 'Main'],
    ])
    putBack(old)
    expect(levels(10)).toEqual(['Lab', 'Main', 'Vault'])
    await bench.pass(minute)
    await sweep()
    await engine.tamper(meanwhile)
    await settle()
    await bench.rest()
    expect([levels(10), levels(1), user(10)?.profile.name]).toEqual([['Lab', 'Main'], ['Lab', 'Main'], 'Person10 New'])
  })

  describe('in the middle of a sweep that broke off', () => {
    /** The target is put back, and answers only so often. */
    const breakOff = async (answers: number) => {
      await bench.pass(minute)
      let calls = 0
      bench.target.fault = (call) => {
        if (call.verb !== 'read') return null
        calls += 1
        return calls > answers ? { is: 'failure', kind: 'transient' } : null
      }
      await expect(sweep()).rejects.toThrow()
      bench.target.fault = () => null
      await bench.pass(minute)
    }

    test('is noticed by the next one, which counts what that had found', async () => {
      await breakOff(4)
      expect(await bench.alarms()).not.toContain('target.restored')
      await sweep()
      expect(await bench.alarms()).toContain('target.restored')
    })

    test('once settled keeps no level that came back with the old state', async () => {
      await breakOff(4)
      expect(await bench.rows(`select 1 from drift where class = 'level-added'`)).not.toEqual([])
      await sweep()
      await bench.work()
      await settle()
      await bench.rest()
      expect([levels(1), levels(9), levels(3)]).toEqual([['Main'], ['Main'], ['Lab', 'Main', 'Vault']])
    })
  })

  test('once settled takes new work at once', async () => {
    await sweep()
    await settle()
    await bring([row(0, { status: 'left' }), ...many(13).slice(1), row(20)])
    expect(levels(20)).toEqual(['Lab', 'Main'])
  })
})

describe('a target that was emptied, or is another one', () => {
  beforeEach(async () => {
    bench = await engine.begin()
    await bring(many(6))
    await sweep()
    bench.target.users.clear()
  })

  test('gets nobody back before somebody says so, and then everybody once', async () => {
    await sweep()
    await restoreWork(bench.context)
    await bench.rest()
    expect([bench.target.users.size, await bench.alarms()]).toEqual([0, ['target.restored']])
    await settle()
    await bench.rest()
    expect([...bench.target.users.keys()].sort()).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5'])
    expect(levels(5)).toEqual(['Lab', 'Main'])
    await sweep()
    expect(await bench.rows('select 1 from drift')).toEqual([])
  })

  test('can not be let go on by who writes to the database; he can only stop it, and that is alarmed', async () => {
    await sweep()
    await engine.tamper('update target set restored_at = null')
    await restoreWork(bench.context)
    await bring([...many(6), row(9)])
    expect([bench.target.users.size, await bench.alarms()]).toEqual([0, ['guard.failed', 'target.restored']])
  })
})

test('who writes that a target forgot stops its bulk work, with an alarm, and no lock-out', async () => {
  bench = await engine.begin()
  await bring(many(6))
  await engine.tamper('update target set restored_at = now()')
  await bring([row(0, { status: 'left' }), row(1, { family: 'Other' }), ...many(6).slice(2)])
  expect([user(0)?.lock, user(1)?.profile.name, await bench.alarms()]).toEqual([
    'closed',
    'Person1 Test',
    ['guard.failed'],
  ])
})

test('many who left are shut again page by page, and no page is begun by a process that stops', async () => {
  bench = await engine.begin()
  await bring(many(60))
  const old = state()
  await bring(many(60, { status: 'left' }))
  putBack(old)
  await shutAllAgain(bench.context, 'doors', AbortSignal.abort())
  expect(await bench.rows('select 1 from account_work')).toEqual([])
  // A page waits until most of the one before are done.
  let swept = false
  const sweeping = sweep().finally(() => {
    swept = true
  })
  while (!swept) await bench.work()
  await sweeping
  await bench.work()
  expect([...bench.target.users.values()].filter(({ lock }) => lock === 'open')).toEqual([])
})

test('what somebody wrote into the database is no right that was given once: what stands there by hand is left', async () => {
  bench = await engine.begin()
  await bring(many(2))
  user(1)?.levels.add('id of Vault')
  const person = await bench.personOf('n1')
  await engine.tamper(
    `insert into individual_grant (id, person_id, access_level_id, reason, subject_id, created_at, ended_at, ending, guard)
     select gen_random_uuid(), $1, id, '', $2, now(), now(), 'revoked', '' from access_level where name = 'Vault'`,
    [person, bench.operator],
  )
  await engine.tamper(
    `insert into credential (id, person_id, digest, card, state, waits, guard) values (gen_random_uuid(), $1, '', '', 'active', false, '')`,
    [await bench.personOf('n0')],
  )
  await markRestored(bench.context, 'doors', 2, bench.context.now())
  await settle()
  const told = await bench.rows<{ scope: string }>(`select scope from alarm where code = 'guard.failed'`)
  expect(told.map(({ scope }) => scope).sort()).toEqual([person, await bench.personOf('n0')].sort())
  await engine.tamper('delete from credential')
  await bench.rest()
  expect(levels(1)).toEqual(['Lab', 'Main', 'Vault'])
})

test('one level given by hand to everybody is no sign that a target forgot; one that rules hand out is', async () => {
  bench = await engine.begin()
  await bring(many(6, { department: 'Sales' }))
  for (const of of bench.target.users.values()) of.levels.add('id of Vault')
  await sweep()
  expect(await bench.alarms()).toEqual([])
  for (const of of bench.target.users.values()) of.levels.add('id of Lab')
  await sweep()
  expect(await bench.alarms()).toEqual(['target.restored'])
})

test('what is unknown, or has not forgotten, is not settled', async () => {
  bench = await engine.begin()
  await expect(settle()).rejects.toMatchObject({ code: 'target.not-restored' })
  await expect(settleTarget(bench.context, 'nowhere', bench.operator, 'why', bench.brakes)).rejects.toMatchObject({
    code: 'target.unknown',
  })
})
