import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import type { DriftChoice, DriftKindName } from '../../model/drift.ts'
import { type Bench, day, hour, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { nextCalls, type TargetUser } from '../fixtures/memory-target.fixture.ts'
import { existing, match } from '../match/match.fixture.ts'
import { freezeByHand, pauseByHand, unfreezeByHand } from '../stop.ts'
import { observeTarget } from '../target-modes.ts'
import { settleTarget } from './restored.ts'
import { sweepIfDue } from './sweep-target.ts'
import { acceptByHand, type DriftChosen, revertByHand, withdrawByHand } from './take-side.ts'

const engine = useEngine()
let bench: Bench

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { card: `${100 + who}`, ...more })
const many = (count = 12, more: Partial<HrRow> = {}) => Array.from({ length: count }, (_, who) => row(who, more))
const user = (who = 1) => bench.target.users.get(`n${who}`) as TargetUser
const card = (who = 1) => user(who).cards.get(cardKey(h10301(7, 100 + who))) as { state: 'on' | 'blocked' }
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
const by = (isAdmin = false) => ({ subject: bench.operator, isAdmin, reason: 'seen' })
const accept = (chosen: DriftChosen) => acceptByHand(bench.context, 'doors', chosen, by())
const revert = (chosen: DriftChosen) => revertByHand(bench.context, 'doors', chosen, by())
const withdraw = (chosen: DriftChosen) => withdrawByHand(bench.context, 'doors', chosen, by())

beforeEach(async () => {
  bench = await engine.begin()
  await bring(many())
})

const scenes: readonly [kind: DriftKindName, is: string, by: (of: TargetUser) => void][] = [
  ['level_added', 'level-added', (of) => of.levels.add('id of Vault')],
  ['level_removed', 'level-removed', (of) => of.levels.delete('id of Lab')],
  ['blocked', 'blocked', (of) => Object.assign(of, { lock: 'closed' })],
  ['blocked', 'card-blocked', () => Object.assign(card(), { state: 'blocked' })],
  ['card_added', 'card-added', (of) => of.cards.set('new', { card: h10301(9, 9), state: 'on' })],
  ['card_removed', 'card-removed', (of) => of.cards.clear()],
  ['profile_changed', 'profile-changed', (of) => Object.assign(of.profile, { name: 'Somebody' })],
  [
    'validity_changed',
    'validity-changed',
    (of) => Object.assign(of, { validity: { from: null, until: '2031-01-01T00:00:00.000Z' } }),
  ],
  ['account_missing', 'account-missing', () => bench.target.users.delete('n1')],
]
const acceptable = scenes.filter(([kind]) => !/changed|missing/.test(kind))

/** The card that somebody put there is kept under a key that only the test gives. */
const shown = () => {
  const of = user()
  return (
    of && {
      ...structuredClone(of),
      cards: [...of.cards.values()].map(({ card: is, state }) => `${cardKey(is)} ${state}`),
    }
  )
}

describe('by policy', () => {
  test.each(scenes)(
    '%s (%s) is undone through the worker where the configuration says revert',
    async (kind, is, by) => {
      choose({ [kind]: 'revert' }, ['Vault'])
      const before = shown()
      by(user())
      // As the target itself would keep it.
      if (is === 'card-added') {
        user().cards.delete('new')
        user().cards.set(cardKey(h10301(9, 9)), { card: h10301(9, 9), state: 'on' })
      }
      await sweep()
      expect(await drifts()).toEqual([is])
      await bench.rest()
      expect([shown(), await drifts(), await bench.alarms()]).toEqual([before, [], []])
      expect([await told('drift.reverted'), await told('account.drifted')]).toEqual([1, 1])
      await mend()
      expect([await drifts(), await told('drift.reverted')]).toEqual([[], 1])
    },
  )

  test.each(acceptable)(
    '%s (%s) is known and left where it says accept, also by the next write',
    async (kind, is, by) => {
      choose({ [kind]: 'accept' })
      by(user())
      const after = shown()
      await mend()
      expect(await drifts()).toEqual([`${is} accepted`])
      await bring([row(0), row(1, { family: 'Other' }), ...many().slice(2)])
      expect(shown()).toEqual({ ...after, profile: { ...after?.profile, name: 'Person1 Other' } })
      await mend()
      expect([await drifts(), await told('drift.accepted')]).toEqual([[`${is} accepted`], 1])
    },
  )

  test('a level that no rule hands out is taken away only where the target says that nobody else gives it', async () => {
    choose({ level_added: 'revert' })
    user(1).levels.add('id of Vault')
    await bring([...many().slice(0, 2), row(2, { department: 'Sales' }), ...many().slice(3)])
    user(2).levels.add('id of Lab')
    await mend()
    expect([levels(1), levels(2), await drifts()]).toEqual([['Lab', 'Main', 'Vault'], ['Main'], ['level-added']])
    await expect(revert({ class: 'level-added' })).rejects.toMatchObject({ code: 'drift.not-ours' })
    choose({}, ['Vault'])
    await mend()
    expect([levels(1), await drifts()]).toEqual([['Lab', 'Main'], []])
  })

  test('an unknown account may be known, and comes back as news when it was gone', async () => {
    choose({ unknown_account: 'accept' })
    await match(bench)
    bench.target.users.set('guest', existing({ name: 'No One' }))
    await mend()
    expect(await drifts()).toEqual(['unknown-account accepted'])
    bench.target.users.delete('guest')
    await mend()
    expect(await drifts()).toEqual([])
  })
})

