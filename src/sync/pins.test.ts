import { beforeEach, describe, expect, test } from 'vitest'
import type { PersonId } from '../model/id.ts'
import { mortal } from './fixtures/crash.fixture.ts'
import { type Bench, day, second, useEngine } from './fixtures/engine.fixture.ts'
import { hrRow } from './fixtures/hr-file.fixture.ts'
import { nextCalls } from './fixtures/memory-target.fixture.ts'
import { lockPerson, unlockPerson } from './operator.ts'
import { issuePin } from './pins.ts'
import { restoreWork } from './sweep.ts'

const engine = useEngine()
let bench: Bench
let person: PersonId
beforeEach(async () => {
  bench = await engine.begin()
  await deliver()
  person = await bench.personOf('n1')
})

const deliver = async (family = 'Test', status: 'active' | 'left' = 'active') => {
  await bench.deliver([hrRow(1, { family, status })])
  await bench.rest()
}
const issue = (target: string | null = null) =>
  issuePin(bench.context, person, bench.operator, { target, reason: 'forgot it' })
const set = () => bench.target.users.get('n1')?.pin
const waiting = () => bench.rows('select 1 from pin_issue')
const failures = async () =>
  JSON.parse((await bench.rows<{ failures: string | null }>('select failures from account'))[0]?.failures ?? 'null')
const pins = () => bench.target.calls.filter(({ verb }) => verb === 'put').length

describe('a PIN that is issued', () => {
  test('is set once at the target, sealed until then, and kept nowhere after', async () => {
    const { pin, targets, refused } = await issue()
    expect([pin, targets, refused]).toEqual([expect.stringMatching(/^\d{6}$/), ['doors'], []])
    const [row] = await bench.rows<{ pin: Buffer }>('select pin from pin_issue')
    expect(row?.pin.includes(pin)).toBe(false)
    bench.target.calls.length = 0
    await bench.rest()
    expect([set(), await waiting(), pins()]).toEqual([pin, [], 1])
    await deliver('Other')
    await bench.rows(`insert into account_work (account_id, target, lane) select id, target, 'bulk' from account`)
    await bench.rest()
    expect([set(), pins(), await failures()]).toEqual([pin, 2, null])
    const audited = await bench.rows(`select actor, object from audit_pending where action = 'pin.issued'`)
    expect(audited).toEqual([{ actor: bench.operator, object: person }])
  })

  test('stands in clear in no table, before and after', async () => {
    // So long that no digest in hex holds it by chance.
    const context = Object.create(bench.context, { pinLength: { value: 14 } })
    const { pin } = await issuePin(context, person, bench.operator, { target: null, reason: 'forgot it' })
    const everything = async () => {
      const tables = await bench.rows<{ name: string }>(
        `select tablename as name from pg_tables where schemaname = 'gatehouse' and tablename not like 'kysely%'`,
      )
      const texts = await Promise.all(
        tables.map(async ({ name }) => JSON.stringify(await bench.rows(`select t::text from ${name} t`))),
      )
      return texts.join('')
    }
    expect(await everything()).not.toContain(pin)
    await bench.rest()
    expect(await everything()).not.toContain(pin)
    expect(JSON.stringify(bench.logged)).not.toContain(pin)
  })

  test('takes the place of one that is still on its way', async () => {
    await issue()
    const { pin } = await issue()
    expect(await waiting()).toHaveLength(1)
    await bench.rest()
    expect([set(), await waiting()]).toEqual([pin, []])
  })

  test('needs no plan, and lets nothing through that waits for one', async () => {
    const limit = { min: 0, percent: 0 }
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, change: limit } } })
    await deliver()
    person = await bench.personOf('n1')
    await deliver('Other')
    const { pin } = await issue()
    await bench.rest()
    expect([set(), bench.target.users.get('n1')?.profile.name, await bench.heldPlan()]).toEqual([
      pin,
      'Person1 Test',
      expect.any(String),
    ])
  })

  test('survives that the rules are run again, and another change of the account', async () => {
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'failure', kind: 'transient' } : null)
    const { pin } = await issue()
    await bench.work()
    await bench.deliver([hrRow(1, { family: 'Other' })])
    await bench.work()
    expect(set()).toBeUndefined()
    bench.target.fault = () => null
    await bench.rest()
    expect([set(), bench.target.users.get('n1')?.profile.name, await waiting()]).toEqual([pin, 'Person1 Other', []])
  })

  test.each(['at-once', 'late', 'never'] as const)(
    'whose write is not answered, and lands %s, is set in the end, and only then forgotten',
    async (lands) => {
      const { pin } = await issue()
      nextCalls(bench.target, 'put', { is: 'unanswered', lands })
      await bench.work()
      await bench.pass(second)
      await bench.work()
      expect([set(), (await waiting()).length]).toEqual([pin, 1])
      bench.target.land()
      await bench.rest()
      expect([set(), await waiting()]).toEqual([pin, []])
    },
  )

  test('is not undone by an older one that lands late', async () => {
    await issue()
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'late' })
    await bench.work()
    const { pin } = await issue()
    await bench.pass(second)
    await bench.work()
    expect(set()).toBe(pin)
    bench.target.land()
    expect(set()).not.toBe(pin)
    await bench.rest()
    expect([set(), await waiting()]).toEqual([pin, []])
  })

  test.each(Array.from({ length: 12 }, (_, steps) => [steps]))(
    'survives a process that dies after %i steps',
    async (steps) => {
      const { pin } = await issue()
      await bench.work(mortal(bench.context, bench.setup, steps)).catch(() => undefined)
      await bench.rest()
      expect([set(), await waiting(), await failures()]).toEqual([pin, [], null])
    },
  )

  test('that the target refuses is told part by part, and keeps nothing else out', async () => {
    await bench.deliver([hrRow(1, { family: 'Other' })])
    await issue()
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'parts', parts: ['pin'], kind: 'rejected' } : null)
    await bench.rest()
    expect([set(), await failures(), bench.target.users.get('n1')?.profile.name]).toEqual([
      undefined,
      { pin: { kind: 'rejected', code: 'memory.pin-refused' } },
      'Person1 Other',
    ])
  })

  test('whose row is lost must be issued anew, and says so', async () => {
    await issue()
    await engine.tamper('delete from gatehouse.pin_issue')
    await bench.rest()
    expect([set(), await failures()]).toEqual([undefined, { pin: { kind: 'rejected', code: 'pin.lost' } }])
    await deliver('Other')
    expect([bench.target.users.get('n1')?.profile.name, await failures()]).toMatchObject(['Person1 Other', { pin: {} }])
    const { pin } = await issue()
    await bench.rest()
    expect([set(), await failures()]).toEqual([pin, null])
  })

  test.each([
    ['moved to somebody else', 'update gatehouse.pin_issue set person_id = gen_random_uuid()'],
    ['signed by nobody', `update gatehouse.pin_issue set guard = '\\x00'`],
    ['made of something else', `update gatehouse.pin_issue set pin = '\\x0102'`],
  ])('and %s is never set', async (_what, sql) => {
    await issue()
    await engine.tamper(sql)
    await bench.rest()
    expect([set(), await failures()]).toEqual([undefined, { pin: { kind: 'rejected', code: 'pin.lost' } }])
  })

  test('is forgotten after a week in which no target took it', async () => {
    bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'failure', kind: 'transient' } : null)
    await issue()
    await bench.pass(7 * day)
    await restoreWork(bench.context)
    expect(await waiting()).toHaveLength(1)
    await bench.pass(second)
    await restoreWork(bench.context)
    expect(await waiting()).toEqual([])
  })
})

