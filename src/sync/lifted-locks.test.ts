import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../model/card.ts'
import type { PersonId } from '../model/id.ts'
import { type Bench, day, hour, useEngine } from './fixtures/engine.fixture.ts'
import type { HrRow } from './fixtures/hr-file.fixture.ts'
import type { TargetUser } from './fixtures/memory-target.fixture.ts'
import { lockPerson, unlockPerson } from './operator.ts'

const engine = useEngine()
let bench: Bench
let person: PersonId
beforeEach(async () => {
  bench = await engine.begin()
  await deliver()
  person = await bench.personOf('n1')
})

const row = (more: Partial<HrRow> = {}): HrRow => ({
  ...{
    id: '1',
    person: 'p1',
    number: 'n1',
    given: 'Ada',
    family: 'Test',
    department: 'Research',
    card: '100',
    ...more,
  },
})
const deliver = async (more: Partial<HrRow> = {}) => {
  await bench.deliver([row(more)])
  await bench.rest()
}
const lock = async () => {
  await lockPerson(bench.context, person, bench.operator, 'seen')
  await bench.rest()
}
const unlock = async (hours = 8) => {
  const unlocked = await unlockPerson(bench.context, person, bench.operator, 'seen', hours)
  await bench.followCalendar()
  await bench.rest()
  return unlocked
}
const user = () => bench.target.users.get('n1') as TargetUser
const card = () => user().cards.get(cardKey(h10301(7, 100))) as { state: 'on' | 'blocked' }
const onlyPerson = async () => (await bench.rows<{ id: PersonId }>('select id from person'))[0]?.id as PersonId
const shown = () => [user().lock, card().state]

describe('lifting a lock restores exactly what it closed', () => {
  test.each(['lost', 'suspended'])('a card that was %s before stays blocked', async (cardState) => {
    await deliver({ cardState })
    await lock()
    expect(await unlock()).toEqual({ lifted: true, heldOpenUntil: null, state: 'active' })
    expect(shown()).toEqual(['open', 'blocked'])
  })

  test('an account or a card that somebody shut by hand at the target stays shut, though nobody had looked since', async () => {
    user().lock = 'closed'
    await lock()
    await unlock()
    expect(shown()).toEqual(['closed', 'on'])
    user().lock = 'open'
    card().state = 'blocked'
    await lock()
    await unlock()
    expect(shown()).toEqual(['open', 'blocked'])
  })

  test('a target that does not answer a look is locked all the same', async () => {
    let looks = 0
    bench.target.fault = ({ verb }) => (verb === 'read' && looks++ === 0 ? { is: 'hanging', lands: 'never' } : null)
    await lock()
    expect([looks, ...shown()]).toEqual([2, 'closed', 'blocked'])
    await unlock()
    expect(shown()).toEqual(['open', 'on'])
  })

  test('a leaver who was locked is still a leaver; unlocked once more, the door is held open', async () => {
    await deliver({ status: 'left' })
    await lock()
    expect(await unlock()).toEqual({ lifted: true, heldOpenUntil: null, state: 'left' })
    expect(shown()).toEqual(['closed', 'blocked'])
    const held = await unlock(8)
    expect([held.lifted, held.heldOpenUntil?.getTime()]).toEqual([false, bench.context.now().getTime() + 8 * hour])
    expect(shown()).toEqual(['open', 'on'])
  })

  test('who left while locked stays out as well', async () => {
    await lock()
    await deliver({ status: 'left' })
    await unlock()
    expect(shown()).toEqual(['closed', 'blocked'])
  })

  test('a door that was held open for a mistaken leaver is held open to its end', async () => {
    await deliver({ status: 'left' })
    await unlock(8)
    await lock()
    expect(shown()).toEqual(['closed', 'blocked'])
    await bench.pass(hour)
    expect(await unlock(24)).toMatchObject({ lifted: true, heldOpenUntil: expect.any(Date) })
    expect(shown()).toEqual(['open', 'on'])
    await bench.pass(7 * hour)
    await bench.followCalendar()
    await bench.rest()
    expect(shown()).toEqual(['closed', 'blocked'])
  })

  test('of whom nobody knows enough: who was out before is out, who was in is in', async () => {
    await deliver({ status: 'left' })
    await deliver({ end: 'hidden' })
    await lock()
    await unlock()
    expect(shown()).toEqual(['closed', 'blocked'])
    await deliver()
    await deliver({ end: 'hidden' })
    expect(shown()).toEqual(['open', 'on'])
    await lock()
    await unlock()
    expect(shown()).toEqual(['open', 'on'])
  })

  test('of whom nobody knows enough, and who left while locked: stays out', async () => {
    await lock()
    await deliver({ status: 'left' })
    await deliver({ end: 'hidden' })
    expect(await unlock()).toMatchObject({ lifted: true, state: 'unknown' })
    expect(shown()).toEqual(['closed', 'blocked'])
  })

  test('of whoever is not locked, and of whom nobody knows enough, changes nothing', async () => {
    await deliver({ status: 'left' })
    await deliver({ end: 'hidden' })
    expect(await unlock()).toEqual({ lifted: false, heldOpenUntil: null, state: 'unknown' })
    expect(shown()).toEqual(['closed', 'blocked'])
  })
})