describe('nothing is undone', () => {
  beforeEach(() => choose({ level_removed: 'revert', level_added: 'revert', account_missing: 'revert' }, ['Vault']))

  test('at once of many: the brake tells, and an admin may say so all the same', async () => {
    for (let who = 0; who < 6; who++) user(who).levels.add('id of Vault')
    await mend()
    expect([levels(0), await bench.alarms(), await told('drift.reverted')]).toEqual([
      ['Lab', 'Main', 'Vault'],
      ['drift.braked'],
      0,
    ])
    await expect(revert({ class: 'level-added' })).rejects.toMatchObject({ code: 'drift.too-many' })
    expect(await revertByHand(bench.context, 'doors', { class: 'level-added' }, by(true))).toEqual({
      drifts: 6,
      left: 0,
    })
    await mend()
    expect([levels(0), await drifts(), await bench.alarms()]).toEqual([['Lab', 'Main'], [], []])
  })

  test('in several sweeps either: what was undone within a day counts', async () => {
    for (const some of [[0, 1, 2, 3], [4, 5], [6]]) {
      for (const who of some) user(who).levels.add('id of Vault')
      await mend()
    }
    expect([levels(3), levels(4), await bench.alarms()]).toEqual([
      ['Lab', 'Main'],
      ['Lab', 'Main', 'Vault'],
      ['drift.braked'],
    ])
    await bench.pass(day + minute)
    await mend()
    expect([levels(4), levels(6), await bench.alarms()]).toEqual([['Lab', 'Main'], ['Lab', 'Main'], []])
  })

  test('at a target that forgot, nor by hand', async () => {
    for (let who = 0; who < 6; who++) bench.target.users.delete(`n${who}`)
    await mend()
    expect([bench.target.users.size, await bench.alarms(), await told('drift.reverted')]).toEqual([
      6,
      ['target.restored'],
      0,
    ])
    await expect(revert({ class: 'account-missing' })).rejects.toMatchObject({ code: 'drift.target-waits' })
    await settleTarget(bench.context, 'doors', bench.operator, 'right server', bench.brakes)
    await bench.rest()
    expect(bench.target.users.size).toBe(12)
  })

  test('while it is frozen; and when it is not any more', async () => {
    await freezeByHand(bench.context, 'doors', bench.operator, 'looking')
    user().levels.delete('id of Lab')
    await mend()
    expect([levels(), await told('drift.reverted')]).toEqual([['Main'], 0])
    await unfreezeByHand(bench.context, 'doors', bench.operator, 'seen')
    await mend()
    expect(levels()).toEqual(['Lab', 'Main'])
  })

  test('while it is paused, or only observed', async () => {
    user().levels.delete('id of Lab')
    await pauseByHand(bench.context, 'doors', bench.operator, 'works')
    await mend()
    await observeTarget(bench.context, 'doors', bench.operator, 'works')
    await mend()
    expect([levels(), await told('drift.reverted')]).toEqual([['Main'], 0])
  })

  test('once it was decided and the target was frozen before the worker came: it waits like any work', async () => {
    user().levels.delete('id of Lab')
    await sweep()
    await freezeByHand(bench.context, 'doors', bench.operator, 'looking')
    await bench.rest()
    expect(levels()).toEqual(['Main'])
    await unfreezeByHand(bench.context, 'doors', bench.operator, 'seen')
    await bench.rest()
    expect([levels(), await told('drift.reverted')]).toEqual([['Lab', 'Main'], 1])
  })

  test('of somebody whose changes wait for a plan', async () => {
    Object.assign(bench.brakes, { change: { min: 5, percent: 0 } })
    await bench.deliver(many(12, { family: 'Other' }))
    const plan = await bench.heldPlan()
    user(5).levels.delete('id of Lab')
    await mend()
    expect([plan === null, levels(5)]).toEqual([false, ['Main']])
  })

  test('that takes something from protected people, but by name', async () => {
    await bench.protect(await bench.personOf('n1'))
    user().levels.add('id of Vault')
    user().levels.delete('id of Lab')
    await mend()
    expect(levels()).toEqual(['Lab', 'Main', 'Vault'])
    await revert({ class: 'level-added' })
    await mend()
    expect(levels()).toEqual(['Lab', 'Main'])
  })
})

