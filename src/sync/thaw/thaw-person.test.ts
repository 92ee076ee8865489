import { beforeEach, describe, expect, test } from 'vitest'
import type { PersonId } from '../../model/id.ts'
import { erasePerson } from '../erasure/erase.ts'
import { type Bench, hour, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { unlockPerson } from '../operator.ts'
import { pauseByHand } from '../stop.ts'
import { frozenPeople, thawPerson } from './thaw-person.ts'

const engine = useEngine()
let bench: Bench
let person: PersonId
beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver([row(1), row(2)])
  await bench.rest()
  person = await bench.personOf('n1')
})

const row = (who: number, more: Partial<HrRow> = {}) =>
  hrRow(who, { person: `p${who}`, department: 'Research', card: `10${who}`, ...more })
const user = (who = 1) => bench.target.users.get(`n${who}`)
const first = `(select person_id from account where external_digest = $1)`
/** As a thief who may write: to whatever of person 1 the statement changes. */
const tamper = (sql: string) =>
  engine.tamper(sql.replace('?', first), [bench.context.vault.index('account', 'doors/n1')])
const thaw = () => thawPerson(bench.context, person, bench.operator, 'looked into')
const unlock = async () => {
  await unlockPerson(bench.context, person, bench.operator, 'all is well', 1)
  await bench.followCalendar()
  await bench.rest()
}
const notice = async () => {
  await bench.deliver([row(1, { family: 'Other' }), row(2)])
  await bench.rest()
}
const listed = async () => (await frozenPeople(bench.context, null, 10)).map((each) => each.person)
const levels = (who = 1) => [...(user(who)?.levels ?? [])].sort()

const nothing = { person: false, records: 0, cards: 0, grants: 0, accounts: 0, lost: [] }
describe.each([
  ['their row', `update person set locked_at = null, protected = true where id = ?`, { person: true }],
  ['a record', `update source_record set presence = 'gone' where person_id = ?`, { records: 1 }],
  ['a card', `update credential set state = 'active', waits = true where person_id = ?`, { cards: 1 }],
  [
    "a card's number",
    `update credential set card = set_byte(card, 40, get_byte(card, 40) # 1) where person_id = ?`,
    { cards: 1 },
  ],
  [
    'an account',
    `update account set wanted = replace(wanted, '"levels":[', '"levels":["x",'), pending = true where person_id = ?`,
    { accounts: 1 },
  ],
  ['what is ours', `update account set owned = null, owned_guard = null where person_id = ?`, { accounts: 1 }],
  [
    'the counters of an account',
    `update account set desired_version = 2147483647, applied_version = 2147483647, wanted_facts_version = 2147483647 where person_id = ?`,
    { accounts: 1 },
  ],
])('when somebody changed %s', (what, sql, mended) => {
  test('a thawed person is shut out, and proven so; told anew and unlocked by name, they have what the rules give, and no more', async () => {
    await tamper(sql)
    await notice()
    expect(await listed()).toEqual([person])
    const { lockouts, ...rest } = await thaw()
    expect(rest).toEqual({ ...nothing, ...mended })
    expect(lockouts).toHaveLength(1)
    await bench.rest()
    expect([user()?.lock, await listed(), await bench.alarms()]).toEqual(['closed', [], []])
    expect(await bench.rows('select proven_at is not null as proven from lockout')).toEqual([{ proven: true }])
    // The same bytes as before: they are taken all the same.
    await bench.deliver([row(1, { family: 'Other' }), row(2)])
    await bench.rest()
    expect(user()?.lock).toBe('closed')
    await unlock()
    expect([user()?.lock, levels(), levels(2)]).toEqual([
      'open',
      ['id of Lab', 'id of Main'],
      ['id of Lab', 'id of Main'],
    ])
    const [card] = [...(user()?.cards.values() ?? [])]
    // Of a card whose row was changed nobody can say that it is not lost.
    expect(card?.state).toBe(what.startsWith('a card') ? 'blocked' : 'on')
    const acts = await bench.rows<{ action: string }>(`select action from audit_pending where actor = $1 order by id`, [
      bench.operator,
    ])
    expect(acts.map(({ action }) => action)).toEqual(['person.thawed', 'lockout.opened', 'person.unlocked'])
  })
})

