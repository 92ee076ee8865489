import { beforeEach, describe, expect, test } from 'vitest'
import { cardKey, h10301 } from '../model/card.ts'
import type { PersonId } from '../model/id.ts'
import { loseCard } from './cards.ts'
import { continueErasures } from './erasure/continue.ts'
import { erasePerson } from './erasure/erase.ts'
import { type Bench, day, hour, useEngine } from './fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from './fixtures/hr-file.fixture.ts'
import { addGrant, revokeGrant } from './grants.ts'
import { unlockPerson } from './operator.ts'
import { thawPerson } from './thaw/thaw-person.ts'

const engine = useEngine()
let bench: Bench
let person: PersonId
const begin = async (options: Parameters<typeof engine.begin>[0] = {}) => {
  bench = await engine.begin(options)
  await bench.deliver([row(1), row(2), row(3)])
  await bench.rest()
  const first = await bench.heldPlan()
  if (first !== null) await bench.release(first)
  await bench.rest()
  person = await bench.personOf('n1')
}
beforeEach(() => begin())

const row = (who: number, more: Partial<HrRow> = {}) =>
  hrRow(who, { person: `p${who}`, department: 'Sales', card: `10${who}`, ...more })
const user = () => bench.target.users.get('n1')
const card = () => user()?.cards.get(cardKey(h10301(7, 101)))?.state
const steal = (sql: string) => engine.tamper(sql, [person])
const grant = async (until: string | null) => {
  const id = await addGrant(bench.context, person, bench.operator, { level: 'doors/Vault', until, reason: 'x' })
  await bench.rest()
  return id
}
const settle = async () => {
  await bench.followCalendar()
  await bench.rest()
  for (const held of [await bench.heldPlan('operator'), await bench.heldPlan()])
    if (held !== null) await bench.release(held)
  await bench.rest()
}
const thawAndUnlock = async () => {
  const thawed = await thawPerson(bench.context, person, bench.operator, 'seen')
  await bench.rest()
  await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
  await bench.deliver([row(1, { family: 'Other' }), row(2), row(3)])
  await settle()
  return thawed
}

describe('who broke the row that names what is theirs, too,', () => {
  test('brings no lost card back by a thaw, though its row is gone', async () => {
    await loseCard(bench.context, { card: h10301(7, 101), person: null }, bench.operator, 'stolen')
    await bench.rest()
    await steal('delete from credential where person_id = $1')
    await steal('update person set holdings = null where id = $1')
    await thawAndUnlock()
    expect([user()?.lock, card()]).toEqual(['open', 'blocked'])
    expect(await bench.rows('select state from credential where person_id = $1', [person])).toEqual([{ state: 'lost' }])
  })

  test('brings no right back by a thaw, though its older row is genuine', async () => {
    const id = await grant(null)
    await engine.tamper('create table gatehouse.loot as select * from gatehouse.individual_grant')
    try {
      await revokeGrant(bench.context, id, bench.operator, 'done')
      await bench.rest()
      await engine.tamper('delete from individual_grant; insert into individual_grant select * from gatehouse.loot')
      await steal('update person set holdings = null where id = $1')
      expect(await thawAndUnlock()).toMatchObject({ person: true, grants: 1 })
      expect([user()?.lock, user()?.levels.has('id of Vault')]).toEqual(['open', false])
    } finally {
      await engine.tamper('drop table gatehouse.loot')
    }
  })
})

describe('somebody of whom a row is gone', () => {
  test('keeps no right whose time is over', async () => {
    await grant('2h')
    expect(user()?.levels.has('id of Vault')).toBe(true)
    await steal('delete from credential where person_id = $1')
    await bench.pass(3 * hour)
    await settle()
    expect([user()?.levels.has('id of Vault'), user()?.lock]).toEqual([false, 'open'])
  })

  test('is locked out by the release of a plan that waited for it', async () => {
    const limit = { min: 0, percent: 0 }
    await begin({ source: { brakes: { ...bench.brakes, 'lockout-absence': limit }, absenceConfirmAfterMs: 0 } })
    await bench.deliver([row(2), row(3)])
    await bench.pass(day)
    await bench.deliver([row(2), row(3)])
    const held = await bench.heldPlan()
    await steal('delete from credential where person_id = $1')
    if (held !== null) await bench.release(held)
    await bench.rest()
    expect([held !== null, user()?.lock]).toEqual([true, 'closed'])
  })

  test('is not stated as erased while an account that somebody took from them is still there', async () => {
    await erasePerson(bench.context, person, bench.operator, 'asked')
    await steal('update account set person_id = null where person_id = $1')
    for (let round = 0; round < 4; round += 1) {
      await continueErasures(bench.context)
      await bench.rest()
    }
    expect([user(), await bench.rows('select 1 from person where id = $1', [person])]).toEqual([undefined, []])
    expect(await bench.rows('select outcome from erasure_account')).toEqual([{ outcome: 'removed' }])
  })
})
