import { beforeEach, expect, test } from 'vitest'
import { compileEventFilter, everyEvent, type PersonAttributes } from '../../mapping/event-filter.ts'
import { h10301 } from '../../model/card.ts'
import type { Reveal } from '../../model/events/reveal.ts'
import type { KeyId, PersonId } from '../../model/id.ts'
import { type Bench, minute, useEngine } from '../../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../../sync/fixtures/hr-file.fixture.ts'
import { appendEvents } from '../append.ts'
import { accessEvent, batchOf, type EventsBench, eventsBench, reported } from '../events.fixture.ts'
import { eventsFeed } from './events-feed.ts'
import { peopleOn } from './people.fixture.ts'
import { type ReadPeople, rememberPeople } from './people.ts'

const engine = useEngine()
let bench: Bench
let events: EventsBench
let asked: number

beforeEach(async () => {
  bench = await engine.begin()
  events = eventsBench(engine.database, engine.vault, () => bench.context.now())
  asked = 0
})

const readPeople: ReadPeople = (ids) => {
  asked += ids.length
  return peopleOn(() => bench.context)(ids)
}

function feedOf(id: string, reveal: readonly Reveal[], filter?: string) {
  return eventsFeed(events.context, {
    ...{ id, gateway: 'hq', reveal, people: rememberPeople(readPeople, () => bench.context.now()) },
    filter: filter === undefined ? everyEvent : compileEventFilter(filter, reveal),
  })
}

const card = h10301(1, 4_711)

/** Somebody known at the front door, an unknown card behind it, and a door that says nothing of anybody. */
async function somethingHappens(): Promise<void> {
  await bench.deliver([hrRow(1, { card: '11', given: 'Zelda', family: 'Samplewoman', department: 'Research' })])
  await bench.rest()
  const at = bench.context.now()
  await appendEvents(
    events.context,
    'doors',
    batchOf([
      reported(accessEvent(at, { account: 'n1', vendor: { code: '1', name: null, detail: { who: 'Zelda' } } }), 'a'),
      reported(accessEvent(at, { type: 'access.denied.unknown_credential', card, door: null, reader: null }), 'b'),
      reported(accessEvent(at, { type: 'alarm.door_held', active: true, direction: null, verify: [] }), 'c'),
    ]),
  )
}

test('whoever may have nothing gets pseudonyms, which are the same each time, and others at each receiver', async () => {
  await somethingHappens()
  const first = (await feedOf('siem', []).read('doors', 0, 100)).items
  const again = (await feedOf('siem', []).read('doors', 0, 100)).items
  const other = (await feedOf('payroll', []).read('doors', 0, 100)).items
  expect(first.map(({ event }) => event)).toEqual(again.map(({ event }) => event))
  expect(JSON.stringify(first)).not.toMatch(/Zelda|Samplewoman|Research|"n1"|H10301|Front|"d1"|"r1"/)
  const ids = (items: typeof first) =>
    items
      .flatMap(({ event: { id, data } }) => [id, idOf(data.door), idOf(data.person), idOf(data.card)])
      .filter(Boolean)
  expect(ids(first)).toHaveLength(7)
  expect(ids(other).filter((id) => ids(first).includes(id))).toEqual([])
  // The same door, twice.
  expect(idOf(first[0]?.event.data.door)).toBe(idOf(first[2]?.event.data.door))
  expect(asked).toBe(0)
})

const idOf = (of: unknown): string | undefined => (of as { readonly id: string } | null)?.id

test('an event is a CloudEvent in the words of the house', async () => {
  await somethingHappens()
  const [granted, denied] = (await feedOf('siem', []).read('doors', 0, 100)).items
  expect(granted?.event).toEqual({
    ...{ specversion: '1.0', id: expect.stringMatching(/^[\w-]{22}$/), source: '/gatehouse/hq/doors' },
    ...{ type: 'org.gatehouse.access.granted.v1', time: bench.context.now().toISOString(), sequence: '1' },
    datacontenttype: 'application/json',
    data: {
      ...{
        type: 'access.granted',
        class: 'access',
        decision: 'granted',
        system: 'doors',
        site: 'lyon',
        direction: 'in',
      },
      ...{ at: bench.context.now().toISOString(), receivedAt: bench.context.now().toISOString(), recordedAt: null },
      ...{ approximate: false, live: true, active: null, verify: ['card'], deviceKey: null, card: null },
      ...{ door: { id: expect.any(String) }, reader: { id: expect.any(String) }, person: { id: expect.any(String) } },
    },
  })
  expect(denied?.event.data).toMatchObject({
    decision: 'denied',
    person: null,
    door: null,
    card: { id: expect.any(String) },
  })
  expect(granted?.bytes).toBe(Buffer.byteLength(JSON.stringify(granted?.event)))
})