describe('a fight', () => {
  const give = async () => {
    user().levels.add('id of Vault')
    await bench.pass(15 * minute)
    await mend()
  }
  beforeEach(async () => {
    choose({ level_added: 'revert' }, ['Vault'])
    for (let i = 0; i < 4; i++) await give()
  })

  test('is left after three times, and called out; it is over when the drift is gone, and on at once when it is back', async () => {
    expect([levels(), await drifts(), await bench.alarms()]).toEqual([
      ['Lab', 'Main', 'Vault'],
      ['level-added'],
      ['drift.fight'],
    ])
    expect([await told('drift.reverted'), await told('drift.fought')]).toEqual([3, 1])
    await mend()
    expect([levels(), await told('drift.fought')]).toEqual([['Lab', 'Main', 'Vault'], 1])
    user().levels.delete('id of Vault')
    await mend()
    expect([await drifts(), await bench.alarms()]).toEqual([[], []])
    await give()
    expect([levels(), await bench.alarms(), await told('drift.reverted')]).toEqual([
      ['Lab', 'Main', 'Vault'],
      ['drift.fight'],
      3,
    ])
  })

  test('is over when somebody lets it stand', async () => {
    expect(await accept({ class: 'level-added' })).toEqual({ drifts: 1, left: 0 })
    expect([await drifts(), await bench.alarms()]).toEqual([['level-added accepted'], []])
    await mend()
    expect([levels(), await bench.alarms()]).toEqual([['Lab', 'Main', 'Vault'], []])
    expect(await withdraw({ class: 'level-added' })).toEqual({ drifts: 1, left: 0 })
    await mend()
    expect([levels(), await drifts()]).toEqual([['Lab', 'Main'], []])
  })

  test('is over when somebody has it undone, and counts anew', async () => {
    await revert({ class: 'level-added' })
    await bench.rest()
    expect([levels(), await bench.alarms()]).toEqual([['Lab', 'Main'], []])
    await give()
    expect([levels(), await told('drift.reverted')]).toEqual([['Lab', 'Main'], 5])
  })

  test('is over when the configuration says that nothing is undone, and forgotten after its time', async () => {
    choose({ level_added: 'report' })
    await mend()
    expect([levels(), await bench.alarms()]).toEqual([['Lab', 'Main', 'Vault'], []])
    choose({ level_added: 'revert' })
    await bench.pass(8 * day)
    await mend()
    expect(levels()).toEqual(['Lab', 'Main'])
  })

  test('is about one part: another of the same account is undone', async () => {
    choose({ level_removed: 'revert' })
    user().levels.delete('id of Lab')
    await mend()
    expect(levels()).toEqual(['Lab', 'Main', 'Vault'])
  })

  test('can not be ended by whoever writes to the database: deleting the drift, or what is noted, shows', async () => {
    await engine.tamper('delete from drift')
    await mend()
    expect([levels(), await bench.alarms()]).toEqual([['Lab', 'Main', 'Vault'], ['drift.fight']])
    await engine.tamper(
      `update account set owned = regexp_replace(owned, ',"reverts":.*', '}') where owned like '%fought%'`,
    )
    await mend()
    expect([levels(), await bench.alarms()]).toEqual([['Lab', 'Main', 'Vault'], ['guard.failed']])
  })

  test('can not be begun by whoever writes to the database', async () => {
    await engine.tamper(
      `update account set owned = replace(owned, '"made":true,', '"made":true,"reverts":[{"class":"level-removed","part":"","at":[],"fought":true}],') where owned not like '%reverts%'`,
    )
    await mend()
    expect(await bench.alarms()).toContain('guard.failed')
  })
})

