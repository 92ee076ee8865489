import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Card, h10301, wireKey } from '../model/card.ts'
import type { AccessEvent } from '../model/events/event.ts'
import { classOf, type EventType, eventClasses } from '../model/events/types.ts'
import type { PersonId } from '../model/id.ts'
import type { EventPlace } from '../store/events/find.ts'
import { continueErasures } from '../sync/erasure/continue.ts'
import { erasePerson } from '../sync/erasure/erase.ts'
import { type Bench, day, useEngine } from '../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../sync/fixtures/hr-file.fixture.ts'
import { replaceAll } from '../sync/rekey/rekey.fixture.ts'
import { appendEvents } from './append.ts'
import { accessEvent, batchOf, type EventsBench, eventsBench, reported } from './events.fixture.ts'
import { filedAt } from './filing.ts'
import { type EventQuestion, findEvents } from './find-events.ts'
import type { LoggedEvent } from './logged-event.ts'
import { readLogged } from './read-logged.ts'
import { renewEvents } from './renew.ts'
import { decodePositions, encodePositions, endOfLog, tailLog } from './tail.ts'

const engine = useEngine()
let bench: Bench
let events: EventsBench
let now: Date
let everything: readonly LoggedEvent[]
let people: readonly PersonId[]

const types: readonly EventType[] = [
  'access.granted',
  'access.denied.no_permission',
  'door.opened',
  'alarm.duress',
  'other',
]
const cards: readonly Card[] = [h10301(7, 1), h10301(7, 2), h10301(99, 9)]

/** Five months of two sources: people, cards of nobody, late events, and a device whose clock was never set. */
async function live(): Promise<void> {
  const random = fc.sample(
    fc.record({
      source: fc.constantFrom('doors', 'gates'),
      type: fc.constantFrom(...types),
      door: fc.constantFrom('d1', 'd2', 'd3'),
      account: fc.constantFrom('n1', 'n2', 'x9', null),
      card: fc.constantFrom(...cards, null),
      ageMs: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 60 * day }), fc.constant(-90_000)),
      stepMs: fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 2 * day })),
    }),
    { numRuns: 240, seed: 7 },
  )
  for (const [i, { source, type, door, account, card, ageMs, stepMs }] of random.entries()) {
    now = new Date(now.getTime() + stepMs)
    const at = i % 40 === 7 ? new Date(0) : new Date(now.getTime() - ageMs)
    const more: Partial<AccessEvent> = { type, account, card, door: { id: door, name: null } }
    await appendEvents(events.context, source, batchOf([reported(accessEvent(at, more))]))
  }
}

beforeAll(async () => {
  bench = await engine.begin()
  now = bench.context.now()
  events = eventsBench(engine.database, engine.vault, () => now, ['doors', 'gates'])
  await bench.deliver([hrRow(1, { card: '1' }), hrRow(2, { card: '2' })])
  await bench.rest()
  people = [await bench.personOf('n1'), await bench.personOf('n2')]
  await live()
  const pages = await Promise.all(['doors', 'gates'].map((source) => readLogged(events.context, source, 0, 1_000)))
  everything = pages.flatMap((page) => page.events)
}, 120_000)

const filed = ({ event, receivedAt }: LoggedEvent): number => filedAt(new Date(event.at), receivedAt).getTime()

/** What the same question gives of all events in memory. */
function plain({ source, person, card, door, type, class: of, strangeCards, from, to }: EventQuestion): LoggedEvent[] {
  return everything
    .filter(
      (each) =>
        (source === undefined || each.source === source) &&
        (person === undefined || each.person === person) &&
        (card === undefined || (each.event.card !== null && wireKey(each.event.card) === wireKey(card))) &&
        (door === undefined || (each.source === door.source && each.event.door?.id === door.id)) &&
        (type === undefined || each.event.type === type) &&
        (of === undefined || classOf(each.event.type) === of) &&
        (strangeCards !== true || (each.person === null && each.event.account === null && each.event.card !== null)) &&
        (from === undefined || filed(each) >= from.getTime()) &&
        (to === undefined || filed(each) < to.getTime()),
    )
    .sort((left, right) => {
      if (filed(left) !== filed(right)) return filed(right) - filed(left)
      return left.source === right.source ? right.position - left.position : left.source < right.source ? 1 : -1
    })
}

async function allPages(question: EventQuestion, limit: number): Promise<LoggedEvent[]> {
  const found: LoggedEvent[] = []
  let after: EventPlace | null = null
  for (let pages = 0; pages < 1_000; pages++) {
    const page = await findEvents(events.context, question, after, limit)
    expect(page.events.length).toBeLessThanOrEqual(limit)
    found.push(...page.events)
    if (page.next === null) return found
    after = page.next
  }
  throw new Error('the pages do not end')
}

const names = (all: readonly LoggedEvent[]): string[] => all.map(({ source, position }) => `${source} ${position}`)

