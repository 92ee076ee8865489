/** Whose events are, of people who came before: nothing of theirs is verified anew, and still nothing that changed since passes. */
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { PersonId } from '../model/id.ts'
import { continueErasures } from '../sync/erasure/continue.ts'
import { erasePerson } from '../sync/erasure/erase.ts'
import { type Bench, useEngine } from '../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../sync/fixtures/hr-file.fixture.ts'
import { rotateEpoch } from '../sync/keys/epochs.ts'
import { rewrapAll } from '../sync/keys/rewrap.ts'
import { appendEvents } from './append.ts'
import { accessEvent, batchOf, type EventsBench, eventsBench, reported } from './events.fixture.ts'
import { readLogged } from './read-logged.ts'

const engine = useEngine()
let bench: Bench
let events: EventsBench
let one: PersonId
let two: PersonId

beforeEach(async () => {
  bench = await engine.begin()
  events = eventsBench(engine.database, engine.vault, () => bench.context.now())
  await bench.deliver([hrRow(1), hrRow(2)])
  await bench.rest()
  ;[one, two] = [await bench.personOf('n1'), await bench.personOf('n2')]
  expect(await come('n1', 'n2', 'nobody', 'n1')).toEqual([one, two, null, one])
})

/** Who came, of those who go by these accounts now. */
async function come(...accounts: readonly string[]) {
  const all = accounts.map((account) => reported(accessEvent(bench.context.now(), { account })))
  await appendEvents(events.context, 'doors', batchOf(all))
  const { events: found } = await readLogged(events.context, 'doors', 0, 100)
  return found.slice(-accounts.length).map(({ person }) => person)
}

describe('somebody who came before', () => {
  test('is who they were, and is looked for no more', async () => {
    const asked = vi.spyOn(engine.database.pool, 'query')
    expect(await come('n2', 'n1', 'n2')).toEqual([two, one, two])
    const texts = asked.mock.calls.map(([text]) => String(text))
    expect(texts.filter((text) => text.includes('from account'))).toHaveLength(1)
    expect(await bench.alarms()).toEqual([])
    asked.mockRestore()
  })

  test.each([
    ['gave their account to somebody else', 'update account set person_id = $2 where person_id = $1'],
    ['signed for their account', `update account set guard = sha256(guard) where person_id = $1 and $2 <> ''`],
    ['signed for themselves', `update person set guard = sha256(guard) where id = $1::uuid and $2 <> ''`],
    [
      'took away their key',
      `delete from person_key k using person p where k.id = p.key_id and p.id = $1::uuid and $2 <> ''`,
    ],
  ])('is nobody once somebody %s, which is told', async (_, sql) => {
    await engine.tamper(sql, [one, two])
    expect(await come('n1', 'n2', 'n1')).toEqual([null, two, null])
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('is nobody once they are erased, which is as it should be', async () => {
    await erasePerson(bench.context, one, bench.operator, 'asked for it')
    for (let round = 0; round < 3; round++) {
      await bench.rest()
      await continueErasures(bench.context)
    }
    expect(await come('n1', 'n2')).toEqual([null, two])
    expect(await bench.alarms()).toEqual([])
  })

  test('is who they were under keys that were wrapped anew, all or some', async () => {
    await bench.deliver([hrRow(1), hrRow(2), hrRow(3)])
    await bench.rest()
    const three = await bench.personOf('n3')
    await rotateEpoch(bench.context, bench.operator, 'an admin left')
    // Whoever comes now for the first time is remembered under another epoch than the others.
    await rewrapAll(bench.context, new AbortController().signal)
    expect(await come('n3')).toEqual([three])
    expect(await come('n1', 'n3', 'n2')).toEqual([one, three, two])
    expect(await come('n3', 'n2', 'n1')).toEqual([three, two, one])
    expect(await bench.alarms()).toEqual([])
  })
})
