import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, day, hour, useEngine } from './fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from './fixtures/hr-file.fixture.ts'
import { lockPerson } from './operator.ts'
import { resolveEveryone } from './resolve/re-resolve.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver([row(1), row(2)])
  await bench.rest()
})

const row = (who: number, more: Partial<HrRow> = {}) =>
  hrRow(who, { person: `p${who}`, department: 'Sales', card: `10${who}`, ...more })
const levels = (who: number) => [...(bench.target.users.get(`n${who}`)?.levels ?? [])].sort()
const lock = (who: number) => bench.target.users.get(`n${who}`)?.lock
const problems = async () =>
  (await bench.rows<{ code: string }>('select code from pull_problem')).map(({ code }) => code)
const first = `(select person_id from account where external_digest = $1)`
/** As a thief who may write: to whatever of person 1 the statement changes. */
const tamper = (sql: string) =>
  engine.tamper(sql.replace('?', first), [bench.context.vault.index('account', 'doors/n1')])

describe.each([
  ['the person', `update person set locked_at = null, protected = true where id = ?`],
  ['a record', `update source_record set presence = 'gone' where person_id = ?`],
  [
    'what a record says',
    `update source_record set record = set_byte(record, 40, get_byte(record, 40) # 1) where person_id = ?`,
  ],
  ['a card', `update credential set state = 'active', waits = true where person_id = ?`],
  ["a card's number", `update credential set card = set_byte(card, 40, get_byte(card, 40) # 1) where person_id = ?`],
  [
    'an account',
    `update account set wanted = replace(wanted, '"levels":[', '"levels":["x",'), pending = true where person_id = ?`,
  ],
  [
    'the key',
    `update person_key set wrapped = set_byte(wrapped, 40, get_byte(wrapped, 40) # 1) where id = (select key_id from person where id = ?)`,
  ],
])('when somebody changed %s from outside', (what, sql) => {
  beforeEach(async () => {
    await tamper(sql)
    if (what === 'the key') {
      const [key] = await bench.rows<{ id: never }>(
        'select k.id from person_key k join account a on a.key_id = k.id where a.external_digest = $1',
        [bench.context.vault.index('account', 'doors/n1')],
      )
      bench.context.vault.forget(key?.id as never)
    }
  })

  test('nothing more is granted to that person, and an alarm is on', async () => {
    await bench.deliver([row(1, { department: 'Research' }), row(2, { department: 'Research' })])
    await bench.rest()
    expect(levels(1)).toEqual(['id of Main'])
    expect(levels(2)).toEqual(['id of Lab', 'id of Main'])
    expect(await problems()).toEqual(['person.frozen'])
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('they are never read as absent, and lock-outs of others still run', async () => {
    await bench.deliver([row(2), row(3)])
    await bench.pass(21 * hour)
    await bench.deliver([row(2, { status: 'left' }), row(4)])
    await bench.rest()
    expect([lock(1), lock(2)]).toEqual(['open', 'closed'])
  })

  test('the clock does not circle on them, and everybody else is resolved', async () => {
    await engine.tamper(`update person set next_change_at = $1`, [bench.context.now()])
    bench.policy([{ grant: ['doors/Main', 'doors/Lab'], to: 'true' }])
    await bench.followCalendar()
    await resolveEveryone(bench.context, bench.brakes)
    await bench.rest()
    expect(levels(1)).toEqual(['id of Main'])
    expect(levels(2)).toEqual(['id of Lab', 'id of Main'])
  })

  test('an order about them is refused', async () => {
    const person = await bench.personOf('n1')
    await expect(lockPerson(bench.context, person, bench.operator, 'seen')).rejects.toMatchObject({
      code: 'person.frozen',
    })
  })

  test('a record that leads to them is nobody’s, and makes nobody new', async () => {
    await bench.deliver([row(1), row(2), row(1, { id: '1b' })])
    expect(await problems()).toContain('person.frozen')
    expect(await bench.rows('select 1 from person')).toHaveLength(2)
  })
})

describe('a worker', () => {
  test.each([
    ['desired', `update account set desired = replace(desired, '"levels":[', '"levels":["x",') where person_id = ?`],
    ['ours', `update account set owned = '{}' where person_id = ?`],
    ['what is ours, unsigned,', `update account set owned = null, owned_guard = null where person_id = ?`],
    ['a card', `update credential set state = 'active', person_id = person_id, waits = true where person_id = ?`],
    [
      'the facts',
      `update account set desired_facts = set_byte(desired_facts, 40, get_byte(desired_facts, 40) # 1) where person_id = ?`,
    ],
  ])(
    'freezes an account when %s is not as we wrote it, writes nothing, and goes on with the others',
    async (_what, sql) => {
      await bench.deliver([row(1, { department: 'Research' }), row(2, { department: 'Research' })])
      await tamper(sql)
      await bench.rest()
      expect([levels(1), levels(2)]).toEqual([['id of Main'], ['id of Lab', 'id of Main']])
      expect(await bench.rows('select 1 from account where frozen_at is not null')).toHaveLength(1)
      expect(await bench.rows('select 1 from account_work')).toEqual([])
      expect(await bench.alarms()).toContain('guard.failed')
      await bench.pass(day)
      await bench.rest()
      expect(await bench.rows('select 1 from account_work')).toEqual([])
    },
  )

  test('asks the target when its memory of it is damaged: a leaver is shut out all the same', async () => {
    await bench.deliver([row(1), row(2)])
    await bench.rest()
    await tamper(`update account set actual = set_byte(actual, 40, get_byte(actual, 40) # 1) where person_id = ?`)
    await bench.deliver([row(1, { status: 'left' }), row(2)])
    await bench.rest()
    expect(bench.target.users.get('n1')?.lock).toBe('closed')
    expect(await bench.rows('select 1 from account where frozen_at is not null')).toEqual([])
  })

  test('takes a forged intent for none: an account that was closed by hand stays closed', async () => {
    const user = bench.target.users.get('n1')
    if (user === undefined) throw new Error('there is no such account')
    user.lock = 'closed'
    await tamper(`update account set actual = null, actual_version = null where person_id = ?`)
    await tamper(
      `insert into account_work (account_id, target, lane, intents)
       select id, target, 'bulk', jsonb_build_array(jsonb_build_object(
         'desired', replace(desired, '"lock":"open"', '"lock":"closed"'), 'mac', encode(desired_mac, 'base64')))
         from account where person_id = ?`,
    )
    await bench.rest()
    expect(lock(1)).toBe('closed')
  })

  test('does nothing about an account of which nothing is desired yet, whoever put it on the list', async () => {
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, create: { min: 0, percent: 0 } } } })
    await bench.deliver([row(1)])
    expect(await bench.heldPlan()).not.toBeNull()
    await tamper(
      `insert into account_work (account_id, target, lane) select id, target, 'bulk' from account where person_id = ?`,
    )
    await bench.rest()
    expect([bench.target.users.size, await bench.rows('select 1 from account_work')]).toEqual([0, []])
  })

  test.each([`'{}'`, `'null'`, `'"x"'`, `'[null, 7, {"desired": 5}]'`])(
    'is not stopped by %s in place of intents: lock-outs still run',
    async (junk) => {
      await bench.deliver([row(1, { status: 'left' }), row(2, { status: 'left' })])
      await tamper(
        `update account_work set intents = ${junk}::jsonb where account_id = (select id from account where person_id = ?)`,
      )
      await bench.work()
      expect([lock(1), lock(2)]).toEqual(['closed', 'closed'])
    },
  )
})

