import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../model/card.ts'
import type { PersonId } from '../model/id.ts'
import { type Bench, day, hour, useEngine } from './fixtures/engine.fixture.ts'
import { type HrRow, hrRow, hrSource } from './fixtures/hr-file.fixture.ts'
import { lockPerson, unlockPerson } from './operator.ts'
import { resolveEveryone } from './resolve/re-resolve.ts'

const engine = useEngine()
let bench: Bench
let person: PersonId
beforeEach(async () => {
  bench = await engine.begin()
  await deliver()
  person = await bench.personOf('n1')
})

const row = (more: Partial<HrRow> = {}): HrRow => ({
  id: '1',
  number: 'n1',
  given: 'Ada',
  family: 'Test',
  department: 'Research',
  card: '100',
  ...more,
})
const deliver = async (more: Partial<HrRow> = {}) => {
  await bench.deliver([row(more)])
  await bench.rest()
}
const lock = async () => {
  const ids = await lockPerson(bench.context, person, bench.operator, 'lost badge')
  await bench.rest()
  return ids
}
const unlock = async (hours = 8) => {
  await unlockPerson(bench.context, person, bench.operator, 'found it', hours)
  await bench.rest()
}
const pass = async (ms: number) => {
  await bench.pass(ms)
  await bench.followCalendar()
  await bench.rest()
}
const user = () => bench.target.users.get('n1')
const card = () => user()?.cards.get(cardKey(h10301(7, 100)))?.state
const levels = () => [...(user()?.levels ?? [])].sort()
const both = ['id of Lab', 'id of Main']

describe('an operator’s lock', () => {
  test('shuts everything at once, with a name and a lock-out to follow, and unlocking restores it', async () => {
    const ids = await lock()
    expect(await bench.rows('select id, cause, proven_at is not null as proven from lockout')).toEqual([
      { id: ids[0], cause: 'operator', proven: true },
    ])
    expect([user()?.lock, card(), levels()]).toEqual(['closed', 'blocked', both])
    await unlock()
    expect([user()?.lock, card(), levels(), user()?.validity.until]).toEqual(['open', 'on', both, null])
    const named = await bench.rows(`select action from audit_pending where actor = $1 order by id`, [bench.operator])
    expect(named.map(({ action }) => action)).toEqual(['person.locked', 'lockout.opened', 'person.unlocked'])
  })

  test('outranks HR: whatever a file says, it stays', async () => {
    await lock()
    await deliver({ family: 'Other', department: 'Sales' })
    await deliver({ status: 'left' })
    await deliver({ family: 'Third' })
    expect(user()?.lock).toBe('closed')
    await unlock()
    await bench.followCalendar()
    await bench.rest()
    expect([user()?.lock, user()?.profile.name, levels()]).toEqual(['open', 'Ada Third', both])
  })

  test('unlocking lifts only what it closed: a card lost meanwhile, and a block made by hand, stay', async () => {
    await lock()
    await deliver({ cardState: 'lost' })
    await unlock()
    await bench.followCalendar()
    await bench.rest()
    expect([user()?.lock, card()]).toEqual(['open', 'blocked'])
  })

  test('of somebody who was locked out already asks nothing more of the target', async () => {
    await deliver({ status: 'left' })
    bench.target.calls.length = 0
    expect(await lock()).toEqual([])
    expect(bench.target.calls).toEqual([])
    await deliver()
    expect(user()?.lock).toBe('closed')
  })

  test('covers protected people too: it has a name on it', async () => {
    await bench.protect(person)
    await lock()
    expect(user()?.lock).toBe('closed')
  })

  test('a second lock and a second unlock change nothing', async () => {
    await lock()
    expect(await lock()).toEqual([])
    await unlock()
    await unlock()
    expect(user()?.lock).toBe('open')
  })

  test('also shuts out whom HR hides from us, and unlocking lets them in again', async () => {
    await deliver({ end: 'hidden' })
    await lock()
    expect(user()?.lock).toBe('closed')
    await unlock()
    expect([user()?.lock, card(), levels()]).toEqual(['open', 'on', both])
  })

  test('lifted for whom HR hides from us, leaves a lost card blocked', async () => {
    await deliver({ cardState: 'lost' })
    await deliver({ cardState: 'lost', end: 'hidden' })
    await lock()
    await unlock()
    expect([user()?.lock, card()]).toEqual(['open', 'blocked'])
  })

  test('lifted where there was none lets nothing else through that waits for a release', async () => {
    const limit = { min: 0, percent: 0 }
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, change: limit } } })
    await deliver()
    person = await bench.personOf('n1')
    await deliver({ family: 'Other' })
    await unlock()
    expect([user()?.profile.name, await bench.heldPlan()]).toEqual(['Ada Test', expect.any(String)])
  })

  test('of nobody is refused', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000' as PersonId
    await expect(lockPerson(bench.context, nobody, bench.operator, 'x')).rejects.toMatchObject({
      code: 'person.unknown',
    })
    await expect(unlockPerson(bench.context, nobody, bench.operator, 'x', 1)).rejects.toMatchObject({
      code: 'person.unknown',
    })
  })
})

describe('unlocking a mistaken leaver', () => {
  test.each(['left', 'suspended'] as const)(
    'who is %s holds the door open for some hours, with all that they had',
    async (status) => {
      await deliver({ status })
      await unlock(8)
      expect([user()?.lock, card(), levels()]).toEqual(['open', 'on', both])
      await pass(8 * hour)
      expect([user()?.lock, card()]).toEqual(['closed', 'blocked'])
    },
  )

  test('ends in the target itself when the hours are over, should we not be there', async () => {
    await deliver({ status: 'left' })
    const until = new Date(bench.context.now().getTime() + 8 * hour).toISOString()
    await unlock(8)
    expect(user()?.validity.until).toBe(until)
  })

  test('and HR mending the record leaves no trace', async () => {
    await deliver({ status: 'left' })
    await unlock(8)
    await deliver()
    await pass(9 * hour)
    expect([user()?.lock, user()?.validity.until, levels()]).toEqual(['open', null, both])
  })

  test('does not give back what a later policy took', async () => {
    await deliver({ status: 'left' })
    await unlock(8)
    bench.policy([{ grant: ['doors/Main'], to: 'true' }])
    await resolveEveryone(bench.context, bench.brakes)
    await deliver()
    expect(levels()).toEqual(['id of Main'])
  })

  test('after the rights were removed opens the account without them, until HR says more', async () => {
    await deliver({ status: 'left' })
    await pass(8 * day)
    expect(levels()).toEqual([])
    await unlock(8)
    expect([user()?.lock, levels()]).toEqual(['open', []])
  })
})

test('somebody whom two sources name by the same number is locked like anybody', async () => {
  bench = await engine.begin({ sources: [hrSource('security')] })
  await bench.deliver([hrRow(1)])
  await bench.deliver([hrRow(1)], { source: 'security' })
  await bench.rest()
  expect(await bench.rows('select 1 from source_record')).toHaveLength(2)
  await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'seen')
  await bench.rest()
  expect(bench.target.users.get('n1')?.lock).toBe('closed')
})
