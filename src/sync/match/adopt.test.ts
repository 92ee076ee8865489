import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import { newId, type PersonId, type PlanId } from '../../model/id.ts'
import { mortal } from '../fixtures/crash.fixture.ts'
import { type Bench, day, hour, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { lockPerson, unlockPerson } from '../operator.ts'
import { targetOrigin } from '../origin.ts'
import { enableTarget } from '../target-modes.ts'
import { adoptMatches, linkByHand } from './adopt.ts'
import { sealFound } from './found.ts'
import { type Existing, existing, judged, match } from './match.fixture.ts'
import { askForMatch } from './match-target.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin({ enabled: false })
})

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const there = (users: Readonly<Record<string, Existing>>) => {
  for (const [id, of] of Object.entries(users)) bench.target.users.set(id, existing(of))
}
const user = (id: string) => bench.target.users.get(id)
const levels = (id: string) => [...(user(id)?.levels ?? [])].map((level) => level.replace('id of ', '')).sort()
const card = (id: string, number: number) => user(id)?.cards.get(cardKey(h10301(7, number)))?.state
const adopt = () => adoptMatches(bench.context, 'doors', bench.operator, 'looked through', bench.brakes)
const link = async (account: string, who: number) =>
  linkByHand(bench.context, 'doors', account, await bench.personOf(`n${who}`), bench.operator, 'seen', bench.brakes)
const enable = () => enableTarget(bench.context, 'doors', bench.operator, 'accounts matched')
const changes = async () => {
  const rows = await bench.rows<{ kind: string; part: string; origin: string }>(
    `select c.kind, c.part, p.origin from plan_change c join plan p on p.id = c.plan_id where p.state = 'held' order by 3, 1, 2`,
  )
  return rows.map(({ kind, part, origin }) => `${origin} ${kind} ${part.replace(/:.*/, '')}`)
}
const held = async () => (await bench.heldPlan(targetOrigin('doors'))) as PlanId
/** Enabled, with everything released and carried out. */
const carryOut = async () => {
  await enable()
  for (const { id } of await bench.rows<{ id: PlanId }>(`select id from plan where state = 'held'`))
    await bench.release(id)
  await bench.followCalendar()
  await bench.rest()
}

