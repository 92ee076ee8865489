import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { lockSource, saveSource } from '../store/events/source-row.ts'
import { inTransaction } from '../store/transaction.ts'
import { type Bench, useEngine } from '../sync/fixtures/engine.fixture.ts'
import { hrRow } from '../sync/fixtures/hr-file.fixture.ts'
import { appendEvents } from './append.ts'
import { accessEvent, batchOf, type EventsBench, eventsBench, reported } from './events.fixture.ts'
import { readLogged } from './read-logged.ts'

const engine = useEngine()
let bench: Bench
let events: EventsBench
const keptMax = 4

beforeEach(async () => {
  bench = await engine.begin()
  events = eventsBench(engine.database, engine.vault, () => bench.context.now(), ['doors'], keptMax)
})

let told = 0
const append = (count: number, more = {}, context = events.context, turn?: number) => {
  const make = () => reported(accessEvent(bench.context.now(), more), `k${++told}`)
  return appendEvents(context, 'doors', batchOf(Array.from({ length: count }, make)), turn)
}
const read = (after = 0, limit = 100, context = events.context) => readLogged(context, 'doors', after, limit)
/** What is not taken from memory is seen to be gone. */
const leave = (position: number) => bench.rows(`delete from event where position <> ${position}`)

describe('what this process appended last', () => {
  test('is read as the store has it', async () => {
    await bench.deliver([hrRow(1)])
    await bench.rest()
    await append(2, { account: 'n1' })
    await append(2, { door: null, account: 'nobody' })
    const stored = await read(0, 100, events.another())
    expect(stored.events.map(({ person }) => person !== null)).toEqual([true, true, false, false])
    expect(await read()).toEqual(stored)
    await leave(4)
    expect(await read()).toEqual(stored)
    expect(await read(1)).toEqual({ ...stored, events: stored.events.slice(1) })
    expect((await read(0, 100, events.another())).missing).toEqual([{ from: 1, to: 3, forgotten: false }])
  })

  test('is passed over by class, as the store does', async () => {
    await append(1)
    await append(1, { type: 'door.opened' })
    await append(1)
    await leave(3)
    const page = await readLogged(events.context, 'doors', 0, 100, { classes: new Set(['door']) })
    expect(page.events.map(({ position }) => position)).toEqual([2])
    expect(page).toMatchObject({ upTo: 3, erased: 0, missing: [] })
  })

  test('is not what came before, which the store is asked for', async () => {
    await append(keptMax)
    await append(keptMax)
    await append(1)
    expect((await read()).events.length).toBe(keptMax * 2 + 1)
    await leave(keptMax * 2 + 1)
    expect((await read(keptMax + 1)).events.length).toBe(keptMax)
    expect((await read(keptMax)).events.length).toBe(1)
  })

  test.each([
    ['once the person is erased', null],
    ['with another key in the place of an erased one', 'junk'],
  ])('opens no more %s', async (_, wrapped) => {
    await bench.deliver([hrRow(1)])
    await bench.rest()
    await append(2, { account: 'n1' })
    await append(1)
    const [key] = await bench.rows<{ id: string; epoch: string }>('delete from person_key returning id, epoch')
    if (wrapped !== null)
      await bench.rows('insert into person_key (id, epoch, wrapped) values ($1, $2, $3)', [
        key?.id,
        key?.epoch,
        wrapped,
      ])
    const page = await read()
    expect(page.events.map(({ position }) => position)).toEqual([3])
    expect(page).toEqual(await read(0, 100, events.another()))
  })

  test('counts for nothing behind what another process appended, or once another follows the source', async () => {
    const other = events.another()
    await append(1)
    await append(1, {}, other)
    await append(3)
    await leave(5)
    expect((await read(1)).missing).toEqual([{ from: 2, to: 4, forgotten: false }])
    expect((await read(2)).missing).toEqual([])
    await turned(other)
    expect((await read(2)).missing).toEqual([{ from: 3, to: 4, forgotten: false }])
  })

  test('is another history once the store was put back, and somebody else went on', async () => {
    await append(1)
    const [before] = await bench.rows<Record<string, unknown>>('select position, cursor, turn, guard from event_source')
    await append(2)
    await bench.rows('delete from event where position > 1')
    const { position, cursor, turn, guard } = before ?? {}
    const columns = 'position = $1, cursor = $2, turn = $3, guard = $4'
    await bench.rows(`update event_source set ${columns}`, [position, cursor, turn, guard])
    await append(2, { type: 'access.denied.expired' }, events.another())
    const types = (await read()).events.map(({ event }) => event.type)
    expect(types).toEqual(['access.granted', 'access.denied.expired', 'access.denied.expired'])
  })

  test('is none of what the store does not say is there', async () => {
    await append(3)
    await bench.rows('update event_source set position = 2')
    expect((await read()).events).toEqual([])
  })
})

/** As another process does that begins to follow the source. */
async function turned(other: EventsBench['context']): Promise<void> {
  await inTransaction(other.database.pool, async (client) => {
    const found = await lockSource(client, other.vault, 'doors')
    if (found === null) throw new Error('no source')
    await saveSource(client, other.vault, { ...found.state, turn: found.state.turn + 1 }, null)
  })
}

describe('whoever appends as fast as they can', () => {
  const waited = async (): Promise<number> => {
    const begun = performance.now()
    await events.context.recent.letRead('doors')
    return performance.now() - begun
  }
  const readAs = (reader: string, after: number, limit: number) =>
    readLogged(events.context, 'doors', after, limit, { reader })

  test('waits for nobody where nobody reads, or all have read enough', async () => {
    await append(keptMax)
    expect(await waited()).toBeLessThan(100)
    await readAs('guard', 0, 2)
    expect(await waited()).toBeLessThan(100)
  })

  test('waits for nobody who read all there was, and rests', async () => {
    await append(1)
    await readAs('guard', 0, 2)
    await append(keptMax)
    expect(await waited()).toBeLessThan(100)
  })

  test('waits for whoever is about to fall out of what is remembered, until they have read', async () => {
    await append(keptMax)
    await readAs('guard', 0, 1)
    const waiting = waited()
    await sleep(40)
    await readAs('guard', 1, 1)
    const took = await waiting
    expect(took).toBeGreaterThan(35)
    expect(took).toBeLessThan(190)
  })

  test('waits for nobody behind the foremost: one that is slow holds up itself alone', async () => {
    await append(keptMax)
    await readAs('slow', 0, 1)
    await readAs('quick', 0, keptMax)
    expect(await waited()).toBeLessThan(100)
  })

  test('is held up for a moment only, and by nobody who has not read for a while', async () => {
    await append(keptMax)
    await readAs('guard', 0, 1)
    const took = await waited()
    expect(took).toBeGreaterThan(190)
    expect(took).toBeLessThan(290)
    await sleep(300 - took + 20)
    expect(await waited()).toBeLessThan(100)
  })
})