describe('a crash', () => {
  test('between the write and its record: it is done once, counted once, and forgotten', async () => {
    choose({ level_added: 'revert' }, ['Vault'])
    user().levels.add('id of Vault')
    await sweep()
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'at-once' })
    await bench.rest()
    expect([levels(), await drifts(), await told('drift.reverted')]).toEqual([['Lab', 'Main'], [], 1])
    expect(await bench.rows(`select 1 from account where owned like '%"now":true%'`)).toEqual([])
  })

  test('between the decision and the write: the list is made again from what is noted', async () => {
    choose({ level_removed: 'revert' })
    user().levels.delete('id of Lab')
    await sweep()
    await engine.tamper('delete from account_work')
    await bench.rest()
    expect(levels()).toEqual(['Lab', 'Main'])
  })
})

describe('what opens a door to whoever is out is undone, whatever is configured', () => {
  test('a card that is to be blocked and was unblocked', async () => {
    await bring([...many().slice(0, 1), row(1, { cardState: 'lost' }), ...many().slice(2)])
    Object.assign(card(), { state: 'on' })
    await sweep()
    await bench.work()
    expect([card().state, await bench.alarms()]).toEqual(['blocked', ['lockout.undone']])
    expect(
      await bench.rows(
        `select credential_id is not null as card, proven_at is not null as proven from lockout where cause = 'undone'`,
      ),
    ).toEqual([{ card: true, proven: true }])
    await bench.rest()
    await sweep()
    expect([await drifts(), await bench.alarms()]).toEqual([[], []])
    // As often as somebody tries.
    for (let i = 0; i < 4; i++) {
      Object.assign(card(), { state: 'on' })
      await mend()
    }
    expect(card().state).toBe('blocked')
  })

  test.each([
    ['a lost card', { cardState: 'lost' }],
    ['the card of a leaver', { status: 'left' }],
  ] as const)(
    '%s on the account of somebody else: blocked at once, also while all else is frozen, and taken off',
    async (_, how) => {
      choose({ card_added: 'accept' })
      const key = cardKey(h10301(7, 102))
      await bring([...many().slice(0, 2), row(2, how), ...many().slice(3)])
      await freezeByHand(bench.context, 'doors', bench.operator, 'looking')
      user(2).cards.clear()
      user(1).cards.set(key, { card: h10301(7, 102), state: 'on' })
      await sweep()
      await bench.work()
      expect([user(1).cards.get(key)?.state, (await bench.alarms()).includes('lockout.undone')]).toEqual([
        'blocked',
        true,
      ])
      await unfreezeByHand(bench.context, 'doors', bench.operator, 'seen')
      await bench.rest()
      expect(user(1).cards.has(key)).toBe(false)
    },
  )

  test('nor can anybody accept it', async () => {
    await expect(accept({ class: 'opened' })).rejects.toMatchObject({ code: 'drift.not-accepted' })
    await expect(revert({ class: 'card-unblocked' })).rejects.toMatchObject({ code: 'drift.not-reverted' })
  })
})