describe('adoption', () => {
  test('links who is certain, changes nothing, and makes what differs the first plan of the target', async () => {
    await bench.deliver([row(1, { card: '101' }), row(2, { department: 'Research' }), row(3)])
    there({
      n1: { name: 'Person1 Test', department: 'Sales', levels: ['Main', 'Vault'], cards: [101, 900] },
      n2: { name: 'Test, P', department: 'Stores', levels: ['Lab'] },
      x9: { name: 'No One' },
    })
    await match(bench)
    const before = structuredClone([...bench.target.users])
    expect(await adopt()).toEqual({ linked: 2, left: 0 })
    await bench.rest()
    expect([...bench.target.users]).toEqual(before)
    // Of the third nothing was there; what was planned for the others is no creation any more.
    expect(await changes()).toEqual([
      'source:hr create account',
      'target:doors change profile',
      'target:doors grant level',
    ])
    expect(await judged(bench)).toMatchObject({
      n1: { class: 'linked' },
      n2: { class: 'linked' },
      x9: { class: 'none' },
    })
    await enable()
    await bench.release(await held())
    await bench.rest()
    expect(user('n2')?.profile).toMatchObject({ name: 'Person2 Test', department: 'Research' })
    expect([levels('n2'), levels('n1')]).toEqual([
      ['Lab', 'Main'],
      ['Main', 'Vault'],
    ])
  })

  test('takes over what policy wants exactly so, and nothing else: that stays when a right ends', async () => {
    await bench.deliver([row(1, { card: '101', department: 'Research' })])
    there({ n1: { name: 'Person1 Test', department: 'Research', levels: ['Main', 'Lab', 'Vault'], cards: [101, 900] } })
    await match(bench)
    await adopt()
    expect(await changes()).toEqual([])
    await carryOut()
    await bench.deliver([row(1, { department: 'Sales' })])
    for (const { id } of await bench.rows<{ id: PlanId }>(`select id from plan where state = 'held'`))
      await bench.release(id)
    await bench.rest()
    expect([levels('n1'), card('n1', 101), card('n1', 900)]).toEqual([['Main', 'Vault'], undefined, 'on'])
  })

  test('keeps an id that is not the one which the person would be given', async () => {
    await bench.deliver([row(1, { card: '101' })])
    there({ 'desk-17': { name: 'Person1 Test', cards: [101], levels: ['Main'] } })
    await match(bench)
    await adopt()
    await carryOut()
    await bench.deliver([row(1, { card: '101', family: 'Other' })])
    for (const { id } of await bench.rows<{ id: PlanId }>(`select id from plan where state = 'held'`))
      await bench.release(id)
    await bench.rest()
    expect([[...bench.target.users.keys()], user('desk-17')?.profile.name]).toEqual([['desk-17'], 'Person1 Other'])
  })

  test('leaves a name as it is as long as its change is held, also when something else of the account is written', async () => {
    bench = await engine.begin()
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, change: { min: 0, percent: 0 } } } })
    there({ n1: { name: 'Test, P.', department: 'Nights' } })
    await bench.deliver([row(1)])
    await bench.rest()
    await match(bench)
    await adopt()
    await bench.rest()
    expect([user('n1')?.profile, levels('n1')]).toEqual([{ name: 'Test, P.', department: 'Nights' }, ['Main']])
    await bench.release(await held())
    await bench.rest()
    expect(user('n1')?.profile).toEqual({ name: 'Person1 Test', department: 'Sales' })
  })

  test('shuts leavers who still have an open account the moment that the target is enabled', async () => {
    await bench.deliver([row(1), row(2, { card: '102' })])
    await bench.deliver([row(1), row(2, { card: '102', status: 'left' })])
    there({ n1: { name: 'Person1 Test' }, n2: { name: 'Person2 Test', levels: ['Main'], cards: [102, 900] } })
    await match(bench)
    await adopt()
    await bench.followCalendar()
    await bench.rest()
    expect(user('n2')?.lock).toBe('open')
    await enable()
    await bench.followCalendar()
    await bench.work()
    expect([user('n2')?.lock, card('n2', 102), card('n2', 900)]).toEqual(['closed', 'blocked', 'blocked'])
    expect(await bench.rows('select 1 from lockout where proven_at is not null')).toHaveLength(1)
    // Their card was theirs, and is given back with the door.
    await unlockPerson(bench.context, await bench.personOf('n2'), bench.operator, 'a mistake', 8)
    await bench.rest()
    expect([user('n2')?.lock, card('n2', 102)]).toEqual(['open', 'on'])
  })

  test('does not open what somebody closed by hand', async () => {
    await bench.deliver([row(1)])
    there({ n1: { name: 'Person1 Test', closed: true } })
    await match(bench)
    await adopt()
    await carryOut()
    expect([user('n1')?.lock, levels('n1')]).toEqual(['closed', ['Main']])
  })

  test('mends an account that could not be made because it was there', async () => {
    bench = await engine.begin()
    there({ n1: { name: 'Test, Person1', levels: ['Vault'] } })
    await bench.deliver([row(1)])
    await bench.rest()
    expect(await bench.rows('select 1 from account_work where dead_at is not null')).toHaveLength(1)
    await match(bench)
    expect(await adopt()).toEqual({ linked: 1, left: 0 })
    await bench.rest()
    expect([user('n1')?.profile.name, levels('n1')]).toEqual(['Person1 Test', ['Main', 'Vault']])
    expect(await bench.rows('select 1 from account_work')).toEqual([])
  })

  test('leaves to a person what is not certain any more', async () => {
    await bench.deliver([row(1, { card: '101' }), row(2)])
    there({ x1: { name: 'Person1 Test', cards: [101] }, n2: { name: 'Person2 Test' } })
    await match(bench)
    await bench.deliver([row(1), row(2, { card: '101' })])
    expect(await adopt()).toEqual({ linked: 1, left: 1 })
    expect(await judged(bench)).toMatchObject({ x1: { class: 'certain' }, n2: { class: 'linked' } })
  })

  test('needs a look that is done, and not older than a day', async () => {
    await expect(adopt()).rejects.toMatchObject({ code: 'match.none' })
    await bench.deliver([row(1)])
    there({ n1: { name: 'Person1 Test' } })
    await match(bench)
    await bench.pass(25 * hour)
    await expect(adopt()).rejects.toMatchObject({ code: 'match.stale' })
  })

  test('links nobody by a row that somebody changed', async () => {
    await bench.deliver([row(1), row(2)])
    there({ n1: { name: 'Person1 Test' }, n2: { name: 'Person2 Test' } })
    await match(bench)
    await engine.tamper(`update match_row set person_id = $1 where person_id = $2`, [
      await bench.personOf('n1'),
      await bench.personOf('n2'),
    ])
    expect(await adopt()).toEqual({ linked: 1, left: 1 })
    expect(await bench.alarms()).toContain('guard.failed')
    await expect(link('n2', 2)).rejects.toMatchObject({ code: 'match.forged' })
  })

  test('leaves to a person of whom somebody put back what the list alone had shown', async () => {
    Object.assign(bench.target, { shallow: true, cardsTold: true })
    await bench.deliver([row(1)])
    there({ n1: { name: 'Person1 Test', department: 'Sales', levels: ['Main'] } })
    expect(await match(bench)).toMatchObject({ n1: { class: 'certain' } })
    const [{ id = '' } = {}] = await bench.rows<{ id: string }>('select id from match_row')
    for await (const [listed] of bench.setup.connection.accounts.list(new AbortController().signal))
      if (listed !== undefined)
        await engine.tamper('update match_row set found = $1', [sealFound(engine.vault, id, listed, false)])
    expect(await adopt()).toEqual({ linked: 0, left: 1 })
    await link('n1', 1)
    expect(await changes()).toEqual([])
  })

  test('killed at any step links each account once when it goes on', async () => {
    for (let steps = 0; ; steps += 3) {
      bench = await engine.begin({ enabled: false })
      await bench.deliver([row(1), row(2), row(3)])
      there({ n1: { name: 'Person1 Test' }, n2: { name: 'Person2 Test' }, x3: { name: 'Person3 Test' } })
      await match(bench)
      const dying = mortal(bench.context, bench.setup, steps)
      await adoptMatches(dying.context, 'doors', bench.operator, 'seen', bench.brakes).catch(() => undefined)
      await adopt()
      const linked = await bench.rows('select distinct person_id from account where applied_version = 1')
      expect(linked, `after ${steps} steps`).toHaveLength(2)
      expect(await bench.rows(`select 1 from audit_pending where action = 'account.linked'`)).toHaveLength(2)
      if (!dying.dead()) return
    }
  })
})