describe('who has no account yet', () => {
  test('is made none that opens, until unlocked', async () => {
    const limit = { min: 0, percent: 0 }
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, create: limit } } })
    await deliver()
    person = await bench.personOf('n1')
    const held = await bench.heldPlan()
    await lock()
    if (held !== null) await bench.release(held)
    await deliver({ family: 'Other' })
    expect(bench.target.users.size).toBe(0)
  })

  test('nor one whose first day comes', async () => {
    bench = await engine.begin()
    await deliver({ start: '2026-03-04' })
    person = await onlyPerson()
    await lock()
    await bench.pass(3 * day)
    await bench.followCalendar()
    await bench.rest()
    expect(bench.target.users.size).toBe(0)
    await unlock()
    expect(shown()).toEqual(['open', 'on'])
  })
})

describe('a lock whose person was deleted from the database', () => {
  const again = async (more: Partial<HrRow> = {}) => {
    for (const table of ['person', 'account', 'source_record']) await engine.tamper(`delete from gatehouse.${table}`)
    bench.target.users.clear()
    await deliver({ family: 'Another', ...more })
  }

  test.each([
    ['the same record', {}],
    ['another record with the same number', { id: '2', person: 'p2' }],
    ['another record of the same human', { id: '2', number: 'n2' }],
  ])('holds for whoever comes by %s, with an alarm and a name on it', async (_what, more) => {
    await lock()
    await again(more)
    expect([bench.target.users.size, await bench.alarms()]).toEqual([0, ['lock.outlived']])
    const audited = await bench.rows(`select actor from audit_pending where action = 'person.locked' order by id`)
    expect(audited).toEqual([{ actor: bench.operator }, { actor: 'engine' }])
  })

  test('ends when somebody unlocks the new one, and is forgotten then', async () => {
    await lock()
    await again()
    person = await onlyPerson()
    await unlock()
    await bench.followCalendar()
    await bench.rest()
    expect([user().lock, await bench.rows('select 1 from lock_mark')]).toEqual(['open', []])
    await again({ family: 'Third' })
    expect(user().lock).toBe('open')
  })

  test('concerns nobody else, and nobody who was unlocked before', async () => {
    await lock()
    await bench.deliver([row(), row({ id: '9', person: 'p9', number: 'n9' })])
    await bench.rest()
    expect(bench.target.users.get('n9')?.lock).toBe('open')
    await unlock()
    await again()
    expect(user().lock).toBe('open')
  })

  test('whose mark was tampered with holds, too', async () => {
    await lock()
    await engine.tamper(`update gatehouse.lock_mark set guard = '\\x00'`)
    await again()
    expect([bench.target.users.size, await bench.alarms()]).toEqual([0, ['guard.failed', 'lock.outlived']])
  })
})
