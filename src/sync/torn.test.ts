import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../model/card.ts'
import type { PersonId } from '../model/id.ts'
import { type PersonRow, personGuard } from '../store/guards.ts'
import { issueCard, loseCard } from './cards.ts'
import { erasePerson } from './erasure/erase.ts'
import { type Bench, day, hour, useEngine } from './fixtures/engine.fixture.ts'
import { type HrRow, hrRow, hrSource } from './fixtures/hr-file.fixture.ts'
import { addGrant } from './grants.ts'
import { lockPerson, unlockPerson } from './operator.ts'
import { startPatrol } from './patrol.ts'
import { restoreWork } from './sweep.ts'
import { frozenPeople, thawPerson } from './thaw/thaw-person.ts'

const engine = useEngine()
let bench: Bench
let person: PersonId
beforeEach(async () => {
  bench = await engine.begin({ sources: [hrSource('visitors')] })
  await bench.deliver([row(1), row(2)])
  await bench.rest()
  person = await bench.personOf('n1')
})

const row = (who: number, more: Partial<HrRow> = {}) =>
  hrRow(who, { person: `p${who}`, department: 'Sales', card: `10${who}`, ...more })
const user = (who = 1) => bench.target.users.get(`n${who}`)
const card = () => user()?.cards.get(cardKey(h10301(7, 101)))?.state
const forgeries = async () =>
  (
    await bench.rows<{ scope: string }>(`select scope from alarm where code = 'guard.failed' and cleared_at is null`)
  ).map(({ scope }) => scope)
const lose = () => loseCard(bench.context, { card: h10301(7, 101), person: null }, bench.operator, 'stolen')
const steal = (sql: string) => engine.tamper(sql.replace('?', '$1'), [person])
const patrol = async () => {
  await startPatrol(bench.context, bench.brakes)()
  await bench.rest()
}
const settle = async () => {
  await restoreWork(bench.context)
  await bench.followCalendar()
  await bench.rest()
}

describe('a lost card whose row somebody deletes', () => {
  test('is blocked all the same, though nobody knows any more which it was', async () => {
    await lose()
    await steal('delete from credential where person_id = ?')
    await engine.tamper('delete from lockout; delete from account_work; delete from outbox')
    await settle()
    expect([card(), user()?.lock]).toEqual(['blocked', 'open'])
  })

  test('stays blocked though a lock of its holder was lifted since', async () => {
    await issueCard(bench.context, person, h10301(7, 900), bench.operator, 'spare')
    await settle()
    await loseCard(bench.context, { card: h10301(7, 900), person: null }, bench.operator, 'stolen')
    await steal(`delete from credential where state = 'lost' and person_id = ?`)
    await engine.tamper('delete from lockout; delete from account_work; delete from outbox')
    await lockPerson(bench.context, person, bench.operator, 'now')
    await bench.rest()
    await thawPerson(bench.context, person, bench.operator, 'seen')
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    await settle()
    const held = await bench.heldPlan('operator')
    if (held !== null) await bench.release(held)
    await settle()
    const spare = user()?.cards.get(cardKey(h10301(7, 900)))
    expect([user()?.lock, card(), spare?.state ?? 'blocked']).toEqual(['open', 'on', 'blocked'])
  })

  test('is no new card when the source names it again, and an alarm is on', async () => {
    await lose()
    await settle()
    await steal('delete from credential where person_id = ?')
    await steal('delete from account where person_id = ?')
    bench.target.users.delete('n1')
    await bench.deliver([row(1, { family: 'Other' }), row(2)])
    await settle()
    expect([user(), await forgeries()]).toEqual([undefined, [person]])
    expect(await bench.rows('select 1 from credential where person_id = $1', [person])).toEqual([])
  })

  test('is missed by the patrol; a thawed person has it as a lost one', async () => {
    await lose()
    await settle()
    await steal('delete from credential where person_id = ?')
    await patrol()
    expect(await forgeries()).toEqual([person])
    expect(await frozenPeople(bench.context, null, 10)).toMatchObject([{ person }])
    expect(await thawPerson(bench.context, person, bench.operator, 'seen')).toMatchObject({ cards: 1, accounts: 0 })
    await settle()
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    await bench.deliver([row(1, { family: 'Other' }), row(2)])
    await settle()
    const held = await bench.heldPlan()
    if (held !== null) await bench.release(held)
    await settle()
    expect([card(), user()?.lock, await forgeries()]).toEqual(['blocked', 'open', []])
  })
})