describe('a link by hand', () => {
  test('takes what is only probable', async () => {
    await bench.deliver([row(1)])
    there({ x1: { name: 'Test Person1' } })
    expect(await match(bench)).toMatchObject({ x1: { class: 'probable' } })
    expect(await adopt()).toEqual({ linked: 0, left: 0 })
    await link('x1', 1)
    await carryOut()
    expect([[...bench.target.users.keys()], levels('x1')]).toEqual([['x1'], ['Main']])
  })

  describe('of an account of which the list leaves out levels', () => {
    beforeEach(async () => {
      Object.assign(bench.target, { shallow: true, cardsTold: true })
      await bench.deliver([row(1, { department: 'Research' })])
      there({ x1: { name: 'Person1 Test', department: 'Research', levels: ['Main', 'Lab', 'Vault'] } })
      expect(await match(bench)).toMatchObject({ x1: { class: 'probable' } })
    })
    const moved = async () => {
      await bench.deliver([row(1)])
      for (const { id } of await bench.rows<{ id: PlanId }>(`select id from plan where state = 'held'`))
        await bench.release(id)
      await bench.rest()
      return levels('x1')
    }

    test('knows them, so that they go when the person moves', async () => {
      await link('x1', 1)
      expect(await changes()).toEqual([])
      await carryOut()
      expect(await moved()).toEqual(['Main', 'Vault'])
    })

    test('asks only where the match has not read it singly', async () => {
      const reads = () => bench.target.calls.filter(({ verb }) => verb === 'read').length
      await link('x1', 1)
      expect(reads()).toBe(1)
      bench = await engine.begin({ enabled: false })
      await bench.deliver([row(1)])
      there({ x1: { name: 'Person1 Test' } })
      await match(bench)
      await link('x1', 1)
      expect(reads()).toBe(0)
    })

    test('is refused when it is gone, an operator’s by now, or can not be read', async () => {
      const refused = (code: string) => expect(link('x1', 1)).rejects.toMatchObject({ code })
      bench.target.fault = () => ({ is: 'failure', kind: 'transient' })
      await refused('match.not-read')
      bench.target.fault = () => null
      Object.assign(user('x1') ?? {}, { untouchable: true })
      await refused('match.untouchable')
      bench.target.users.delete('x1')
      await refused('match.no-such-account')
    })
  })

  test('is refused for what is linked, unknown, untouchable, or bears an id that somebody else is to be given', async () => {
    await bench.deliver([row(1), row(2)])
    there({ n1: { name: 'Person1 Test' }, boss: { untouchable: true }, n2: { name: 'No One' } })
    await match(bench)
    await link('n1', 1)
    const refused = (of: Promise<unknown>, code: string) => expect(of).rejects.toMatchObject({ code })
    await refused(link('n1', 1), 'match.already-linked')
    await refused(link('n8', 1), 'match.no-such-account')
    await refused(link('boss', 1), 'match.untouchable')
    await refused(link('n2', 1), 'match.id-taken')
    const by = [bench.operator, 'seen', bench.brakes] as const
    await refused(linkByHand(bench.context, 'doors', 'n2', newId<PersonId>(), ...by), 'person.unknown')
    await refused(linkByHand(bench.context, 'nowhere', 'n2', newId<PersonId>(), ...by), 'target.unknown')
    const person = await bench.personOf('n2')
    await engine.tamper('update person set locked_at = now()')
    await refused(linkByHand(bench.context, 'doors', 'n2', person, ...by), 'person.frozen')
  })

  test('waits for a look that is under way', async () => {
    await match(bench)
    await bench.pass(hour)
    await askForMatch(bench.context, 'doors', bench.operator, 'again')
    await expect(adopt()).rejects.toMatchObject({ code: 'match.running' })
  })

  test('waits for a worker that is just making an account of that person', async () => {
    bench = await engine.begin()
    await bench.deliver([row(1)])
    there({ x1: { name: 'Person1 Test' } })
    await match(bench)
    await bench.rows(`update account_work set lease_owner = $1, lease_until = now() + interval '1 minute'`, [
      bench.operator,
    ])
    await expect(link('x1', 1)).rejects.toMatchObject({ code: 'match.busy' })
  })
})

