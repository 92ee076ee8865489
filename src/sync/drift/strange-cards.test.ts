import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import { type Bench, hour, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { nextCalls, type TargetUser } from '../fixtures/memory-target.fixture.ts'
import { linkByHand } from '../match/adopt.ts'
import { existing, match } from '../match/match.fixture.ts'
import { freezeByHand } from '../stop.ts'
import { observeTarget } from '../target-modes.ts'
import { sweepIfDue } from './sweep-target.ts'
import { acceptByHand } from './take-side.ts'

const engine = useEngine()
let bench: Bench

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { card: `${100 + who}`, ...more })
const many = (count = 6) => Array.from({ length: count }, (_, who) => row(who))
const user = (id: string) => bench.target.users.get(id) as TargetUser
const lostCard = h10301(7, 100)
const key = cardKey(lostCard)
const put = (id: string) => user(id).cards.set(key, { card: lostCard, state: 'on' })
const sweep = () =>
  sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
const settle = async (rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
const drifts = async () =>
  (await bench.rows<{ class: string }>(`select class from drift where class <> 'card-removed' order by class`)).map(
    (each) => each.class,
  )
const records = () =>
  bench.rows(
    `select l.cause, c.state as card, l.proven_at >= l.decided_at as proven
       from lockout l join credential c on c.id = l.credential_id where l.cause = 'undone'`,
  )
const proven = { cause: 'undone', card: 'lost', proven: true }

beforeEach(async () => {
  bench = await engine.begin()
  await settle(many())
  await settle([row(0, { cardState: 'lost' }), ...many().slice(1)])
  user('n0').cards.clear()
})

describe('a lost card on the account of somebody', () => {
  test('is blocked as a lock-out with a clock and a proof, whatever else waits, and then taken off', async () => {
    put('n1')
    await freezeByHand(bench.context, 'doors', bench.operator, 'looking')
    // A name that waits for the end of the freeze.
    await settle([row(0, { cardState: 'lost' }), row(1, { family: 'Other' }), ...many().slice(2)])
    await sweep()
    expect(await records()).toEqual([{ ...proven, proven: null }])
    nextCalls(bench.target, 'lock', { is: 'parts', parts: ['card'], kind: 'transient' })
    await bench.work()
    expect([user('n1').cards.get(key)?.state, await records()]).toEqual(['on', [{ ...proven, proven: null }]])
    await bench.pass(hour)
    await bench.work()
    expect([user('n1').cards.get(key)?.state, await records()]).toEqual(['blocked', [proven]])
    expect(await bench.alarms()).toContain('lockout.undone')
    // As often as somebody tries.
    put('n1')
    await sweep()
    await bench.work()
    expect([user('n1').cards.get(key)?.state, await records()]).toEqual(['blocked', [proven, proven]])
  })

  test('counts for no brake of what the configuration undoes, on however many accounts', async () => {
    await settle([row(0, { cardState: 'lost' }), ...many(8).slice(1)])
    for (let who = 1; who < 8; who++) put(`n${who}`)
    await sweep()
    await bench.rest()
    await sweep()
    expect([(await records()).length, await bench.alarms()]).toEqual([7, []])
  })

  test('is so on an extra account of ours, too', async () => {
    bench.target.users.set('x1', existing({ name: 'Somebody' }))
    await match(bench)
    const person = await bench.personOf('n1')
    await linkByHand(bench.context, 'doors', 'x1', person, bench.operator, 'second badge', bench.brakes)
    await bench.rest()
    put('x1')
    await sweep()
    await bench.rest()
    expect([user('x1').cards.has(key), user('x1').profile.name, await records()]).toEqual([false, 'Somebody', [proven]])
    await sweep()
    expect([await drifts(), await bench.alarms()]).toEqual([[], []])
  })

  test('is shut when its account can be reached again, however long that took, unless it is theirs by then', async () => {
    put('n1')
    put('n2')
    await sweep()
    bench.target.fault = ({ verb }) => (verb === 'lock' ? { is: 'failure', kind: 'transient' } : null)
    await bench.work()
    expect(user('n1').cards.get(key)?.state).toBe('on')
    bench.target.fault = () => null
    await bench.pass(3 * hour)
    await bench.rest()
    expect([user('n1').cards.has(key), user('n2').cards.has(key), await records()]).toEqual([
      false,
      false,
      [proven, proven],
    ])
  })

  describe('that is usable again', () => {
    const theirs = h10301(7, 103)
    const state = () => user('n1').cards.get(cardKey(theirs))?.state
    const be = (cardState: string) =>
      settle([row(0, { cardState: 'lost' }), row(1), row(2), row(3, { cardState }), row(4), row(5)])
    const noted = () =>
      bench.rows<{ id: string; owned: string; owned_guard: Buffer }>(
        `select id, owned, owned_guard from account where owned like '%"shut"%'`,
      )

    beforeEach(async () => {
      await be('suspended')
      user('n3').cards.clear()
      user('n1').cards.set(cardKey(theirs), { card: theirs, state: 'on' })
      await sweep()
    })

    test.each(['active', 'returned'])('is not shut when its account is reached by then: %s', async (cardState) => {
      bench.target.fault = ({ verb }) => (verb === 'lock' ? { is: 'failure', kind: 'transient' } : null)
      await bench.work()
      await be(cardState)
      bench.target.fault = () => null
      await bench.pass(3 * hour)
      await bench.rest()
      expect([state(), await noted()]).toEqual(['on', []])
      expect(
        await bench.rows(`select from lockout where cause = 'undone' and proven_at is null and ended_at is null`),
      ).toEqual([])
    })

    test('is not shut by an older note that a thief puts back, and is where he wrote about it', async () => {
      const [note] = await noted()
      await bench.rest()
      expect(state()).toBeUndefined()
      await be('active')
      user('n1').cards.set(cardKey(theirs), { card: theirs, state: 'on' })
      const putBack = async () => {
        await engine.tamper(
          'update account set owned = $2, owned_guard = $3, applied_version = desired_version - 1 where id = $1',
          [note?.id, note?.owned, note?.owned_guard],
        )
        await bench.rest()
      }
      await putBack()
      expect(state()).toBe('on')
      await engine.tamper(`update credential set state = 'suspended' where person_id = $1`, [
        await bench.personOf('n3'),
      ])
      await putBack()
      expect([state(), await bench.alarms()]).toEqual([undefined, expect.arrayContaining(['guard.failed'])])
    })
  })

  test('is told as what is still open where nothing is written', async () => {
    put('n1')
    await observeTarget(bench.context, 'doors', bench.operator, 'works')
    await sweep()
    expect([await records(), (await bench.alarms()).filter((is) => /card|undone/.test(is))]).toEqual([
      [],
      ['card.not-shut'],
    ])
  })
})

describe('a card that nobody is to get in by, on an account of nobody', () => {
  const accept = () =>
    acceptByHand(
      bench.context,
      'doors',
      { class: 'unknown-account' },
      { subject: bench.operator, isAdmin: false, reason: 'a guest' },
    )

  beforeEach(async () => {
    await match(bench)
    bench.target.users.set('guest', existing({ name: 'No One' }))
  })

  test('is told with its own alarm until it is gone, and the account can not be accepted while it is there', async () => {
    put('guest')
    await sweep()
    await sweep()
    expect([await drifts(), await bench.alarms()]).toEqual([['unknown-account', 'unusable-card'], ['card.not-shut']])
    expect(await accept()).toEqual({ drifts: 0, left: 1 })
    Object.assign(bench.setup, { drift: { ...bench.setup.drift, unknown_account: 'accept' } })
    await sweep()
    expect(await bench.rows('select 1 from drift where accepted_at is not null')).toEqual([])
    user('guest').cards.clear()
    await sweep()
    expect([await drifts(), await bench.alarms()]).toEqual([['unknown-account'], []])
  })

  test('is told though the account was accepted before, or was there at the match', async () => {
    await sweep()
    await accept()
    put('guest')
    await sweep()
    expect([await drifts(), await bench.alarms()]).toEqual([['unknown-account', 'unusable-card'], ['card.not-shut']])
    await match(bench)
    await sweep()
    expect(await drifts()).toContain('unusable-card')
  })

  test('is told however many accounts are new, so that none with one is accepted', async () => {
    bench.target.users.delete('guest')
    for (let number = 0; number < 1_000; number++)
      bench.target.users.set(`a${number}`, existing({ name: `Guest ${number}` }))
    bench.target.users.set('guest', existing({ name: 'No One' }))
    await sweep()
    bench.target.users.set('late', existing({ name: 'No One' }))
    put('guest')
    put('late')
    for (let number = 0; number < 1_000; number++)
      bench.target.users.set(`b${number}`, existing({ name: `Guest ${number}` }))
    Object.assign(bench.setup, { drift: { ...bench.setup.drift, unknown_account: 'accept' } })
    await sweep()
    expect((await drifts()).filter((is) => is === 'unusable-card')).toHaveLength(2)
    const [{ count } = { count: null }] = await bench.rows<{ count: number }>(
      `select count(*)::int from drift d where accepted_at is not null and exists (
         select from drift c where c.external_digest = d.external_digest and c.class = 'unusable-card')`,
    )
    expect([count, await bench.alarms()]).toEqual([0, ['card.not-shut']])
  })

  test('is told of a leaver, not of whoever works here; nothing is said of what a list does not tell', async () => {
    user('guest').cards.set('theirs', { card: h10301(7, 102), state: 'on' })
    await sweep()
    expect(await drifts()).toEqual(['unknown-account'])
    await settle([row(0, { cardState: 'lost' }), row(1), row(2, { status: 'left' }), ...many().slice(3)])
    await sweep()
    expect(await drifts()).toEqual(['unknown-account', 'unusable-card'])
    bench.target.shallow = true
    await sweep()
    expect([await drifts(), await bench.alarms()]).toEqual([['unknown-account', 'unusable-card'], ['card.not-shut']])
    bench.target.shallow = false
    user('guest').lock = 'closed'
    await sweep()
    expect([await drifts(), await bench.alarms()]).toEqual([['unknown-account'], []])
  })
})