describe('thawing', () => {
  test('of a leaver leaves them a leaver', async () => {
    await tamper(`update account set owned = null, owned_guard = null where person_id = ?`)
    await bench.deliver([row(1, { status: 'left' }), row(2)])
    await bench.rest()
    expect(user()?.lock).toBe('open')
    await thaw()
    await bench.rest()
    expect(user()?.lock).toBe('closed')
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    await bench.followCalendar()
    await bench.rest()
    expect(user()?.lock).toBe('closed')
  })

  test('of an account whose facts do not open shuts it out all the same', async () => {
    await tamper(
      `update account set desired_facts = set_byte(desired_facts, 40, get_byte(desired_facts, 40) # 1) where person_id = ?`,
    )
    await bench.deliver([row(1, { status: 'left' }), row(2)])
    await bench.rest()
    expect([user()?.lock, await listed()]).toEqual(['open', [person]])
    expect(await thaw()).toMatchObject({ accounts: 1 })
    await bench.rest()
    expect(user()?.lock).toBe('closed')
  })

  test('of whom nothing that a source said can be read any more locks them, for good', async () => {
    await tamper(`update source_record set record = set_byte(record, 40, get_byte(record, 40) # 1) where person_id = ?`)
    await notice()
    expect(await thaw()).toMatchObject({ ...nothing, records: 1 })
    await bench.deliver([row(1), row(2)])
    await bench.rest()
    expect(user()?.lock).toBe('closed')
  })

  test('signs no right that somebody gave themselves', async () => {
    await tamper(
      `insert into individual_grant (id, person_id, access_level_id, reason, subject_id, guard)
       select gen_random_uuid(), ?, (select id from access_level where name = 'Vault'), '\\x00', gen_random_uuid(), '\\x00'`,
    )
    await notice()
    expect(await thaw()).toMatchObject({ ...nothing, grants: 1 })
    await unlock()
    expect(levels()).toEqual(['id of Lab', 'id of Main'])
  })

  test('of an account that nobody can address any more says so, and where', async () => {
    await tamper(
      `update account set external_id = set_byte(external_id, 20, get_byte(external_id, 20) # 1) where person_id = ?`,
    )
    await notice()
    expect(await thaw()).toMatchObject({
      accounts: 0,
      lost: [{ account: expect.any(String), target: 'doors' }],
      lockouts: [],
    })
    expect(await bench.rows('select 1 from account')).toHaveLength(1)
  })

  test('finds the target of an account that was said to be at another', async () => {
    await tamper(`update account set target = 'elsewhere' where person_id = ?`)
    await notice()
    expect(await thaw()).toMatchObject({ accounts: 1, lost: [] })
    await bench.rest()
    expect(user()?.lock).toBe('closed')
  })

  test('gives back an account that was moved here from another person', async () => {
    const other = await bench.personOf('n2')
    await engine.tamper('update account set person_id = $1 where person_id = $2', [person, other])
    await notice()
    await expect(thaw()).rejects.toMatchObject({ code: 'frozen.nothing' })
    expect(await bench.rows('select 1 from account where person_id = $1', [other])).toHaveLength(0)
    await tamper(
      `update person set protected = true where id = (select person_id from account where external_digest = $1)`,
    )
    expect(await thaw()).toMatchObject({ person: true, accounts: 0 })
    await bench.rest()
    expect([user(1)?.lock, user(2)?.lock]).toEqual(['closed', 'open'])
    expect(await bench.rows('select 1 from account where person_id = $1', [other])).toHaveLength(1)
  })

  test('without their key is refused: nothing of them opens', async () => {
    await tamper(
      `update person_key set wrapped = set_byte(wrapped, 40, get_byte(wrapped, 40) # 1) where id = (select key_id from person where id = ?)`,
    )
    const [key] = await bench.rows<{ id: never }>('select key_id as id from person where id = $1', [person])
    bench.context.vault.forget(key?.id as never)
    await expect(thaw()).rejects.toMatchObject({ code: 'frozen.no-key' })
    await tamper(`delete from person_key where id = (select key_id from person where id = ?)`)
    await expect(thaw()).rejects.toMatchObject({ code: 'frozen.no-key' })
  })

  test('of somebody who is being erased is refused: they are out already, and will be gone', async () => {
    await pauseByHand(bench.context, 'doors', bench.operator, 'works there')
    await erasePerson(bench.context, person, bench.operator, 'by law')
    await tamper(`update credential set state = 'active', waits = true where person_id = ?`)
    await expect(thaw()).rejects.toMatchObject({ code: 'person.erasing' })
  })

  test('closes an account at a target that is not configured any more only in the books, and says that it is lost', async () => {
    await tamper(`update account set owned = null, owned_guard = null where person_id = ?`)
    ;(bench.context.targets as Map<string, unknown>).delete('doors')
    ;(bench.context.targets as Map<string, unknown>).set('annex', { ...bench.setup, id: 'annex' })
    expect(await thaw()).toMatchObject({ lost: [], accounts: 1, lockouts: [] })
  })

  test('of whom all is right, or who is nobody, is refused', async () => {
    await expect(thaw()).rejects.toMatchObject({ code: 'frozen.nothing' })
    await expect(
      thawPerson(bench.context, '00000000-0000-4000-8000-000000000000' as PersonId, bench.operator, 'x'),
    ).rejects.toMatchObject({ code: 'person.unknown' })
    await bench.pass(hour)
    await bench.followCalendar()
    expect(user()?.lock).toBe('open')
  })
})