describe('by hand', () => {
  test('one drift, one account or one class is accepted, seen, and withdrawn', async () => {
    user(1).levels.delete('id of Lab')
    user(1).lock = 'closed'
    user(2).levels.delete('id of Lab')
    await mend()
    const [of] = await bench.rows<{ id: string; account_id: string }>(
      `select d.id, account_id from drift d where class = 'blocked'`,
    )
    expect(await accept({ account: of?.account_id as never })).toEqual({ drifts: 2, left: 0 })
    expect(await drifts()).toEqual(['blocked accepted', 'level-removed', 'level-removed accepted'])
    expect(await withdraw({ id: of?.id })).toEqual({ drifts: 1, left: 0 })
    expect(await drifts()).toEqual(['blocked', 'level-removed', 'level-removed accepted'])
    expect([await told('drift.accepted'), await told('drift.withdrawn')]).toEqual([2, 1])
    await bring(many(12, { family: 'Other' }))
    expect([levels(1), user(1).lock, levels(2)]).toEqual([['Main'], 'closed', ['Lab', 'Main']])
  })

  test('an operator decides about no more within a day than the configuration may, however it is asked for; an admin does', async () => {
    choose({}, ['Vault'])
    for (let who = 0; who < 7; who++) user(who).levels.add('id of Vault')
    await mend()
    await expect(accept({ class: 'level-added' })).rejects.toMatchObject({ code: 'drift.too-many' })
    expect(await told('drift.accepted')).toBe(0)
    const found = await bench.rows<{ id: string }>('select id from drift order by id')
    // Of many that come at a time no more pass.
    const said = await Promise.allSettled(found.map(({ id }) => accept({ id })))
    expect(said.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    await expect(revert({ class: 'level-added' })).rejects.toMatchObject({ code: 'drift.too-many' })
    expect(await withdraw({ class: 'level-added' })).toEqual({ drifts: 5, left: 0 })
    const asAdmin = await revertByHand(bench.context, 'doors', { class: 'level-added' }, by(true))
    await bench.rest()
    expect([asAdmin, levels(0), levels(6)]).toEqual([{ drifts: 7, left: 0 }, ['Lab', 'Main'], ['Lab', 'Main']])
  })

  test('an operator has no more reported again, and so undone, than that; an account of nobody is no matter of it', async () => {
    choose({ level_added: 'accept' }, ['Vault'])
    for (let who = 0; who < 7; who++) user(who).levels.add('id of Vault')
    await match(bench)
    bench.target.users.set('guest', existing({ name: 'No One' }))
    await mend()
    await accept({ class: 'unknown-account' })
    choose({ level_added: 'revert' })
    await expect(withdraw({ class: 'level-added' })).rejects.toMatchObject({ code: 'drift.too-many' })
    expect([await told('drift.withdrawn'), await withdraw({ class: 'unknown-account' })]).toEqual([
      0,
      { drifts: 1, left: 0 },
    ])
    const found = await bench.rows<{ id: string }>(`select id from drift where class = 'level-added' order by id`)
    const said = await Promise.allSettled(found.map(({ id }) => withdraw({ id })))
    // The one of nobody that was accepted counts as well.
    expect(said.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    const asAdmin = await withdrawByHand(bench.context, 'doors', { class: 'level-added' }, by(true))
    expect(asAdmin).toEqual({ drifts: 3, left: 0 })
  })

  test('what is not there, not known, or makes no sense is refused', async () => {
    await expect(accept({ class: 'level-added' })).rejects.toMatchObject({ code: 'drift.nothing' })
    await expect(withdraw({ class: 'level-added' })).rejects.toMatchObject({ code: 'drift.nothing' })
    await expect(revert({ class: 'blocked' })).rejects.toMatchObject({ code: 'drift.nothing' })
    await expect(accept({ class: 'profile-changed' })).rejects.toMatchObject({ code: 'drift.not-accepted' })
    await expect(acceptByHand(bench.context, 'nowhere', { class: 'blocked' }, by())).rejects.toMatchObject({
      code: 'target.unknown',
    })
    await expect(revertByHand(bench.context, 'nowhere', { class: 'blocked' }, by())).rejects.toMatchObject({
      code: 'target.unknown',
    })
  })

  test('what a person accepted stands after a restore of the target, also if it was found while it came back', async () => {
    user(1).levels.add('id of Lab')
    await bring([row(0), row(1, { department: 'Sales' }), ...many().slice(2)])
    user(1).levels.add('id of Lab')
    await mend()
    await accept({ class: 'level-added' })
    for (let who = 3; who < 9; who++) bench.target.users.delete(`n${who}`)
    await bench.pass(hour)
    await sweep()
    await settleTarget(bench.context, 'doors', bench.operator, 'right server', bench.brakes)
    await bench.rest()
    await sweep()
    expect([levels(1), await drifts()]).toEqual([['Lab', 'Main'], ['level-added accepted']])
  })
})

describe('an account that can not be read', () => {
  const unreadable = (...ids: readonly string[]) => {
    bench.target.fault = ({ verb, externalId }) =>
      verb === 'read' && ids.includes(externalId) ? { is: 'failure', kind: 'rejected' } : null
  }

  test('is told as such, and keeps no other from being looked at', async () => {
    user(1).profile.name = 'Somebody'
    user(2).profile.name = 'Somebody'
    unreadable('n1')
    await sweep()
    expect([await drifts(), await bench.alarms()]).toEqual([['account-unreadable', 'profile-changed'], []])
    unreadable()
    await sweep()
    expect(await drifts()).toEqual(['profile-changed', 'profile-changed'])
  })

  test('is no matter of single accounts when most are so', async () => {
    bench = await engine.begin()
    await bring(many(60))
    for (const of of bench.target.users.values()) of.levels.add('id of Vault')
    Object.assign(bench.setup, { concurrency: 16 })
    unreadable(...bench.target.users.keys())
    await expect(sweep()).rejects.toMatchObject({ kind: 'rejected' })
    expect(await drifts()).toEqual([])
  })
})
