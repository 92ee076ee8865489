import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import { type Bench, day, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { nextCalls, type TargetUser } from '../fixtures/memory-target.fixture.ts'
import { adoptMatches } from '../match/adopt.ts'
import { existing, match } from '../match/match.fixture.ts'
import { targetOrigin } from '../origin.ts'
import { observeTarget } from '../target-modes.ts'
import { openDeepSweep } from './deep-sweep.ts'
import { sweepIfDue } from './sweep-target.ts'

const engine = useEngine()
let bench: Bench

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { card: `${100 + who}`, ...more })
const many = (count: number) => Array.from({ length: count }, (_, who) => row(who))
const user = (who: number) => bench.target.users.get(`n${who}`) as TargetUser
const card = (who: number) => user(who).cards.get(cardKey(h10301(7, 100 + who))) as { state: 'on' | 'blocked' }
const sweep = (now = true) =>
  sweepIfDue(bench.context, bench.setup, { now, brakes: bench.brakes }, new AbortController().signal)
const settle = async (rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
/** A deep sweep from its begin to its end. */
const deepen = async () => {
  Object.assign(bench.setup, { deepSweep: { everyMs: 100, requestsPerSecond: 1e6 } })
  const { step } = openDeepSweep(bench.context, bench.setup)
  for (let ended = false; !ended; await bench.pass(minute)) {
    await step(new AbortController().signal)
    const [row] = await bench.rows<{ ended: boolean }>(
      `select deep_sweep::json->>'endedAt' is not null as ended from target`,
    )
    ended = row?.ended === true
  }
}
/** `who class part`, sorted; `-` is nobody of ours. */
const drifts = async () => {
  const found = await bench.rows<{ external_digest: Buffer; class: string; part: string; account_id: string | null }>(
    'select external_digest, class, part, account_id from drift',
  )
  const ids = Array.from({ length: 120 }, (_, who) => `n${who}`)
  const nameOf = (digest: Buffer) =>
    ids.find((id) => bench.context.vault.index('account', `doors/${id}`).equals(digest)) ?? '-'
  return found.map((each) => `${nameOf(each.external_digest)} ${each.class} ${partName(each.part)}`.trim()).sort()
}
const partName = (part: string) => {
  const [kind = '', id = ''] = part.split(':')
  return kind === 'level' ? (bench.levels.nameOf(id as never) ?? id) : kind
}

beforeEach(async () => {
  bench = await engine.begin()
  await settle(many(40))
})

describe('a change behind our back', () => {
  const scenes: readonly [what: string, by: (of: TargetUser) => void, is: string][] = [
    ['a level given by hand', (of) => of.levels.add('id of Vault'), 'n1 level-added doors/Vault'],
    ['a level taken by hand', (of) => of.levels.delete('id of Lab'), 'n1 level-removed doors/Lab'],
    ['an account blocked by hand', (of) => Object.assign(of, { lock: 'closed' }), 'n1 blocked'],
    ['a card added by hand', (of) => of.cards.set('new', { card: h10301(9, 9), state: 'on' }), 'n1 card-added card'],
    ['a card taken by hand', (of) => of.cards.clear(), 'n1 card-removed card'],
    ['a card blocked by hand', () => Object.assign(card(1), { state: 'blocked' }), 'n1 card-blocked card'],
    ['another name', (of) => Object.assign(of.profile, { name: 'Somebody' }), 'n1 profile-changed'],
    [
      'another end',
      (of) => Object.assign(of, { validity: { from: null, until: '2031-01-01T00:00:00.000Z' } }),
      'n1 validity-changed',
    ],
    ['an account deleted by hand', () => bench.target.users.delete('n1'), 'n1 account-missing'],
  ]
  test.each(scenes)('%s is reported once, changed by nobody, and over when it is mended', async (_what, by, is) => {
    await sweep()
    expect(await drifts()).toEqual([])
    const before = structuredClone(user(1))
    by(user(1))
    const after = structuredClone([...bench.target.users])
    await sweep()
    await sweep()
    await bench.rest()
    expect([await drifts(), [...bench.target.users]]).toEqual([[is], after])
    expect(await bench.rows(`select 1 from audit_pending where action = 'account.drifted'`)).toHaveLength(1)
    bench.target.users.set('n1', before)
    await sweep()
    expect(await drifts()).toEqual([])
  })

  test('of a block that is ours is none, nor what waits to be taken away, nor what the target refused', async () => {
    await settle([row(0, { cardState: 'suspended' }), ...many(40).slice(1)])
    bench.target.fault = () => ({ is: 'parts', parts: ['profile', 'level'], kind: 'rejected' })
    await settle([
      row(0, { cardState: 'suspended', family: 'Other' }),
      row(1, { department: 'Sales' }),
      ...many(40).slice(2),
    ])
    bench.target.fault = () => null
    await sweep()
    expect(await drifts()).toEqual([])
    Object.assign(card(0), { state: 'on' })
    await sweep()
    expect(await drifts()).toEqual(['n0 card-unblocked card'])
  })

  test('of an account that a worker is at, or has yet to bring about, is not told', async () => {
    await bench.deliver([row(0, { family: 'Other' }), ...many(40).slice(1)])
    bench.target.users.delete('n0')
    await sweep()
    expect(await drifts()).toEqual([])
  })

  test('is not told of what a worker changed while it was read', async () => {
    user(1).levels.delete('id of Lab')
    nextCalls(bench.target, 'read', {
      is: 'meanwhile',
      run: async () => {
        await bench.deliver([row(0), row(1, { family: 'Other' }), ...many(40).slice(2)])
      },
    })
    await sweep()
    expect(await drifts()).toEqual([])
  })
})

describe('a grant added by hand', () => {
  test('that is there at the read just before a write is kept', async () => {
    user(1).levels.add('id of Vault')
    await settle([row(0), row(1, { department: 'Sales' }), ...many(40).slice(2)])
    expect([...user(1).levels].sort()).toEqual(['id of Main', 'id of Vault'])
    await sweep()
    expect(await drifts()).toEqual(['n1 level-added doors/Vault'])
  })

  test('between that read and the write is found by the next sweep, and is not ours', async () => {
    nextCalls(bench.target, 'put', {
      is: 'meanwhile',
      run: async () => user(1).levels.add('id of Vault'),
    })
    await settle([row(0), row(1, { family: 'Other' }), ...many(40).slice(2)])
    expect([user(1).profile.name, [...user(1).levels].sort()]).toEqual([
      'Person1 Other',
      ['id of Lab', 'id of Main', 'id of Vault'],
    ])
    await sweep()
    expect(await drifts()).toEqual(['n1 level-added doors/Vault'])
    await settle([row(0), row(1, { status: 'left' }), ...many(40).slice(2)])
    await bench.pass(8 * day)
    await bench.followCalendar()
    await bench.rest()
    expect([...user(1).levels]).toEqual(['id of Vault'])
  })
})

describe('who is locked out', () => {
  beforeEach(() => settle([row(0, { status: 'left' }), ...many(40).slice(1)]))

  test('and is found open is shut again at once, with an alarm and a lock-out of its own', async () => {
    const proven = () => bench.rows(`select proven_at from lockout where cause = 'record'`)
    const before = await proven()
    user(0).lock = 'open'
    await bench.pass(minute)
    await sweep()
    await bench.work()
    expect([user(0).lock, await bench.alarms()]).toEqual(['closed', ['lockout.undone']])
    expect(await bench.rows('select cause, proven_at is not null as proven from lockout order by decided_at')).toEqual([
      { cause: 'record', proven: true },
      { cause: 'undone', proven: true },
    ])
    // What was proven before was so, and stays as it was.
    expect(await proven()).toEqual(before)
    await sweep()
    expect([await drifts(), await bench.alarms()]).toEqual([[], []])
  })

  test('with a card that was unblocked is shut again as well', async () => {
    card(0).state = 'on'
    await sweep()
    await bench.work()
    expect(card(0).state).toBe('blocked')
  })

  test('is only reported at a target that is only observed', async () => {
    await observeTarget(bench.context, 'doors', bench.operator, 'server moves')
    user(0).lock = 'open'
    await sweep()
    await bench.work()
    expect([user(0).lock, await drifts(), await bench.alarms()]).toEqual(['open', ['n0 opened'], ['lockout.undone']])
  })

  test('is missed by nobody when the account is gone', async () => {
    bench.target.users.delete('n0')
    await sweep()
    expect(await drifts()).toEqual([])
  })
})

describe('accounts with no person', () => {
  test('are counted and left alone; those that are new since the last match are named', async () => {
    bench.target.users.set('guest', existing({ name: 'A Guest' }))
    bench.target.users.set('boss', existing({ untouchable: true }))
    expect(await sweep()).toEqual({ accounts: 42, linked: 40, withoutPerson: 1, untouchable: 1, changed: 0 })
    expect(await drifts()).toEqual([])
    await match(bench)
    bench.target.users.set('intruder', existing({ name: 'No One' }))
    await sweep()
    await sweep()
    expect(await drifts()).toEqual(['- unknown-account'])
    expect(JSON.stringify(await bench.rows('select * from drift'))).not.toContain('intruder')
    bench.target.users.delete('intruder')
    await sweep()
    expect(await drifts()).toEqual([])
  })
})

describe('what was on an account before it was adopted', () => {
  test('is reported as added by hand, and is no sign of a target that forgot', async () => {
    bench = await engine.begin({ enabled: false })
    await bench.deliver(many(10))
    for (const { id, number = '' } of many(10))
      bench.target.users.set(
        number,
        existing({ name: `Person${id} Test`, department: 'Research', levels: ['Main', 'Lab', 'Vault'] }),
      )
    await match(bench)
    await adoptMatches(bench.context, 'doors', bench.operator, 'seen', bench.brakes)
    await sweep(false)
    expect([(await drifts()).length, await bench.alarms()]).toEqual([10, []])
  })
})

describe('a list that shows neither cards nor levels', () => {
  beforeEach(() => {
    bench.target.shallow = true
    bench.target.calls.length = 0
  })

  test('is made up for by single reads, one after the other; what it shows is seen at once', async () => {
    user(1).levels.add('id of Vault')
    user(2).profile.name = 'Somebody'
    await sweep()
    expect(await drifts()).toEqual(['n2 profile-changed'])
    bench.target.calls.length = 0
    await deepen()
    expect(await drifts()).toEqual(['n1 level-added doors/Vault', 'n2 profile-changed'])
    expect(bench.target.calls.filter(({ verb }) => verb === 'read')).toHaveLength(40)
    await sweep()
    expect(await drifts()).toEqual(['n1 level-added doors/Vault', 'n2 profile-changed'])
  })
})

test('a list that shows cards and some levels is believed in these, and of the others only a single read tells', async () => {
  Object.assign(bench.target, { shallow: true, cardsTold: true, levelsTold: new Set(['id of Lab', 'id of Vault']) })
  await settle(many(110))
  for (const who of [7, 8, 9]) user(who).levels.add('id of Vault')
  for (const who of [17, 18]) Object.assign(card(who), { state: 'blocked' })
  // With the cards four changes: five are what a target that forgot shows.
  user(27).levels.delete('id of Main')
  user(37).cards.clear()
  bench.target.calls.length = 0
  await sweep()
  const told = [
    ...[17, 18].map((who) => `n${who} card-blocked card`),
    'n37 card-removed card',
    ...[7, 8, 9].map((who) => `n${who} level-added doors/Vault`),
  ]
  expect(await drifts()).toEqual([...told].sort())
  expect(new Set(bench.target.calls.map(({ externalId }) => externalId)).size).toBe(told.length)
  await deepen()
  expect(await drifts()).toEqual([...told, 'n27 level-removed doors/Main'].sort())
  user(7).levels.delete('id of Vault')
  Object.assign(card(17), { state: 'on' })
  await sweep()
  const left = (await drifts()).map((drift) => drift.split(' ')[0])
  expect(left).toEqual(['n18', 'n27', 'n37', 'n8', 'n9'])
})

test('of a leaver whose card was unblocked by hand the list itself tells, where it tells cards', async () => {
  Object.assign(bench.target, { shallow: true, lockUntold: true, cardsTold: true })
  await settle(many(40).map((each) => (each.id === '3' ? { ...each, status: 'left' as const } : each)))
  Object.assign(card(3), { state: 'on' })
  await sweep()
  expect(await drifts()).toEqual(['n3 opened'])
  await bench.rest()
  expect(card(3).state).toBe('blocked')
})

test('a list that shows no blocks either forgets none that was seen in a single read', async () => {
  Object.assign(bench.target, { shallow: true, lockUntold: true })
  await settle(many(110))
  user(7).lock = 'closed'
  await sweep()
  await deepen()
  bench.target.calls.length = 0
  await sweep()
  expect(await drifts()).toEqual(['n7 blocked'])
  expect(bench.target.calls.filter(({ externalId }) => externalId === 'n7')).toEqual([])
})

test('a sweep waits for its time, and for nothing when it is asked for', async () => {
  expect(await sweep(false)).not.toBeNull()
  expect(await sweep(false)).toBeNull()
  expect(await sweep(true)).not.toBeNull()
  await bench.rows(`update target set swept_at = now() - interval '16 minutes'`)
  expect(await sweep(false)).not.toBeNull()
})

test('what is left of the changes of a target is planned again', async () => {
  bench = await engine.begin({ enabled: false })
  await bench.deliver(many(1))
  bench.target.users.set('n0', existing({ name: 'Person0 Test' }))
  await match(bench)
  await adoptMatches(bench.context, 'doors', bench.operator, 'seen', bench.brakes)
  await bench.rows(`delete from plan where origin = $1`, [targetOrigin('doors')])
  await sweep()
  expect(await bench.heldPlan(targetOrigin('doors'))).not.toBeNull()
})
