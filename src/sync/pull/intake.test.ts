import { beforeEach, describe, expect, test } from 'vitest'
import { mortal } from '../fixtures/crash.fixture.ts'
import { type Bench, day, hour, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrFile } from '../fixtures/hr-file.fixture.ts'
import { pull } from './pull.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const ada: HrRow = { id: '1', number: 'n1', given: 'Ada', family: 'Test', department: 'Research' }
const bob: HrRow = { id: '2', number: 'n2', given: 'Bob', family: 'Test', department: 'Sales' }

const problems = () =>
  bench.rows<{ place: string; field: string | null; code: string }>(
    'select place, field, code from pull_problem order by place',
  )
const nameOf = async (number: string) => {
  await bench.rest()
  return bench.target.users.get(number)?.profile.name
}

describe('a page of a delivery', () => {
  test('brings new rows in, and of what the store holds exactly so nothing is written again', async () => {
    expect(await bench.deliver([ada, bob])).toMatchObject({ outcome: 'taken', records: 2, changed: 2, problems: 0 })
    const before = await bench.rows('select id, version, xmin::text from source_record order by id')
    expect(await bench.deliver([bob, ada])).toMatchObject({ outcome: 'taken', records: 2, changed: 0, plan: null })
    expect(await bench.rows('select id, version, xmin::text from source_record order by id')).toEqual(before)
  })

  test('a row that gives no clear answer is kept out and named by line and field, and stops nobody else', async () => {
    const report = await bench.deliver([{ ...ada, start: '31.02.2026' }, bob])
    expect(report).toMatchObject({ outcome: 'taken', records: 2, changed: 1, problems: 1 })
    expect(await problems()).toEqual([{ place: 'line 2', field: 'fields.start', code: 'mapping.date' }])
    expect(await nameOf('n2')).toBe('Bob Test')
    expect(bench.target.users.has('n1')).toBe(false)
  })

  test('a row that can not be used leaves its person as last read, and never makes them absent', async () => {
    await bench.deliver([ada, bob])
    for (let i = 0; i < 3; i++) {
      await bench.pass(day)
      const report = await bench.deliver([{ ...ada, start: `${i}` }, bob])
      expect(report).toMatchObject({ missing: 0, problems: 1 })
    }
    expect(await nameOf('n1')).toBe('Ada Test')
    expect(bench.target.users.get('n1')?.lock).toBe('open')
  })

  test('a row that can not be used is a sign of life: who was missing before is missing no longer', async () => {
    await bench.deliver([ada, bob])
    await bench.deliver([bob])
    await bench.pass(10 * hour)
    const rows = [{ ...ada, start: 'soon' }, bob]
    expect(await bench.deliver(rows)).toMatchObject({ missing: 0 })
    await bench.pass(15 * hour)
    expect(await bench.deliver(rows)).toMatchObject({ outcome: 'unchanged', missing: 0 })
    await bench.rest()
    expect(bench.target.users.get('n1')?.lock).toBe('open')
  })

  test('a row whose key can not be read makes the read incomplete: nobody is missing by it', async () => {
    await bench.deliver([ada, bob])
    const report = await bench.deliver([{ ...ada, id: '' }])
    expect(report).toMatchObject({ outcome: 'incomplete', missing: 0, problems: 1 })
    expect(await bench.alarms()).toContain('source.incomplete')
    expect(await bench.rows(`select 1 from source_record where presence <> 'present'`)).toEqual([])
    await bench.deliver([ada, bob])
    expect(await bench.alarms()).not.toContain('source.incomplete')
  })

  test('so does a line that the connector could not read at all', async () => {
    await bench.deliver([ada, bob])
    const report = await bench.deliver([ada], { problems: [{ place: 'line 3', code: 'csv.quote' }] })
    expect(report).toMatchObject({ outcome: 'incomplete', records: 2, missing: 0, problems: 1 })
    expect(await problems()).toEqual([{ place: 'line 3', field: null, code: 'csv.quote' }])
  })

  test('the same key twice with the same values is one row', async () => {
    expect(await bench.deliver([ada, ada])).toMatchObject({ changed: 1, problems: 0 })
  })

  test.each([1000, 1])(
    'the same key twice with other values: the first row counts, the other is named, today and every day (%i a page)',
    async (perPage) => {
      const other = { ...ada, family: 'Other' }
      for (let i = 0; i < 3; i++) {
        // Another row changes, so that the file is news each time.
        const report = await bench.deliver([ada, { ...bob, given: `Bob${i}` }, other], { perPage })
        expect(report).toMatchObject({ problems: 1 })
        expect(await nameOf('n1')).toBe('Ada Test')
      }
      expect((await problems()).map(({ code }) => code)).toEqual(Array(3).fill('record.duplicate-key'))
    },
  )

  test('of two rows of one key the one that the store holds counts, in whatever order they come', async () => {
    await bench.deliver([ada])
    expect(await bench.deliver([{ ...ada, family: 'Other' }, ada])).toMatchObject({ problems: 1 })
    expect(await nameOf('n1')).toBe('Ada Test')
  })

  test('a delta changes whom it names and says nothing about the others', async () => {
    await bench.deliver([ada, bob])
    const report = await bench.deliver([{ ...bob, given: 'Rob' }], { mode: 'delta' })
    expect(report).toMatchObject({ outcome: 'taken', changed: 1, missing: 0 })
    expect(await nameOf('n2')).toBe('Rob Test')
    await bench.pass(30 * hour)
    await bench.deliver([{ ...bob, given: 'Robert' }], { mode: 'delta' })
    expect(await nameOf('n1')).toBe('Ada Test')
    expect(bench.target.users.get('n1')?.lock).toBe('open')
  })

  test('only so many problems are kept, and all are counted', async () => {
    const bad = Array.from({ length: 1100 }, (_, i): HrRow => ({ ...ada, id: `x${i}`, start: 'soon' }))
    expect(await bench.deliver(bad, { perPage: 1050 })).toMatchObject({ problems: 1100 })
    expect(await problems()).toHaveLength(1000)
  })

  test('a changed mapping reads every row again', async () => {
    await bench.deliver([ada, bob])
    const source = { ...bench.source, mappingVersion: '2' }
    ;(bench.context.sources as Map<string, typeof source>).set('hr', source)
    expect(await bench.deliver([ada, bob])).toMatchObject({ outcome: 'taken', changed: 2 })
  })
})

