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
/** What nobody took from memory is seen to be gone. */
const empty = () => bench.rows('delete from event')

describe('what this process appended last', () => {
  test('is read as the store has it', async () => {
    await bench.deliver([hrRow(1)])
    await bench.rest()
    await append(2, { account: 'n1' })
    await append(2, { door: null, account: 'nobody' })
    const stored = await read(0, 100, events.another())
    expect(stored.events.map(({ person }) => person !== null)).toEqual([true, true, false, false])
    expect(await read()).toEqual(stored)
    await empty()
    expect(await read()).toEqual(stored)
    expect(await read(1, 2)).toEqual({ ...stored, events: stored.events.slice(1, 3), upTo: 3 })
    expect((await read(0, 100, events.another())).missing).toEqual([{ from: 1, to: 4, forgotten: false }])
  })

  test('is passed over by class, as the store does', async () => {
    await append(1)
    await append(1, { type: 'door.opened' })
    await append(1)
    await empty()
    const page = await readLogged(events.context, 'doors', 0, 100, new Set(['door']))
    expect(page.events.map(({ position }) => position)).toEqual([2])
    expect(page).toMatchObject({ upTo: 3, erased: 0, missing: [] })
  })

  test('is not what came before, which the store is asked for', async () => {
    await append(keptMax)
    await append(keptMax)
    await append(1)
    expect((await read()).events.length).toBe(keptMax * 2 + 1)
    await empty()
    expect((await read(keptMax + 1)).events.length).toBe(keptMax)
    expect((await read(keptMax)).events).toEqual([])
  })

  test('opens no more once the person is erased', async () => {
    await bench.deliver([hrRow(1)])
    await bench.rest()
    await append(2, { account: 'n1' })
    await append(1)
    await bench.rows('delete from person_key')
    const page = await read()
    expect(page.events.map(({ position }) => position)).toEqual([3])
    expect(page).toMatchObject({ upTo: 3, erased: 2, missing: [] })
  })

  test('counts for nothing behind what another process appended, or once another follows the source', async () => {
    const other = events.another()
    await append(1)
    await append(1, {}, other)
    await append(1)
    await empty()
    expect((await read()).events).toEqual([])
    expect((await read(1)).events).toEqual([])
    expect((await read(2)).events.map(({ position }) => position)).toEqual([3])
    const { state } = await turned(other)
    expect(state.turn).toBe(1)
    expect((await read(2)).events).toEqual([])
  })

  test('is none of what the store does not say is there', async () => {
    await append(3)
    await bench.rows('update event_source set position = 2')
    expect((await read()).events).toEqual([])
  })
})

/** As another process does that begins to follow the source. */
async function turned(other: EventsBench['context']) {
  return inTransaction(other.database.pool, async (client) => {
    const found = await lockSource(client, other.vault, 'doors')
    if (found === null) throw new Error('no source')
    const state = { ...found.state, turn: found.state.turn + 1 }
    await saveSource(client, other.vault, state, null)
    return { state }
  })
}