describe('a plan', () => {
  beforeEach(async () => {
    const brakes = { ...bench.brakes, create: { min: 2, percent: 20 }, grant: { min: 0, percent: 20 } }
    bench = await engine.begin({ source: { brakes } })
    await bench.deliver([row(1), row(2)])
    await bench.rest()
  })

  test('is not got round by naming another origin: the changes pass nowhere', async () => {
    await bench.deliver([row(1, { department: 'Research' }), row(2, { department: 'Research' })])
    const held = await bench.heldPlan()
    await tamper(`update account set wanted_by = 'operator' where person_id = ?`)
    await bench.followCalendar()
    await bench.rest()
    expect(held).not.toBeNull()
    expect(levels(1)).toEqual(['id of Main'])
  })

  test('is held by its brake however many open accounts somebody puts into the table', async () => {
    const thousand = Array.from({ length: 1_000 }, () => crypto.randomUUID())
    await bench.context.database.pool.query(
      `insert into account (id, target, key_id, external_digest, external_id, wanted, wanted_facts, wanted_facts_version, wanted_by, pending, desired, guard)
       select id, 'doors', id, decode(md5(id::text), 'hex'), '', '{}', '', 1, 'x', false, '{"lock":"open"}', '' from unnest($1::uuid[]) as v(id)`,
      [thousand],
    )
    await bench.deliver([row(1), row(2), ...Array.from({ length: 10 }, (_, i) => row(10 + i))])
    expect(await bench.heldPlan()).not.toBeNull()
    expect(bench.target.users.size).toBe(2)
  })
})
