import { beforeEach, describe, expect, test } from 'vitest'
import type { Delivery } from '../../connector/contract.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrFile, hrRow } from '../fixtures/hr-file.fixture.ts'
import { cursorOf } from './cursor.ts'
import { pull } from './pull.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

interface Told {
  readonly mode?: 'full' | 'delta'
  readonly gone?: readonly string[]
  readonly cursor?: string
  /** It breaks off before its end. */
  readonly cut?: boolean
}

/** As a source gives it that is asked anew each time. */
function told(rows: readonly HrRow[], { mode = 'delta', gone = [], cursor, cut = false }: Told): Delivery {
  const file = hrFile(rows, { mode, arrivedAt: bench.context.now() })
  return {
    ...file,
    fingerprint: null,
    async *pages(signal) {
      if (rows.length > 0) yield* file.pages(signal)
      const ended = gone.map((id) => ({ place: `removal of ${id}`, cells: { id } }))
      if (ended.length > 0) yield { records: [], problems: [], gone: ended }
      if (cut) throw new Error('the process died')
      return { complete: true, records: rows.length, problems: 0, ...(cursor === undefined ? {} : { cursor }) }
    },
  }
}

const deliver = (rows: readonly HrRow[], how: Told = {}) =>
  pull(bench.context, bench.source, told(rows, how), new AbortController().signal)
const cursor = () => cursorOf(bench.context, bench.source)
const lock = (number: string) => bench.target.users.get(number)?.lock
const causes = async () => (await bench.rows<{ cause: string }>('select cause from lockout')).map(({ cause }) => cause)

describe('a cursor', () => {
  test('is kept when the delivery was taken, and handed on', async () => {
    expect(await cursor()).toBeNull()
    await deliver([hrRow(1)], { mode: 'full', cursor: 'as of nine' })
    expect(await cursor()).toBe('as of nine')
    await deliver([hrRow(2)], { cursor: 'as of ten' })
    expect(await cursor()).toBe('as of ten')
    // A delivery without one, such as a file, says nothing about it.
    await deliver([hrRow(3)])
    expect(await cursor()).toBe('as of ten')
  })

  test('stays where it was when the delivery breaks off, however much of it was taken in', async () => {
    await deliver([hrRow(1)], { mode: 'full', cursor: 'as of nine' })
    await expect(deliver([hrRow(2)], { cursor: 'as of ten', cut: true })).rejects.toThrow('the process died')
    expect(await cursor()).toBe('as of nine')
    await deliver([hrRow(2)], { cursor: 'as of ten' })
    await bench.rest()
    expect([await cursor(), lock('n2')]).toEqual(['as of ten', 'open'])
  })

  test('does not count under other settings or another mapping', async () => {
    await deliver([hrRow(1)], { mode: 'full', cursor: 'as of nine' })
    expect(await cursorOf(bench.context, { ...bench.source, readVersion: '2' })).toBeNull()
  })

  test.each([
    ['put forward by a copy of another row', `update source_standing set cursor = decode('aa', 'hex')`],
    ['taken away', 'update source_standing set cursor = null'],
  ])('that somebody has %s does not count', async (_how, sql) => {
    await deliver([hrRow(1)], { mode: 'full', cursor: 'as of nine' })
    await engine.tamper(sql)
    expect(await cursor()).toBeNull()
  })

  test('that does not open is none, though its row is right', async () => {
    await deliver([hrRow(1)], { mode: 'full', cursor: 'as of nine' })
    const other = { ...bench.source, id: 'other' }
    await bench.rows(`insert into source (id) values ('other')`)
    await pull(bench.context, other, told([hrRow(9)], { mode: 'full', cursor: 'x' }), new AbortController().signal)
    expect(await cursorOf(bench.context, other)).toBe('x')
  })

  test('is in no readable form in the store', async () => {
    await deliver([hrRow(1)], { mode: 'full', cursor: 'as of nine' })
    const rows = await bench.rows('select * from source_standing')
    expect(JSON.stringify(rows)).not.toContain(Buffer.from('as of nine').toString('hex'))
    expect(rows.map(({ cursor: kept }) => kept.includes('as of nine'))).toEqual([false])
  })

  test('of more than 1 MiB is a fault of the connector', async () => {
    await expect(deliver([hrRow(1)], { cursor: 'x'.repeat(1024 * 1024 + 1) })).rejects.toThrow(RangeError)
  })
})