test('what is revealed is told as it is, and nothing else', async () => {
  await somethingHappens()
  const all = ['door', 'account', 'card', 'employee_number', 'name', 'email', 'department', 'vendor'] as const
  const [granted, denied] = (await feedOf('siem', all).read('doors', 0, 100)).items
  expect(granted?.event.data).toMatchObject({
    door: { systemId: 'd1', name: 'Front door' },
    ...{ account: 'n1', vendor: { code: '1', name: null, detail: { who: 'Zelda' } } },
    person: { employeeNumber: 'n1', givenName: 'Zelda', familyName: 'Samplewoman', department: 'Research' },
  })
  expect(denied?.event.data).toMatchObject({ card: { text: 'H10301:1:4711' }, person: null, account: null })
  for (const one of all) {
    const [event] = (await feedOf('siem', [one]).read('doors', 0, 1)).items
    const told = JSON.stringify(event)
    expect([one, told.includes('Samplewoman')]).toEqual([one, one === 'name'])
    expect([one, told.includes('Research')]).toEqual([one, one === 'department'])
    expect([one, told.includes('Front door')]).toEqual([one, one === 'door'])
    expect([one, told.includes('"detail"')]).toEqual([one, one === 'vendor'])
  }
})

test('the filter sees what may be revealed; one that breaks on an event keeps it back, counted', async () => {
  await somethingHappens()
  const passed = async (filter: string, reveal: readonly Reveal[]) => {
    const { items, unfiltered, upTo } = await feedOf('siem', reveal, filter).read('doors', 0, 100)
    return [items.map(({ position }) => position), unfiltered, upTo]
  }
  expect(await passed('event.class == "alarm"', [])).toEqual([[3], 0, 3])
  expect(await passed('person.department == "Research"', ['department'])).toEqual([[1], 0, 3])
  expect(await passed('!event.known && event.decision == "denied"', [])).toEqual([[2], 0, 3])
  expect(events.logged).not.toContain('subscription.filter-broke')
  expect(await passed('int(event.doorId) > 0', ['door'])).toEqual([[], 3, 3])
  // Of three that broke: a door that is no number, twice, and one that is none.
  expect(events.logged.filter((event) => event === 'subscription.filter-broke')).toHaveLength(2)
})

test('attributes are read many at a time, and remembered for half a minute', async () => {
  await somethingHappens()
  const feed = feedOf('siem', ['department'])
  await feed.read('doors', 0, 100)
  await feed.read('doors', 0, 100)
  expect(asked).toBe(1)
  await bench.deliver([hrRow(1, { card: '11', department: 'Sales' })])
  await bench.pass(minute)
  const [event] = (await feed.read('doors', 0, 100)).items
  expect([asked, event?.event.data.person]).toEqual([2, { id: expect.any(String), department: 'Sales' }])
})

test('of whom nothing is known, that is remembered as well; the oldest are forgotten first', async () => {
  let calls = 0
  const people = rememberPeople(
    async (ids) => {
      calls += 1
      return new Map(ids.filter((id) => id !== 'nobody').map((id) => [id, {} as PersonAttributes]))
    },
    () => new Date(0),
  )
  const many = Array.from({ length: 20_000 }, (_, i) => `p${i}` as PersonId)
  expect((await people(['nobody' as PersonId, 'p0' as PersonId])).size).toBe(1)
  expect((await people(['nobody' as PersonId])).size).toBe(0)
  expect(calls).toBe(1)
  await people(many)
  await people(many)
  await people(['nobody' as PersonId])
  expect(calls).toBe(3)
})

test('who is erased has no events any more: they are left out, counted, and passed', async () => {
  await somethingHappens()
  for (const { id } of await bench.rows<{ id: KeyId }>('select id from person_key')) engine.vault.forget(id)
  await engine.tamper('delete from person_key')
  const page = await feedOf('siem', []).read('doors', 0, 100)
  expect([page.items.map(({ position }) => position), page.erased, page.upTo]).toEqual([[2, 3], 1, 3])
})

test('the position before a time is found among those that are kept', async () => {
  const begun = bench.context.now()
  for (let i = 0; i < 9; i += 1) {
    await appendEvents(events.context, 'doors', batchOf([reported(accessEvent(bench.context.now()), `k${i}`)]))
    await bench.pass(minute)
  }
  const feed = feedOf('siem', [])
  const at = (minutes: number) => feed.positionBefore('doors', new Date(begun.getTime() + minutes * minute))
  expect(await Promise.all([at(-1), at(0), at(0.5), at(4), at(4.5), at(99)])).toEqual([0, 0, 1, 4, 5, 9])
  expect([await feed.positionBefore('nowhere', begun), await feed.newest()]).toEqual([0, new Map([['doors', 9]])])
})
