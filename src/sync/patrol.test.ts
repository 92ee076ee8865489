import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, day, hour, useEngine } from './fixtures/engine.fixture.ts'
import { hrRow } from './fixtures/hr-file.fixture.ts'
import { addGrant } from './grants.ts'
import { lockPerson } from './operator.ts'
import { startPatrol } from './patrol.ts'

const engine = useEngine()
let bench: Bench
let patrol: () => Promise<void>
beforeEach(async () => {
  bench = await engine.begin()
  patrol = startPatrol(bench.context, bench.brakes)
})

const user = () => bench.target.users.get('n1')
const forgeries = async () =>
  (
    await bench.rows<{ scope: string }>(`select scope from alarm where code = 'guard.failed' and cleared_at is null`)
  ).map(({ scope }) => scope)
const rest = async () => {
  await patrol()
  await bench.rest()
}
const forget = () => engine.tamper('update person set next_change_at = null')

describe('a wake-up that somebody took away', () => {
  test('keeps no right that was given for some hours, and raises an alarm', async () => {
    await bench.deliver([hrRow(1)])
    await bench.rest()
    const person = await bench.personOf('n1')
    await addGrant(bench.context, person, bench.operator, { level: 'doors/Vault', until: '2h', reason: 'visit' })
    await bench.rest()
    expect(user()?.levels).toContain('id of Vault')
    await forget()
    await bench.pass(3 * hour)
    await rest()
    expect(user()?.levels).not.toContain('id of Vault')
    expect(await forgeries()).toEqual([person])
  })

  test('keeps nobody in after their last day', async () => {
    await bench.deliver([hrRow(1, { end: '2026-03-04' }), hrRow(2)])
    await bench.rest()
    await forget()
    await bench.pass(5 * day)
    await rest()
    expect(user()?.lock).toBe('closed')
    expect(await forgeries()).toEqual([await bench.personOf('n1')])
  })

  test('is given back before its time comes', async () => {
    await bench.deliver([hrRow(1, { end: '2026-03-04' })])
    const [before] = await bench.rows('select next_change_at from person')
    await engine.tamper(`update person set next_change_at = 'infinity'`)
    await rest()
    expect(await bench.rows('select next_change_at from person')).toEqual([before])
    expect(await forgeries()).toHaveLength(1)
  })
})

test('whom time and sources have moved as they should is no matter of the patrol, which begins anew every quarter of an hour', async () => {
  await bench.deliver([
    hrRow(1, { end: '2026-03-04' }),
    hrRow(2, { start: '2026-03-09' }),
    hrRow(3, { status: 'left' }),
  ])
  for (let days = 0; days < 9; days++) {
    await rest()
    await rest()
    await bench.pass(day)
    await bench.followCalendar()
  }
  expect([user()?.lock, bench.target.users.get('n2')?.lock]).toEqual(['closed', 'open'])
  expect(await bench.alarms()).toEqual([])
})

test('whose hour comes while the patrol is at them is no forgery, and is shut out by it', async () => {
  await bench.deliver([hrRow(1, { end: '2026-03-04' })])
  await bench.rest()
  const refuseSuperseded = async () => void (await bench.pass(5 * day))
  await startPatrol({ ...bench.context, refuseSuperseded }, bench.brakes)()
  await bench.rest()
  expect([user()?.lock, await forgeries()]).toEqual(['closed', []])
})

test('what the calendar has not come to yet is no forgery', async () => {
  await bench.deliver([hrRow(1, { end: '2026-03-04' })])
  await bench.pass(5 * day)
  await rest()
  expect(user()?.lock ?? 'closed').toBe('closed')
  expect(await forgeries()).toEqual([])
})

describe('rows that were taken away', () => {
  beforeEach(async () => {
    await bench.deliver([hrRow(1), hrRow(2)])
    await bench.rest()
  })

  test("a person's key: they are frozen, alarmed by whoever looks at them, and a lock says what is to be done", async () => {
    const person = await bench.personOf('n1')
    await engine.tamper('delete from person_key where id = (select key_id from person where id = $1)', [person])
    await expect(lockPerson(bench.context, person, bench.operator, 'now')).rejects.toMatchObject({
      code: 'person.frozen',
      message: expect.stringContaining('Lock them at the door systems by hand'),
    })
    expect(await forgeries()).toEqual([person])
  })

  test('such a key is missed by the patrol, and by the worker', async () => {
    const person = await bench.personOf('n1')
    await engine.tamper('delete from person_key where id = (select key_id from person where id = $1)', [person])
    await engine.tamper('update account set applied_version = 0')
    await rest()
    const [account] = await bench.rows<{ id: string }>('select id from account where person_id = $1', [person])
    expect((await forgeries()).sort()).toEqual([person, account?.id].sort())
  })

  test('the person of an account: nobody who has one is without', async () => {
    const [account] = await bench.rows<{ id: string }>('select id from account where person_id = $1', [
      await bench.personOf('n1'),
    ])
    await engine.tamper('update account set person_id = null where id = $1', [account?.id])
    await patrol()
    expect(await forgeries()).toContain(account?.id)
  })
})