describe('whom the source itself calls gone', () => {
  beforeEach(async () => {
    await deliver([hrRow(1, { card: '100' }), hrRow(2)], { mode: 'full', cursor: '1' })
    await bench.rest()
  })

  test('is a leaver by record, at once, with what was known of them', async () => {
    const report = await deliver([], { gone: ['1'], cursor: '2' })
    expect(report).toMatchObject({ outcome: 'taken', changed: 1, problems: 0 })
    await bench.rest()
    expect([lock('n1'), lock('n2')]).toEqual(['closed', 'open'])
    expect(await causes()).toEqual(['record'])
    expect(bench.target.users.get('n1')?.profile.name).toBe('Person1 Test')
  })

  test('is told so once: the same again changes nothing', async () => {
    await deliver([], { gone: ['1'], cursor: '2' })
    expect(await deliver([], { gone: ['1'], cursor: '2' })).toMatchObject({ outcome: 'taken' })
    await bench.rest()
    expect(await causes()).toEqual(['record'])
  })

  test('lets others have the card', async () => {
    await deliver([], { gone: ['1'], cursor: '2' })
    await bench.rest()
    await deliver([hrRow(2, { card: '100' })], { cursor: '3' })
    for (let round = 0; round < 2; round++) {
      await bench.followCalendar()
      await bench.rest()
    }
    expect(bench.target.users.get('n2')?.cards.size).toBe(1)
  })

  test('may come back by a row of their own', async () => {
    await deliver([], { gone: ['1'], cursor: '2' })
    await bench.rest()
    await deliver([hrRow(1)], { cursor: '3' })
    await bench.rest()
    expect(lock('n1')).toBe('open')
  })

  test('was never here, or has no key: nobody else is touched, and the second is told', async () => {
    expect(await deliver([], { gone: ['99'], cursor: '2' })).toMatchObject({ changed: 0, problems: 0 })
    expect(await deliver([], { gone: [''], cursor: '3' })).toMatchObject({ changed: 0, problems: 1 })
    await bench.rest()
    expect([lock('n1'), lock('n2')]).toEqual(['open', 'open'])
  })

  test('and is frozen stays as they are, and is told', async () => {
    await engine.tamper(`update person set protected = true where id = $1`, [await bench.personOf('n1')])
    expect(await deliver([], { gone: ['1'], cursor: '2' })).toMatchObject({ problems: 1 })
    await bench.rest()
    expect(await causes()).toEqual([])
    expect(await bench.alarms()).not.toEqual([])
  })

  test('though missing before, is a leaver by record', async () => {
    await deliver([hrRow(2)], { mode: 'full', cursor: '2' })
    await bench.rest()
    expect(lock('n1')).toBe('open')
    await deliver([], { gone: ['1'], cursor: '3' })
    await bench.rest()
    expect([lock('n1'), await causes()]).toEqual(['closed', ['record']])
  })
})

describe('a full read without a fingerprint', () => {
  test('is looked through each time, so that who is missing twice is gone', async () => {
    await deliver([hrRow(1), hrRow(2)], { mode: 'full', cursor: '1' })
    await bench.rest()
    await deliver([hrRow(2)], { mode: 'full', cursor: '2' })
    await bench.pass(21 * 3_600_000)
    expect(await deliver([hrRow(2)], { mode: 'full', cursor: '3' })).toMatchObject({ outcome: 'taken', missing: 1 })
    await bench.rest()
    expect([lock('n1'), lock('n2'), await causes()]).toEqual(['closed', 'open', ['absence']])
  })

  test('that died on its way counts what it changed before as well', async () => {
    bench = await engine.begin({ source: { rowsChanged: { min: 2, percent: 0 } } })
    await deliver(
      [1, 2, 3, 4].map((n) => hrRow(n)),
      { mode: 'full', cursor: '1' },
    )
    const changed = (n: number) => hrRow(n, { family: 'Other' })
    const rest = [3, 4].map((n) => hrRow(n))
    await expect(deliver([changed(1), changed(2), ...rest], { mode: 'full', cut: true })).rejects.toThrow('died')
    await deliver([changed(1), changed(2), changed(3), hrRow(4)], { mode: 'full', cursor: '2' })
    expect(await bench.alarms()).toContain('source.braked')
  })
})