describe('a lock-out in between', () => {
  test('wins: the PIN is not set while the person is out, and is when they are let in', async () => {
    const { pin } = await issue()
    await lockPerson(bench.context, person, bench.operator, 'seen')
    await bench.rest()
    expect([bench.target.users.get('n1')?.lock, set(), (await waiting()).length]).toEqual(['closed', undefined, 1])
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    await bench.rest()
    expect([bench.target.users.get('n1')?.lock, set(), await waiting()]).toEqual(['open', pin, []])
  })

  test('whoever is out is given none', async () => {
    await lockPerson(bench.context, person, bench.operator, 'seen')
    await expect(issue()).rejects.toMatchObject({ code: 'pin.person-out' })
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    await deliver('Test', 'left')
    await expect(issue()).rejects.toMatchObject({ code: 'pin.person-out' })
  })
})

describe('what can not be', () => {
  test('a target that takes no PINs says so at once', async () => {
    bench.target.takesPins = false
    await expect(issue()).rejects.toMatchObject({ code: 'pin.not-taken' })
    expect(await waiting()).toEqual([])
  })

  test('a target that is not there, and one where nothing may be written', async () => {
    await expect(issue('nowhere')).rejects.toMatchObject({ code: 'target.unknown' })
    expect((await issue('doors')).targets).toEqual(['doors'])
    bench = await engine.begin({ enabled: false })
    await deliver()
    person = await bench.personOf('n1')
    await expect(issue()).rejects.toMatchObject({ code: 'pin.no-account' })
  })
})
