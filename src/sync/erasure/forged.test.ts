import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { h10301 } from '../../model/card.ts'
import type { PersonId } from '../../model/id.ts'
import { loseCard } from '../cards.ts'
import { type Bench, day, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { rotateEpoch, turnEpochs } from '../keys/epochs.ts'
import { lockPerson } from '../operator.ts'
import { protectPerson } from '../protect.ts'
import { frozenPeople, thawPerson } from '../thaw/thaw-person.ts'
import { continueErasures } from './continue.ts'
import { erasePerson } from './erase.ts'
import { signOffErasure } from './lift.ts'
import { replayErasures } from './replay.ts'

const engine = useEngine()
let bench: Bench
let person: PersonId
beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver([hrRow(1, { card: '100' }), hrRow(2)])
  await bench.rest()
  person = await bench.personOf('n1')
})

const junk = Buffer.alloc(32)
/** As a thief who may write: that person 1 is being erased, or was. */
async function forge(done: boolean): Promise<string> {
  const id = randomUUID()
  await engine.tamper(
    `insert into erasure (id, person_id, key_id, asked_at, asked_by, epoch, deleted_at, guard)
     select $2, p.id, p.key_id, $4, 'somebody', k.epoch, $5, $3 from person p join person_key k on k.id = p.key_id where p.id = $1`,
    [person, id, junk, bench.context.now(), done ? bench.context.now() : null],
  )
  await engine.tamper(`insert into tombstone (purpose, digest, erasure_id, guard) values ('record-key', $2, $1, $2)`, [
    id,
    junk,
  ])
  return id
}
const erase = () => erasePerson(bench.context, person, bench.operator, 'request of 12 March')
const settle = async () => {
  for (let round = 0; round < 3; round++) {
    await continueErasures(bench.context)
    await bench.rest()
  }
}
const lock = () => bench.target.users.get('n1')?.lock
const people = async () => (await bench.rows('select from person')).length
const journal = () => {
  const { erasureJournalPath: path } = bench.context
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

describe.each([true, false])('an erasure that somebody wrote into the database, done: %s,', (done) => {
  beforeEach(() => forge(done))

  test('keeps no operator from shutting somebody out', async () => {
    await lockPerson(bench.context, person, bench.operator, 'now')
    await bench.work()
    expect(lock()).toBe('closed')
  })

  test('keeps nobody from losing a card', async () => {
    await loseCard(bench.context, { card: h10301(7, 100), person: null }, bench.operator, 'lost')
    await bench.rest()
    expect([...(bench.target.users.get('n1')?.cards.values() ?? [])].map(({ state }) => state)).toEqual(['blocked'])
  })

  test('stops no other act, is alarmed, and is dropped by a thaw', async () => {
    const act = { subject: bench.operator, reason: 'seen', brakes: bench.brakes }
    await protectPerson(bench.context, person, act)
    expect(await bench.alarms()).toContain('guard.failed')
    expect((await frozenPeople(bench.context, null, 10)).map((each) => each.person)).toEqual([person])
    await thawPerson(bench.context, person, bench.operator, 'looked into')
    await bench.rest()
    expect([lock(), await bench.rows('select from erasure'), await bench.alarms()]).toEqual(['closed', [], []])
    expect(await frozenPeople(bench.context, null, 10)).toEqual([])
  })

  test('is signed by nobody, also when its epoch has ended, and erases nobody', async () => {
    await rotateEpoch(bench.context, bench.operator, 'due')
    const going = new AbortController().signal
    for (let round = 0; round < 4; round++) {
      await bench.pass(36 * day)
      await turnEpochs(bench.context, going)
      await turnEpochs(bench.context, going)
      await replayErasures(bench.context)
      await settle()
    }
    expect(await bench.rows('select closing, guard from erasure')).toEqual([{ closing: null, guard: junk }])
    expect([journal(), await people(), lock()]).toEqual(['', 2, 'open'])
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('is replaced by a true one', async () => {
    await erase()
    await settle()
    await replayErasures(bench.context)
    expect(await people()).toBe(1)
    expect(journal()).not.toContain(junk.toString('hex'))
  })
})

describe('of a true erasure', () => {
  test('what the journal lost comes back without traces that somebody else wrote', async () => {
    const { erasure } = await erase()
    await engine.tamper(
      `insert into tombstone (purpose, digest, erasure_id, guard) values ('record-key', $2, $1, $2)`,
      [erasure, junk],
    )
    await rm(bench.context.erasureJournalPath)
    await replayErasures(bench.context)
    expect(journal()).toContain(erasure)
    expect(journal()).not.toContain(junk.toString('hex'))
  })

  test('traces that somebody broke are mended from the journal, so that nobody comes back', async () => {
    await erase()
    await settle()
    await engine.tamper('update tombstone set guard = $1', [junk])
    await replayErasures(bench.context)
    await bench.deliver([hrRow(1, { card: '100', family: 'Again' }), hrRow(2)])
    expect(await people()).toBe(1)
  })

  test('the statement names the newest epoch, whatever the row of the key says', async () => {
    const first = bench.context.keyring.current.epochs[0]?.id
    await rotateEpoch(bench.context, bench.operator, 'due')
    await turnEpochs(bench.context, new AbortController().signal)
    await erase()
    await bench.work()
    await continueErasures(bench.context)
    await bench.work()
    await engine.tamper('update person_key set epoch = $1', [first])
    await settle()
    const newest = bench.context.keyring.current.epochs.at(-1)?.id
    expect(await bench.rows('select epoch from erasure where deleted_at is not null')).toEqual([{ epoch: newest }])
  })

  test('a row that is changed while it is carried out deletes nobody and signs nothing', async () => {
    await erase()
    await bench.rest()
    await continueErasures(bench.context)
    await engine.tamper(`create function gatehouse.swap() returns trigger language plpgsql as
      $$ begin update gatehouse.erasure set asked_by = 'somebody'; return new; end $$`)
    // Between the look at what is open and the transaction that deletes.
    await engine.tamper(
      'create trigger swap after insert or update on gatehouse.erasure_account for each statement execute function gatehouse.swap()',
    )
    try {
      await bench.work()
      await settle()
      expect([await people(), await bench.rows('select statement from erasure')]).toEqual([2, [{ statement: null }]])
      expect(await bench.alarms()).toContain('guard.failed')
    } finally {
      await engine.tamper('drop trigger swap on gatehouse.erasure_account')
      await engine.tamper('drop function gatehouse.swap')
    }
    // The journal knows better.
    await replayErasures(bench.context)
    await settle()
    expect(await people()).toBe(1)
  })

  test('nobody signs off an account that somebody moved to another target', async () => {
    const { erasure } = await erase()
    await engine.tamper(`update erasure_account set target = 'gone'`)
    await expect(signOffErasure(bench.context, erasure, 'gone', bench.operator, 'gone for good')).rejects.toMatchObject(
      {
        code: 'erasure.not-waiting',
      },
    )
  })
})
