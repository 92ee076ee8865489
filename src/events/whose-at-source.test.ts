import { beforeEach, expect, test } from 'vitest'
import { noSite } from '../mapping/event-site.ts'
import { h10301 } from '../model/card.ts'
import { type Bench, useEngine } from '../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../sync/fixtures/hr-file.fixture.ts'
import { appendEvents } from './append.ts'
import type { EventsContext } from './context.ts'
import { accessEvent, batchOf, eventsBench, reported } from './events.fixture.ts'
import { readLogged } from './read-logged.ts'

const engine = useEngine()
let bench: Bench
let context: EventsContext
const now = () => bench.context.now()

/** `hr` is a door system that is master of people; whether its events name records. */
function reading(byRecord: boolean): EventsContext {
  const source = { id: 'hr', siteOf: noSite, ...(byRecord ? { byRecord: true as const } : {}) }
  return { ...eventsBench(engine.database, engine.vault, now).context, sources: new Map([['hr', source]]) }
}

beforeEach(async () => {
  bench = await engine.begin()
  context = reading(true)
  await bench.deliver([hrRow(1, { card: '11' }), hrRow(2, { card: '12' })])
  await bench.rest()
})

async function peopleOf(...some: readonly Parameters<typeof accessEvent>[1][]) {
  const events = some.map((more, n) => reported(accessEvent(now(), more), `${n}`))
  await appendEvents(context, 'hr', batchOf(events))
  return (await readLogged(context, 'hr', 0, 100)).events.map(({ person }) => person)
}

test('an event is of whose record its system names, else of who has the card, and never of an account of that name', async () => {
  const [one, two] = [await bench.personOf('n1'), await bench.personOf('n2')]
  // `n1` is the id of the account that the first has at the target.
  expect(
    await peopleOf(
      { account: '1' },
      { account: '2', card: h10301(7, 11) },
      { account: 'n1' },
      { account: 'n1', card: h10301(7, 12) },
      { card: h10301(7, 11) },
      {},
    ),
  ).toEqual([one, two, null, two, one, null])
})

test('where it does not name records, what it names is no record', async () => {
  context = reading(false)
  expect(await peopleOf({ account: '1' })).toEqual([null])
})

test('a record that somebody gave to another person says nothing, and is told', async () => {
  const two = await bench.personOf('n2')
  await bench.rows(`update source_record set person_id = $1 where person_id <> $1`, [two])
  const people = await peopleOf({ account: '1' }, { account: '2' })
  expect(people).toEqual([null, two])
  expect(await bench.rows(`select 1 from alarm where code = 'guard.failed'`)).toHaveLength(1)
})