describe('a delivery', () => {
  test('is settled at its source only once it was taken in', async () => {
    const file = hrFile([ada], { arrivedAt: bench.context.now() })
    const stopped = new AbortController()
    stopped.abort(new Error('stopping'))
    await expect(pull(bench.context, bench.source, file, stopped.signal)).rejects.toThrow('stopping')
    expect(file.settled).toEqual([])
    await pull(bench.context, bench.source, file, new AbortController().signal)
    expect(file.settled).toEqual(['taken'])
  })

  test('that was cut short is incomplete, is taken as far as it goes, and is news when it comes whole', async () => {
    await bench.deliver([ada, bob])
    expect(await bench.deliver([{ ...ada, given: 'Eda' }], { cut: true })).toMatchObject({
      outcome: 'incomplete',
      changed: 1,
      missing: 0,
    })
    expect(await nameOf('n1')).toBe('Eda Test')
    expect(await bench.deliver([{ ...ada, given: 'Eda' }], { cut: true })).toMatchObject({ outcome: 'incomplete' })
    expect(await bench.deliver([{ ...ada, given: 'Eda' }])).toMatchObject({ outcome: 'taken', missing: 1 })
  })

  test('read again after a kill in its middle ends as if nothing had happened, and leaves nothing behind', async () => {
    const rows = [ada, bob, { ...ada, id: '3', number: 'n3', status: 'left' } as const]
    for (let steps = 0; steps < 60; steps++) {
      const dying = mortal(bench.context, bench.setup, steps)
      const file = hrFile(rows, { arrivedAt: bench.context.now(), perPage: 1 })
      await pull(dying.context, bench.source, file, new AbortController().signal).catch(() => undefined)
      if (!dying.dead()) break
    }
    await bench.deliver(rows, { perPage: 1 })
    await bench.rest()
    expect([...bench.target.users.keys()].sort()).toEqual(['n1', 'n2'])
    expect(await bench.rows('select 1 from source_record')).toHaveLength(3)
    expect(await bench.rows('select 1 from person')).toHaveLength(3)
    expect(await bench.rows('select 1 from pull where finished_at is null')).toEqual([])
  })
})