test('an older row of a lost card, put back, opens nothing', async () => {
  const columns = 'id, person_id, digest, card, state, source, waits, guard, held_at, issued_over'
  await engine.tamper('create table if not exists loot as select * from credential where false; delete from loot')
  await engine.tamper(`insert into loot (${columns}) select ${columns} from credential`)
  await lose()
  await settle()
  await engine.tamper(`delete from credential; insert into credential (${columns}) select ${columns} from loot`)
  await engine.tamper('drop table loot')
  await bench.deliver([row(1, { family: 'Other' }), row(2)])
  await settle()
  expect([card(), await forgeries()]).toEqual(['blocked', [person]])
  expect(await thawPerson(bench.context, person, bench.operator, 'seen')).toMatchObject({ cards: 1 })
  await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
  await settle()
  expect(card()).toBe('blocked')
})

test('a record that somebody deleted is missed, and told again by its source once the person was thawed', async () => {
  await bench.deliver([row(1)], { source: 'visitors' })
  await settle()
  await steal(`delete from source_record where source = 'visitors' and person_id = ?`)
  await bench.deliver([row(1, { department: 'Research' }), row(2)])
  await settle()
  expect([user()?.levels.has('id of Lab'), await forgeries()]).toEqual([false, [person]])
  expect(await thawPerson(bench.context, person, bench.operator, 'seen')).toMatchObject({ records: 1 })
  await bench.deliver([row(1)], { source: 'visitors' })
  await patrol()
  expect(await bench.rows('select source from source_record where person_id = $1', [person])).toHaveLength(2)
  expect([user()?.lock, await forgeries()]).toEqual(['closed', []])
})

describe.each([
  ['an account belongs to nobody', 'update account set person_id = null where person_id = ?', true],
  [
    'an account belongs to somebody else',
    `update account set person_id = (select id from person where id <> ?) where person_id = $1`,
    true,
  ],
  ['the row of an account is deleted', 'delete from account where person_id = ?', false],
  ['the row of a card is deleted', 'delete from credential where person_id = ?', false],
])('when %s', (_, sql, isMoved) => {
  beforeEach(() => steal(sql))

  test('an operator still locks the person, and the lock is proven', async () => {
    const lockouts = await lockPerson(bench.context, person, bench.operator, 'now')
    expect(lockouts).toHaveLength(1)
    await bench.rest()
    expect([user()?.lock, user(2)?.lock]).toEqual(['closed', 'open'])
    expect(await bench.rows('select proven_at is not null as proven from lockout')).toEqual([{ proven: true }])
    expect(await forgeries()).toContain(person)
  })

  test('a record still locks them out', async () => {
    await bench.deliver([row(1, { status: 'left' }), row(2)])
    await bench.rest()
    expect([user()?.lock, user(2)?.lock]).toEqual(['closed', 'open'])
    expect(await forgeries()).toContain(person)
  })

  test('nothing is granted them', async () => {
    await expect(
      addGrant(bench.context, person, bench.operator, { level: 'doors/Vault', until: null, reason: 'x' }),
    ).rejects.toMatchObject({ code: 'person.frozen' })
    await bench.deliver([row(1, { department: 'Research' }), row(2)])
    await settle()
    expect(user()?.levels).not.toContain('id of Lab')
  })

  test('they are not erased before somebody has looked', async () => {
    await expect(erasePerson(bench.context, person, bench.operator, 'asked')).rejects.toMatchObject({
      code: 'person.frozen',
    })
  })

  test('a thaw and an unlock make them whole again; an account that was moved is theirs again as soon as somebody looks', async () => {
    await patrol()
    expect(await forgeries()).toContain(person)
    if (isMoved) {
      await bench.deliver([row(1, { department: 'Research' }), row(2)])
      await bench.rest()
      expect(user()?.levels).toContain('id of Lab')
      return
    }
    await thawPerson(bench.context, person, bench.operator, 'seen')
    await bench.rest()
    expect(user()?.lock).toBe('closed')
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    await settle()
    const [{ open } = { open: false }] = await bench.rows<{ open: boolean }>(
      `select bool_and(starts_with(wanted, '{"lock":"open"')) as open from account where person_id = $1`,
      [person],
    )
    expect(open).toBe(true)
    await patrol()
    expect(await forgeries()).toEqual([])
  })
})

test('a dated end still locks out whoever lost a row', async () => {
  await bench.deliver([row(1, { end: '2026-03-04' }), row(2)])
  await bench.rest()
  await steal('delete from credential where person_id = ?')
  await bench.pass(5 * day)
  await bench.followCalendar()
  await bench.rest()
  expect(user()?.lock).toBe('closed')
  await bench.pass(hour)
  await bench.followCalendar()
  await bench.rest()
  expect(user()?.lock).toBe('closed')
})

test('a row from before anything was named is believed, and names what is there when somebody looks', async () => {
  const { vault } = bench.context
  const older = await bench.rows<PersonRow>('select * from person order by id')
  for (const each of older)
    await engine.tamper('update person set holdings = null, guard = $2 where id = $1', [
      each.id,
      vault.guard('person', personGuard({ ...each, holdings: null })),
    ])
  await patrol()
  expect([await bench.rows('select * from person order by id'), await forgeries()]).toEqual([older, []])
})