describe('events that are looked for', () => {
  test('page by page, are those of a plain filter over all, in its order', async () => {
    const begin = bench.context.now().getTime() - 60 * day
    const moment = fc.integer({ min: 0, max: 300 * day }).map((ms) => new Date(begin + ms))
    const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 })
    const questions = fc.record({
      source: maybe(fc.constantFrom('doors', 'gates')),
      person: maybe(fc.constantFrom(...people)),
      card: maybe(fc.constantFrom(...cards)),
      door: maybe(fc.record({ source: fc.constantFrom('doors', 'gates'), id: fc.constantFrom('d1', 'd2', 'd4') })),
      type: maybe(fc.constantFrom(...types)),
      class: maybe(fc.constantFrom(...eventClasses)),
      strangeCards: maybe(fc.boolean()),
      from: maybe(moment),
      to: maybe(moment),
    })
    await fc.assert(
      fc.asyncProperty(questions, fc.constantFrom(1, 3, 50), async (given, limit) => {
        const question = Object.fromEntries(
          Object.entries(given).filter(([, value]) => value !== undefined),
        ) as EventQuestion
        // A type is of one class, whatever else is asked.
        const meant = question.type === undefined ? question : { ...question, class: classOf(question.type) }
        expect(names(await allPages(meant, limit))).toEqual(names(plain(meant)))
      }),
      { numRuns: 60 },
    )
    expect(plain({ person: people[0] as PersonId }).length).toBeGreaterThan(10)
    expect(plain({ strangeCards: true }).length).toBeGreaterThan(5)
  }, 60_000)

  test('of a person whom nobody reported are none', async () => {
    const nobody = '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01' as PersonId
    expect(await findEvents(events.context, { person: nobody }, null, 10)).toEqual({
      events: [],
      next: null,
      erased: 0,
    })
  })

  test('look into no month that can hold none of them', async () => {
    const { rows } = await engine.database.pool.query<{ 'QUERY PLAN': string }>(
      `explain select * from event where at >= '2026-05-02' and at < '2026-05-03' and received_at >= '2026-05-01'
          and received_at < '2026-06-03' and class = 'access' order by at desc, source desc, position desc limit 3`,
    )
    const months = [
      ...rows
        .map((row) => row['QUERY PLAN'])
        .join('\n')
        .matchAll(/event_access_\d{6}/g),
    ].map(([name]) => name)
    expect([...new Set(months)].sort()).toEqual(['event_access_202605', 'event_access_202606'])
  })
})

describe('the whole log, from one cursor on', () => {
  test('is told source by source in order, each once, to its end', async () => {
    const told: LoggedEvent[] = []
    let at = decodePositions(encodePositions(new Map()))
    for (let rounds = 0; rounds < 100 && at !== null; rounds++) {
      const page = await tailLog(events.context, at, 17)
      told.push(...page.events)
      if (page.events.length === 0) break
      at = decodePositions(encodePositions(page.upTo))
    }
    for (const source of ['doors', 'gates'])
      expect(names(told.filter((each) => each.source === source))).toEqual(
        names(everything.filter((each) => each.source === source)),
      )
    expect((await tailLog(events.context, await endOfLog(events.context), 10)).events).toEqual([])
  })

  test.each(['no cursor', Buffer.from('a b:1').toString('base64url'), Buffer.from('a:x').toString('base64url')])(
    '%s is no cursor',
    (text) => expect(decodePositions(text)).toBeNull(),
  )
})

test('after keys were replaced all is found, while events are still under the keys before and when they are not', async () => {
  const question = { person: people[0] as PersonId }
  const before = names(plain(question))
  await replaceAll(bench)
  expect(names(await allPages(question, 50))).toEqual(before)
  expect(names(await allPages({ card: cards[2] as Card }, 50))).toEqual(names(plain({ card: cards[2] as Card })))
  await renewEvents(events.context, new AbortController().signal)
  expect(names(await allPages(question, 50))).toEqual(before)
  expect(names(await allPages({ door: { source: 'doors', id: 'd1' } }, 50))).toEqual(
    names(plain({ door: { source: 'doors', id: 'd1' } })),
  )
})

test('of whom was erased each event is counted on one page alone', async () => {
  const person = people[1] as PersonId
  const theirs = new Set(names(plain({ person })))
  await erasePerson(bench.context, person, bench.operator, 'asked for it')
  for (let round = 0; round < 3; round++) {
    await bench.rest()
    await continueErasures(bench.context)
  }
  for (const limit of [1, 2, 7]) {
    const [found, erased]: [string[], number[]] = [[], []]
    for (let after: EventPlace | null | undefined; after !== null; ) {
      const page = await findEvents(events.context, {}, after ?? null, limit)
      found.push(...names(page.events))
      erased.push(page.erased)
      after = page.next
    }
    expect(found).toEqual(names(plain({})).filter((name) => !theirs.has(name)))
    expect(erased.reduce((sum, each) => sum + each, 0)).toBe(theirs.size)
  }
})

test('a row that somebody else changed is told of its own source, and of no other that is looked through with it', async () => {
  await engine.tamper(`update event set strange_card = not strange_card where source = 'gates' and position = 5`)
  const told = () => bench.rows(`select scope from alarm where code = 'events.forged' and cleared_at is null`)
  expect(await told()).toEqual([])
  await allPages({}, 500)
  expect(await told()).toEqual([{ scope: 'gates' }])
})