describe('a second account of a person', () => {
  const second = async () => {
    bench = await engine.begin()
    await bench.deliver([row(1, { card: '101' })])
    await bench.rest()
    there({ night: { name: 'Person1 Test', department: 'Night', levels: ['Vault', 'Main'], cards: [900] } })
    await match(bench)
    await link('night', 1)
  }

  test('is never changed by us', async () => {
    await second()
    const before = structuredClone(user('night'))
    await bench.deliver([row(1, { card: '101', family: 'Other', department: 'Research' })])
    await bench.rest()
    expect([user('night'), user('n1')?.profile.name]).toEqual([before, 'Person1 Other'])
  })

  test('is shut with the other when the person leaves, opened with it when that was a mistake, and keeps what it had', async () => {
    await second()
    await bench.deliver([row(1, { card: '101', status: 'left' })])
    await bench.work()
    expect([user('n1')?.lock, user('night')?.lock, card('night', 900)]).toEqual(['closed', 'closed', 'blocked'])
    expect(await bench.rows('select 1 from lockout where proven_at is not null')).toHaveLength(2)
    await unlockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'a mistake', 8)
    await bench.rest()
    expect([user('n1')?.lock, user('night')?.lock, card('night', 900)]).toEqual(['open', 'open', 'on'])
    expect([user('night')?.profile, user('night')?.validity]).toEqual([
      { name: 'Person1 Test', department: 'Night' },
      { from: null, until: null },
    ])
    await bench.pass(day)
    await bench.followCalendar()
    await bench.rest()
    expect([user('night')?.lock, levels('night')]).toEqual(['closed', ['Main', 'Vault']])
  })

  test("is shut by an operator's lock", async () => {
    await second()
    await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'seen')
    await bench.work()
    expect([user('n1')?.lock, user('night')?.lock]).toEqual(['closed', 'closed'])
  })
})
